/*
 * tests/races/populate_populate.c - the first touches of two pages in one missing table.
 *
 * Both threads have found no table, and made one. The first is about to link its own; the
 * second waits for mm->table_lock, looks again, finds a table, and gives its own back.
 * Without that look it would link its own over the first one's, with the page in it.
 */
#include "tests/races/help.h"

static struct mm *mm;

static void setup(void)
{
	unsigned long at = RACE_AT;

	mm = mm_create();
	RACE_CLAIM(!mm_map(mm, &at, 2 * PAGE_SIZE, RACE_RW, MM_FIXED), "maps");
}

static void touch_first(void)
{
	RACE_CLAIM(!mm_fault(mm, RACE_AT, ACCESS_WRITE), "it may be written");
}

static void touch_second(void)
{
	RACE_CLAIM(!mm_fault(mm, RACE_AT + PAGE_SIZE, ACCESS_WRITE), "it may be written");
}

static void check(void)
{
	RACE_CLAIM(race_page(mm, RACE_AT) && race_page(mm, RACE_AT + PAGE_SIZE),
		"both pages are mapped");
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(populate_populate) = {
	.name = "populate_populate",
	.story = "two first touches in one missing table",
	.setup = setup,
	.actor = {touch_first, touch_second},
	.check = check,
	.teardown = teardown,
	.script = "0@table_link 1 0",
	.sweeps = "fold",
	.cells =
		(const struct race_cell[]){
			{"mutant=populate_recheck,descend_reread", RACE_DAMAGED,
				"a table is lost with its pages"},
			{"", RACE_EXCLUDED, "page table"},
			{},
		},
};
