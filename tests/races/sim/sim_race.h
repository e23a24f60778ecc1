/*
 * tests/races/sim/sim_race.h - a race on the simulated machine: one run by a script or by
 * a given order of steps, and what was seen.
 */
#pragma once

#include "arch/sim/explore/clock.h"
#include "arch/sim/explore/search.h"
#include "tests/races/cells.h"
#include "tests/races/script.h"

/* options.c */
extern struct sim_asked {
	char wanted[64], script[256], record[256], mutant[48], sweeps[64];
	enum search_kind kind;
	u64 bound, most;
	bool boot_cell;
} asked;

/* machine.c: the race's setup, and what it leaves is kept. */
extern const struct race *sim_racing;
void sim_race_setup(void);

/* Starts the actors; all is as the race's setup has left it. */
void sim_race_start(void);

/* After an execution that went well: grace periods end, and the race's check. */
void sim_race_end(void);

/* A recheck fired in this execution, and which; NULL: none did. In so many executions. */
const char *sim_race_detected(void);
extern u64 sim_detections;

/* find.c: a script that leads to damage, or "" and false: none was found. */
bool sim_find_script(char *text, size_t size);

/* Follows the script; the name of the first wait that kept a part from being followed, or
 * NULL. explore_wrong tells whether it went well. tells: print what each part did. */
const char *sim_follow(const struct script *script, bool tells);

/* A point that an actor has passed, for the scripts that lead to a violation. */
struct passed {
	int actor, event;
	unsigned int times; /* so often, with this one */
};
#define PASSED_MAX 256
extern struct passed sim_passed[PASSED_MAX]; /* in the last run by a script */
extern unsigned int sim_passed_count;

/* Makes the given steps again, in this order, and writes what happened to the file
 * (tests/tools/show.py reads it). */
struct story {
	const char *race, *cell, *mutant, *script;
};
void sim_record(const u8 *who, const u8 *choices, u32 count, const struct story *story,
	const char *path);

/* For main(): what race= wants before the machine exists; and its status, or negative: it
 * asks for nothing. */
void race_init(void);
int race_run(void);
