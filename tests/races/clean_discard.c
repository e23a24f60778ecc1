/*
 * tests/races/clean_discard.c - a page is written, written back, and written again, while
 * another thread takes it out of the table. Number Z15 of the zoo, Linux 2014 and 2022.
 *
 * The other thread has emptied the entry and not flushed: the writer's CPU has still got
 * its translation. Writing back finds no entry that allows writing, and would leave the
 * page clean; the next store comes through the translation, without a fault, and is lost.
 * But the empty entry tells that a flush may be due: it comes before the copy.
 */
#include "tests/races/written.h"

static void mapped_setup(void)
{
	setup();
	RACE_CLAIM(!mm_fault(mm, RACE_AT, ACCESS_WRITE), "the page is mapped");
}

static void write_clean_write(void)
{
	mm_use(mm);
	put(1);
	TRACE_POINT(vma_look);
	clean();
	put(2);
	mm_use(NULL);
}

static void discard(void)
{
	RACE_CLAIM(!mm_discard(mm, RACE_AT, PAGE_SIZE), "it is discarded");
}

RACE(clean_discard) = {
	.name = "clean_discard",
	.story = "a page is written back between two stores, and discarded",
	.setup = mapped_setup,
	.actor = {discard, write_clean_write},
	.check = check,
	.teardown = teardown,
	.script = "1@vma_look 0@tlb_flush 1 0",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=rmap_pending machine=s390x flush=broadcast",
				RACE_HARMLESS, "IPTE has flushed"},
			{"mutant=rmap_pending", RACE_DAMAGED,
				"written after the copy, through a stale translation"},
			{"", RACE_HARMLESS, "the walk asks for the flush that is due"},
			{},
		},
};
