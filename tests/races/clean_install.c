/*
 * tests/races/clean_install.c - a fault has seen that a page is dirty, and maps it when
 * it is clean.
 *
 * Between the two it was written back, by somebody who found nothing to protect. So a
 * fault looks when it has the table lock: if the page is dirty then, whoever makes it
 * clean has yet to come by.
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

RACE(clean_install) = {
	.name = "clean_install",
	.story = "a fault has seen that a page is dirty, and maps it when it is clean",
	.setup = setup,
	.actor = {write_twice, clean},
	.check = check,
	.teardown = teardown,
	.script = "0@object_install 1@object_copy 0@vma_look 1 0",
	.sweeps = "",
	.cells =
		(const struct race_cell[]){
			{"mutant=dirty_first", RACE_DAMAGED,
				"the entry allows writing to a clean page"},
			{"", RACE_HARMLESS, "it looks under the lock"},
			{},
		},
};
