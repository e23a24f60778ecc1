/*
 * tests/races/clean_fault.c - a page is touched for writing while it is written back.
 *
 * It is dirty, so the fault allows writing without asking anybody. The write-back makes
 * it clean and takes that right from all who have it: not from this one, which gets it a
 * moment later. So the page is made clean first, and a fault looks under the table lock,
 * which the write-back takes afterwards.
 */
#include "tests/races/written.h"

static void write_twice(void)
{
	mm_use(mm);
	put(1);
	TRACE_POINT(vma_look);
	put(2);
	mm_use(NULL);
}

RACE(clean_fault) = {
	.name = "clean_fault",
	.story = "a page is touched for writing while it is written back",
	.setup = setup,
	.actor = {write_twice, clean},
	.check = check,
	.teardown = teardown,
	.script = "1@object_copy 0@vma_look 1 0",
	.sweeps = "fault",
	.cells =
		(const struct race_cell[]){
			{"mutant=clean_first", RACE_DAMAGED,
				"a right that was given in between is not taken back"},
			{"", RACE_HARMLESS, "the fault makes it dirty again"},
			{},
		},
};
