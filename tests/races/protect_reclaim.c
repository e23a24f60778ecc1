/*
 * tests/races/protect_reclaim.c - a page is reclaimed while a thread takes the right to
 * read it away. Number Z14 of the zoo, Linux 2017.
 *
 * Reclaim has emptied the entry and flushes later, for many at once. mprotect() finds
 * nothing that it would have to change, and were it content with that, its caller would
 * go on reading what nobody may read any more. Here neither is so: reclaim holds the
 * table's lock until it has flushed, and mprotect() flushes whatever it finds.
 */
#include "arch/contract/uaccess.h"
#include "kernel/base/trace.h"
#include "tests/races/help.h"

static struct mm *mm;

static void setup(void)
{
	mm = race_mm(2, RACE_RW);
	RACE_CLAIM(!mm_free_lazily(mm, RACE_AT, PAGE_SIZE), "the page is given up");
}

static void reclaim(void)
{
	(void)mm_reclaim(1);
}

static void forbid(void)
{
	u64 word;

	mm_use(mm);
	RACE_CLAIM(!arch_copy_from_user(&word, RACE_AT, sizeof(word)), "it reads");
	TRACE_POINT(race);
	RACE_CLAIM(!mm_protect(mm, RACE_AT, 2 * PAGE_SIZE, 0), "it is forbidden");
	RACE_CLAIM(arch_copy_from_user(&word, RACE_AT, sizeof(word)),
		"it is read after mprotect() has returned");
	mm_use(NULL);
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(protect_reclaim) = {
	.name = "protect_reclaim",
	.story = "a page is reclaimed while the right to read it goes",
	.setup = setup,
	.actor = {reclaim, forbid},
	.teardown = teardown,
	.script = "1@race 0@tlb_flush 1 0",
	.sweeps = "flush fault",
	.cells =
		(const struct race_cell[]){
			{"mutant=reclaim_flush", RACE_DAMAGED, "a stale translation"},
			{"", RACE_EXCLUDED, "page table"},
			{},
		},
};
