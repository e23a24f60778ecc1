/*
 * tests/races/rmap_munmap.c - a page is taken away from all who map it, while one of them
 * unmaps it himself. Number Z15 of the zoo, and Z14 from the other side.
 *
 * munmap() has emptied the entry and has not flushed yet: a CPU goes on using the page.
 * Whoever looks for the page's mappings at that moment finds none, and may believe that
 * nobody can reach it. So the VMA is there until all is flushed, for the walk to come by,
 * and where it finds an entry empty it asks for flushes that are still due.
 */
#include "tests/races/help.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/trace.h"
#include "mm/space/rmap.h"

#define SECRET 0x7365637265742121UL

static struct mm *mm;
static struct page *page; /* mapped at RACE_AT, and held */

/* A second page keeps the table. */
static void setup(void)
{
	mm = race_mm(2, RACE_RW);
	page = race_page(mm, RACE_AT);
	*(u64 *)page_address(page) = SECRET;
	page_get(page);
}

/* This CPU has a translation. */
static void take_away(void)
{
	u64 word = 0;

	mm_use(mm);
	(void)!arch_copy_from_user(&word, RACE_AT, sizeof(word));
	TRACE_POINT(race);
	(void)rmap_unmap(page);
	word = 0;
	if (!arch_copy_from_user(&word, RACE_AT, sizeof(word)))
		RACE_CLAIM(word != SECRET, "the page is used, which is mapped nowhere");
	mm_use(NULL);
}

static void unmap(void)
{
	RACE_CLAIM(!mm_unmap(mm, RACE_AT, PAGE_SIZE), "it is unmapped");
}

static void check(void)
{
	RACE_CLAIM(!page->mapped && page->refs == 1, "the page is still mapped");
}

static void teardown(void)
{
	page_put(page);
	mm_put(mm);
}

RACE(rmap_munmap) = {
	.name = "rmap_munmap",
	.story = "a page is taken away from all who map it, beside munmap()",
	.setup = setup,
	.actor = {take_away, unmap},
	.check = check,
	.teardown = teardown,
	.script = "0@race 1@tlb_flush 0 1",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=unmap_before_leave,rmap_pending machine=s390x "
			 "flush=broadcast",
				RACE_EXCLUDED, "mm"},
			{"mutant=unmap_before_leave,rmap_pending", RACE_DAMAGED,
				"a stale translation"},
			{"", RACE_EXCLUDED, "mm"},
			{},
		},
};
