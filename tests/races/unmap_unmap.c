/*
 * tests/races/unmap_unmap.c - munmap() of one page by two threads at once.
 *
 * One stands in the middle, about to unhook the entry. The other cannot even look: both
 * change the set of VMAs, and mm->lock lets one of them in. So neither finds half of the
 * other's work, and the frame is freed once.
 */
#include "tests/races/help.h"

static struct mm *mm;

static void setup(void)
{
	mm = race_mm(1, PROT_READ);
}

static void unmap(void)
{
	RACE_CLAIM(!mm_unmap(mm, RACE_AT, PAGE_SIZE), "nothing to do is no error");
}

static void check(void)
{
	RACE_CLAIM(!mm_pages(mm), "no page is left");
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(unmap_unmap) = {
	.name = "unmap_unmap",
	.story = "munmap() beside munmap()",
	.setup = setup,
	.actor = {unmap, unmap},
	.check = check,
	.teardown = teardown,
	.script = "0@unhook 1 0",
	.sweeps = "flush tables",
	.cells =
		(const struct race_cell[]){
			{"", RACE_EXCLUDED, "mm"},
			{},
		},
};
