/*
 * tests/races/soft_dirty_write.c - a program writes while its pages are made clean.
 *
 * It has written already, so its CPU has the translation. What it writes after the pages
 * were made clean must leave a mark: only a fault makes one, and only the flush of every
 * CPU that has the mm makes it fault.
 */
#include "tests/races/help.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/trace.h"

static struct mm *mm;
static u32 cleared; /* (a) mm_clear_soft_dirty() has returned */
static bool late;   /* the second write came after that */

static void setup(void)
{
	mm = race_mm(1, RACE_RW);
	cleared = 0;
	late = false;
}

static void write_twice(void)
{
	u64 word = 1;

	mm_use(mm);
	RACE_CLAIM(!arch_copy_to_user(RACE_AT, &word, sizeof(word)), "it may be written");
	TRACE_POINT(race);
	late = atomic_load(&cleared);
	RACE_CLAIM(!arch_copy_to_user(RACE_AT, &word, sizeof(word)), "and again");
	mm_use(NULL);
}

static void clear(void)
{
	mm_clear_soft_dirty(mm);
	atomic_store(&cleared, 1);
}

static void check(void)
{
	RACE_CLAIM(!late || mm_page_told(mm, RACE_AT) & MM_PAGE_WRITTEN,
		"what was written since is taken for clean");
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(soft_dirty_write) = {
	.name = "soft_dirty_write",
	.story = "a program writes while its pages are made clean",
	.setup = setup,
	.actor = {write_twice, clear},
	.check = check,
	.teardown = teardown,
	.script = "0@race 1 0",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=soft_dirty_flush,remote_flush machine=s390x "
			 "flush=broadcast",
				RACE_HARMLESS, "IPTE has flushed"},
			{"mutant=remote_flush flush=broadcast", RACE_HARMLESS,
				"a broadcast asks nobody"},
			{"mutant=soft_dirty_flush,remote_flush", RACE_DAMAGED,
				"a stale translation"},
			{"", RACE_HARMLESS, "every CPU is flushed"},
			{},
		},
};
