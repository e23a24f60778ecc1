/*
 * tests/races/walk_trusting.c - as walk_refault.c, by a walk that lets go of the lock
 * between splitting and looking, and takes what is there for a table: Linux until 2026.
 */
#include "mm/rivals/pagewalk.h"
#include "tests/races/walk_help.h"

static void walk(void)
{
	mm_read_lock(mm);
	(void)pagewalk_trusting(mm, RACE_AT, walk_claim_table);
	mm_read_unlock(mm);
}

RACE(walk_trusting) = {
	.name = "walk_trusting",
	.story = "a walk splits a leaf, and believes that it is gone",
	.setup = walk_setup,
	.actor = {walk, walk_touch},
	.teardown = walk_teardown,
	.script = "0@walk_split 1 0",
	.sweeps = "machine=C,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"machine=s390x", RACE_HARMLESS, "no leaves"},
			{"", RACE_DAMAGED, "a fault was faster"},
			{},
		},
};
