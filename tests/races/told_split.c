/*
 * tests/races/told_split.c - a program asks what is mapped while another thread has a
 * leaf split. Number X3 of the zoo: there madvise() looked without a lock, found nothing
 * for a moment, and left a huge page where it was to go.
 *
 * Here who changes anything looks under mm->table_lock (discard_split.c), and so does who
 * tells: for a moment a leaf that is being split allows nothing, and would be taken for
 * one that was not written.
 */
#include "kernel/base/trace.h"
#include "tests/races/help.h"

static struct mm *mm;

static void setup(void)
{
	mm = race_mm_huge(true);
	mm_clear_soft_dirty(mm);
	RACE_CLAIM(!mm_fault(mm, RACE_AT, ACCESS_WRITE), "it is written again");
}

static void ask(void)
{
	u8 present = 0;
	u64 told;

	RACE_CLAIM(!mm_resident(mm, RACE_AT, 1, &present) && present, "it is there");
	TRACE_POINT(race);
	told = mm_page_told(mm, RACE_AT);
	RACE_CLAIM(told & MM_PAGE_PRESENT, "it is told to be there");
	RACE_CLAIM(told & MM_PAGE_WRITTEN, "and to have been written");
}

static void cut(void)
{
	RACE_CLAIM(!mm_discard(mm, RACE_AT + HUGE_SIZE - PAGE_SIZE, PAGE_SIZE),
		"its last page is discarded");
}

static void check(void)
{
	RACE_CLAIM(race_page(mm, RACE_AT), "it is still there");
	RACE_CLAIM(mm_pages(mm) == (long)HUGE_PAGES - 1, "but for the last page");
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(told_split) = {
	.name = "told_split",
	.story = "a program asks what is mapped by a leaf that is being split",
	.setup = setup,
	.actor = {ask, cut},
	.check = check,
	.teardown = teardown,
	.script = "0@race 1@leaf_split 0 1",
	.sweeps = "flush machine=C,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"machine=s390x mutant=told_locked", RACE_HARMLESS,
				"there are no leaves"},
			{"machine=s390x", RACE_HARMLESS, "there are no leaves"},
			{"mutant=told_locked", RACE_DAMAGED, "it allows no writing"},
			{"", RACE_EXCLUDED, "page table"},
			{},
		},
};
