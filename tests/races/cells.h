/*
 * tests/races/cells.h - a cell of a race's table: one value for each axis; and which
 * verdict the race file expects there. For all machines the same.
 */
#pragma once

#include "tests/races/race.h"

enum race_axis {
	AXIS_FLUSH, /* this one and the next three can be chosen while the machine runs */
	AXIS_TABLES,
	AXIS_READER,
	AXIS_STEP,
	AXIS_RCU, /* the boot's, or the build's, from here on */
	AXIS_FOLD,
	AXIS_MACHINE,
	AXIS_MUTANT,
	RACE_AXES
};

struct race_place {
	const char *value[RACE_AXES]; /* of mutant: "" for the tree as it is */
};

/* The values of an axis that can be chosen, ended by NULL. */
extern const char *const *const race_axis_values[AXIS_RCU];

/* Is every value of the axis a cell? */
bool race_sweeps(const struct race *race, enum race_axis axis);
bool race_sweeps_named(const struct race *race, const char *axis);

/* The value that the race insists on ("tables=ipi" among what it sweeps), or NULL. */
const char *race_fixes(const struct race *race, enum race_axis axis);

/* The row of the race's table that counts there; NULL: none does. */
const struct race_cell *race_cell_at(
	const struct race *race, const struct race_place *place);

/* Is that what the row says? It must name the wait of EXCLUDED. */
bool race_cell_agrees(
	const struct race_cell *cell, enum race_verdict verdict, const char *because);

const char *race_verdict_name(enum race_verdict verdict);

/* "flush=ipi tables=rcu ...", without a mutant if there is none. */
void race_place_text(const struct race_place *place, char *to, size_t size);
