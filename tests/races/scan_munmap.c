/*
 * tests/races/scan_munmap.c - khugepaged comes to a block's worth of pages while a part
 * of it is unmapped.
 *
 * It has looked, with mm->lock held for reading, and found that a block could take their
 * place. Before it has the lock for writing there is room for one no more. It looks
 * again; or the block would bring back what the process has given away, and no VMA is
 * there that it goes with.
 */
#include "mm/huge/khugepaged.h"
#include "kernel/base/errno.h"
#include "tests/races/help.h"

#define LAST (RACE_AT + HUGE_SIZE - PAGE_SIZE)

static struct mm *mm;

/* The VMA has room for another block, and so is still one to be looked at afterwards. */
static void setup(void)
{
	unsigned long at = RACE_AT - HUGE_SIZE;

	mm = race_mm_pages(1);
	RACE_CLAIM(!mm_map(mm, &at, HUGE_SIZE, RACE_RW, MM_FIXED) &&
			   !mm_advise_huge(mm, at, HUGE_SIZE, true) &&
			   mm_vma_count(mm) == 1,
		"room for two");
}

static void scan(void)
{
	RACE_CLAIM(!khugepaged_scan(), "there is memory");
}

static void unmap(void)
{
	RACE_CLAIM(!mm_unmap(mm, LAST, PAGE_SIZE), "nothing is in the way");
}

static void check(void)
{
	RACE_CLAIM(race_page(mm, RACE_AT), "the page is there, in a block or not");
	RACE_CLAIM(!race_page(mm, LAST), "and what was unmapped is not");
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(scan_munmap) = {
	.name = "scan_munmap",
	.story = "khugepaged beside munmap() of a part of what it has found",
	.setup = setup,
	.actor = {scan, unmap},
	.check = check,
	.teardown = teardown,
	.script = "0@khugepaged_found 1 0",
	.sweeps = "machine=C,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"mutant=collapse_vma_again", RACE_DAMAGED, ""},
			{"", RACE_HARMLESS, "it looks again"},
			{},
		},
};
