/*
 * tests/races/clean_write.c - a thread goes on writing to a page that is written back.
 *
 * Its CPU has a translation that allows it. The entry is write-protected, so that the
 * next write makes the page dirty again; until the flush that CPU does not know of it.
 * What it writes before the flush has to be in the copy: the copy is made afterwards.
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

RACE(clean_write) = {
	.name = "clean_write",
	.story = "a thread goes on writing to a page that is written back",
	.setup = setup,
	.actor = {write_twice, clean},
	.check = check,
	.teardown = teardown,
	.script = "0@vma_look 1 0",
	.sweeps = "flush fault",
	.cells =
		(const struct race_cell[]){
			{"mutant=clean_flush_first machine=s390x flush=broadcast",
				RACE_HARMLESS, "IPTE has flushed"},
			{"mutant=clean_flush_first", RACE_DAMAGED,
				"written after the copy, through a stale translation"},
			{"", RACE_HARMLESS,
				"every CPU is flushed before the copy is made"},
			{},
		},
};
