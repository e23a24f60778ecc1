/*
 * tests/races/walk_retry.c - as walk_trusting.c, by a walk that looks once more after
 * splitting, and begins again where it finds a leaf: Linux since 2026.
 */
#include "mm/rivals/pagewalk.h"
#include "tests/races/walk_help.h"

static void walk(void)
{
	mm_read_lock(mm);
	RACE_CLAIM(!pagewalk_retry(mm, RACE_AT, walk_claim_table),
		"one fault comes between at most once");
	mm_read_unlock(mm);
}

RACE(walk_retry) = {
	.name = "walk_retry",
	.story = "a walk splits a leaf, finds it again, and splits it again",
	.setup = walk_setup,
	.actor = {walk, walk_touch},
	.teardown = walk_teardown,
	.script = "0@walk_split 1 0",
	.sweeps = "machine=C,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"", RACE_HARMLESS, "a leaf means: again"},
			{},
		},
};
