/*
 * tests/races/refs_overflow.c - two gup_fast() of a page whose count has room for one.
 * Number Z10 of the zoo, CVE-2019-11487: counts that wrapped to zero while pages were
 * held.
 *
 * page_try_get() looks and adds in one compare-and-swap, so of two that look at once only
 * one gets in. The limit is made small for the lesson.
 */
#include "mm/table/gup_fast.h"
#include "tests/races/help.h"

#define MOST 8

static struct mm *mm;
static struct page *page;
static s32 usual;

static void setup(void)
{
	usual = page_refs_max;
	mm = race_mm(1, PROT_READ);
	page = race_page(mm, RACE_AT);
	page_refs_max = MOST;
	while (page->refs < MOST - 1)
		page_get(page);
}

static void walk(void)
{
	struct page *held;

	mm_use(mm);
	if (gup_fast(RACE_AT, 1, FOLL_GET, &held))
		RACE_CLAIM(page->refs <= MOST, "more references than there may be");
	mm_use(NULL);
}

static void check(void)
{
	RACE_CLAIM(page->refs == MOST, "one more is held");
}

static void teardown(void)
{
	while (page->refs > 1)
		page_put(page);
	mm_put(mm);
	page_refs_max = usual;
}

RACE(refs_overflow) = {
	.name = "refs_overflow",
	.story = "two gup_fast() of a page whose count has room for one",
	.setup = setup,
	.actor = {walk, walk},
	.check = check,
	.teardown = teardown,
	.script = "0@gup_read 1 0",
	.sweeps = "reader",
	.cells =
		(const struct race_cell[]){
			{"mutant=refs_overflow", RACE_DAMAGED, "one too many"},
			{"", RACE_DETECTED, "the second one is refused"},
			{},
		},
};
