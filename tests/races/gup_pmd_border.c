/*
 * tests/races/gup_pmd_border.c - a lockless walk of two pages in two tables beside the
 * munmap() of both: the walk goes back up, over the border between two pmd entries, while
 * tables on either side of it are unlinked.
 */
#include "mm/table/gup_fast.h"
#include "mm/table/pgtable.h"
#include "tests/races/help.h"

static struct mm *mm;
static struct page *pages[2];
static unsigned long first; /* the last page below a border */

static void setup(void)
{
	first = RACE_AT + pxd_size(LEVEL_PMD) - PAGE_SIZE;
	mm = mm_create();
	RACE_CLAIM(!mm_map(mm, &first, 2 * PAGE_SIZE, PROT_READ, MM_FIXED | MM_POPULATE),
		"the pages of the setup are mapped");
	pages[0] = race_page(mm, first);
	pages[1] = race_page(mm, first + PAGE_SIZE);
}

static void walk(void)
{
	struct page *held[2];
	unsigned long count;

	mm_use(mm);
	count = gup_fast(first, 2, FOLL_GET, held);
	for (unsigned long i = 0; i < count; i++) {
		RACE_CLAIM(held[i] == pages[i], "the walk found another page");
		page_put(held[i]);
	}
	mm_use(NULL);
}

static void unmap(void)
{
	(void)mm_unmap(mm, first, 2 * PAGE_SIZE);
}

static void check(void)
{
	RACE_CLAIM(!mm_pages(mm) && !mm->tables[LEVEL_PTE], "nothing is left");
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(gup_pmd_border) = {
	.name = "gup_pmd_border",
	.story = "gup_fast() over a pmd border beside munmap() of both sides",
	.setup = setup,
	.actor = {walk, unmap},
	.check = check,
	.teardown = teardown,
	.script = "0@gup_grabbed 1 0",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"", RACE_DETECTED, "the pte is not what it was"},
			{},
		},
};
