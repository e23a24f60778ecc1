/*
 * tests/races/gup_repoint.c - gup_fast() while its pte is made to lead to another page:
 * the page is discarded, and a fault brings a new one to the same place.
 *
 * Whatever the walk gets was mapped there at some time in the call. (Were the same frame
 * to come back, the pte would be what it was, and so would the mapping: that is no
 * mistake. So the race holds the old one.)
 */
#include "arch/contract/uaccess.h"
#include "mm/table/gup_fast.h"
#include "tests/races/help.h"

static struct mm *mm;
static struct page *old; /* mapped at RACE_AT in the beginning, and held */

static void setup(void)
{
	mm = race_mm(1, RACE_RW);
	old = race_page(mm, RACE_AT);
	page_get(old);
}

static void walk(void)
{
	struct page *held;

	mm_use(mm);
	if (gup_fast(RACE_AT, 1, FOLL_GET, &held)) {
		RACE_CLAIM(held->type == PAGE_ANON, "what it holds is no user page");
		RACE_CLAIM(held == old || held == race_page(mm, RACE_AT),
			"it holds a page that was never here");
		page_put(held);
	}
	mm_use(NULL);
}

static void repoint(void)
{
	u64 word = 1;

	mm_use(mm);
	(void)mm_discard(mm, RACE_AT, PAGE_SIZE);
	RACE_CLAIM(
		!arch_copy_to_user(RACE_AT, &word, sizeof(word)), "it may write there");
	mm_use(NULL);
}

static void check(void)
{
	struct page *page = race_page(mm, RACE_AT);

	RACE_CLAIM(
		page && page->refs == 1, "the new page is mapped, and nobody holds it");
}

static void teardown(void)
{
	page_put(old);
	mm_put(mm);
}

RACE(gup_repoint) = {
	.name = "gup_repoint",
	.story = "gup_fast() while its pte comes to lead to another page",
	.setup = setup,
	.actor = {walk, repoint},
	.check = check,
	.teardown = teardown,
	.script = "0@gup_read 1 0",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=gup_pte_recheck flush=ipi", RACE_EXCLUDED, "cross-call"},
			{"", RACE_DETECTED, "the pte is not what it was"},
			{},
		},
};
