/*
 * tests/races/fault_evict.c - a clean page of a file is mapped while it is reclaimed.
 *
 * Truncate takes a page out of its object first, and then from those who map it: a fault
 * that has found it looks there again (fault_resize). Reclaim cannot do it in this order,
 * since it knows only in the end whether the page may go. So a fault may map the page
 * when reclaim has been there: it has a reference, which reclaim sees.
 */
#include "tests/races/evict.h"

RACE(fault_evict) = {
	.name = "fault_evict",
	.story = "a clean page of a file is mapped while it is reclaimed",
	.setup = unmapped,
	.actor = {read_fault, reclaim},
	.check = is_the_files,
	.teardown = teardown,
	.script = "1@reclaim 0 1",
	.sweeps = "flush fault",
	.cells =
		(const struct race_cell[]){
			{"mutant=reclaim_page_held", RACE_DAMAGED,
				"it was looked for too early"},
			{"mutant=object_recheck", RACE_HARMLESS,
				"reclaim sees the reference"},
			{"", RACE_HARMLESS, "reclaim sees the reference"},
			{},
		},
};
