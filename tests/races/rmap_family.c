/*
 * tests/races/rmap_family.c - the mappings of a page are looked for, while the last VMA
 * of its family goes.
 *
 * The page is held, but its family is not: what page->anon leads to may be freed at any
 * time. It is read in a section, and only while the page is mapped: then the family's
 * memory stays as long as the section lasts.
 */
#include "tests/races/help.h"
#include "mm/space/rmap.h"

static struct mm *mm;
static struct page *page; /* mapped at RACE_AT, and held */

static void setup(void)
{
	mm = race_mm(1, RACE_RW);
	page = race_page(mm, RACE_AT);
	page_get(page);
}

static void take_away(void)
{
	(void)rmap_unmap(page);
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

RACE(rmap_family) = {
	.name = "rmap_family",
	.story = "the mappings of a page are looked for, beside munmap() of the last one",
	.setup = setup,
	.actor = {take_away, unmap},
	.check = check,
	.teardown = teardown,
	.script = "0@rmap_family 1 r 0",
	.sweeps = "",
	.cells =
		(const struct race_cell[]){
			{"mutant=anon_grace", RACE_DAMAGED, "the family is freed"},
			{"", RACE_EXCLUDED, "grace period"},
			{},
		},
};
