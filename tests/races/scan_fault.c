/*
 * tests/races/scan_fault.c - khugepaged makes a block of pages while another one of them
 * is touched for the first time.
 *
 * Without mm->lock for writing, the fault would find no table where the block is about to
 * be, and put another one there, or would wait for the lock that guards it with a page
 * for a table that is used for something else.
 */
#include "mm/huge/khugepaged.h"
#include "kernel/base/errno.h"
#include "tests/races/help.h"

static struct mm *mm;

static void setup(void)
{
	mm = race_mm_pages(1);
}

static void scan(void)
{
	RACE_CLAIM(!khugepaged_scan(), "there is memory");
}

static void touch(void)
{
	RACE_CLAIM(!mm_fault(mm, RACE_AT + PAGE_SIZE, ACCESS_WRITE), "it is mapped");
}

static void check(void)
{
	const struct page *first = race_page(mm, RACE_AT);

	RACE_CLAIM(first && race_page(mm, RACE_AT + PAGE_SIZE) == first + 1 &&
			   mm_pages(mm) == HUGE_PAGES,
		"a block, and nothing else");
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(scan_fault) = {
	.name = "scan_fault",
	.story = "khugepaged beside the first touch of a page in what becomes a block",
	.setup = setup,
	.actor = {touch, scan},
	.check = check,
	.teardown = teardown,
	.script = "0@anon_install 1 0",
	.sweeps = "flush fault machine=C,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"mutant=collapse_alone", RACE_DAMAGED, ""},
			{"mutant=collapse_claims", RACE_DAMAGED,
				"the books about claims tell"},
			{"fault=speculative", RACE_DETECTED, "mm->seq has moved"},
			{"fault=mmap", RACE_EXCLUDED, "mm"},
			{"fault=vma machine=x86_64,s390x", RACE_EXCLUDED, "vma"},
			{"fault=vma", RACE_EXCLUDED, "wait queue"},
			{},
		},
};
