/*
 * tests/races/cells.h - a cell of a race's table: one value for each axis; and which
 * verdict the race file expects there. For all machines the same.
 */
#pragma once

#include "tests/races/race.h"

enum race_axis {
	AXIS_FLUSH, /* this one and the next four can be chosen while any machine runs */
	AXIS_TABLES,
	AXIS_READER,
	AXIS_STEP,
	AXIS_FAULT,
	AXIS_RCU, /* on the simulated machine this one, too; else the boot's */
	AXIS_FOLD,
	AXIS_MACHINE,
	AXIS_MUTANT,
	RACE_AXES
};

struct race_place {
	const char *value[RACE_AXES]; /* of mutant: "" for the tree as it is */
};

/* The values of an axis that can be chosen, ended by NULL. */
extern const char *const *const race_axis_values[AXIS_RCU + 1];

/* Is every value of the axis a cell? */
bool race_sweeps(const struct race *race, enum race_axis axis);
bool race_sweeps_named(const struct race *race, const char *axis);

/* The value that the race insists on ("tables=ipi" among what it sweeps), or NULL. */
const char *race_fixes(const struct race *race, enum race_axis axis);

/* Is the race for that machine? For all but the small geometry C, or for those that it
 * names: "machine=C,x86_64" among what it sweeps. */
bool race_is_for(const struct race *race, const char *machine);

/* The row of the race's table that counts there; NULL: none does. */
const struct race_cell *race_cell_at(
	const struct race *race, const struct race_place *place);

/* Is that what the row says? It must name the wait of EXCLUDED. */
bool race_cell_agrees(
	const struct race_cell *cell, enum race_verdict verdict, const char *because);

const char *race_verdict_name(enum race_verdict verdict);

/* "flush=ipi tables=rcu ...", without a mutant if there is none. */
void race_place_text(const struct race_place *place, char *to, size_t size);

/* Is it the race called so: NAME, PREFIX* or all? */
bool race_is_called(const struct race *race, const char *pattern);

/* The place of the boot's own policies, and of those that the race fixes. */
void race_boots_place(const struct race *race, struct race_place *place,
	const char *machine, const char *mutant);

/* Of the cells that the race sweeps over the first `axes` axes: the first one, from the
 * boot's place; and the next one, or false: that was the last. */
void race_first_cell(const struct race *race, struct race_place *place, int axes);
bool race_next_cell(const struct race *race, struct race_place *place, int axes);

/* Makes the policies those of the place: of the axes up to AXIS_FAULT. */
void race_choose(const struct race_place *place);

/* Rechecks of the kernel that have fired: so many, and which one since; NULL: none. That
 * a fault gives up a front end counts where the race names the axis: it has the same
 * verdicts under each fault= otherwise. */
#define RACE_RECHECKS 11
void race_count_rechecks(s64 counts[RACE_RECHECKS]);
const char *race_rechecked(const struct race *race, const s64 before[RACE_RECHECKS]);
