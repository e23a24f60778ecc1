/*
 * tests/races/mremap_gup.c - gup_fast() while mremap() moves the page table that it
 * walks through.
 *
 * The walk has come to the table by the old place. Then the table stands at the new one,
 * and gets entries there that have nothing to do with the old one. Both of the walk's
 * looks at such an entry agree; it is the pmd that tells.
 */
#include "tests/races/walk.h"

#define TABLE  (1UL << ARCH_LEVEL_SHIFT(LEVEL_PMD))
#define NEW_AT (RACE_AT + 2 * TABLE)

static struct mm *mm;

/* The table is there, because of its second page; the first one is not. */
static void setup(void)
{
	unsigned long at = RACE_AT;

	mm = mm_create();
	RACE_CLAIM(!mm_map(mm, &at, TABLE, RACE_RW, MM_FIXED) &&
			   !mm_fault(mm, RACE_AT + PAGE_SIZE, ACCESS_WRITE),
		"the setup maps");
}

static bool look(struct gup_walk *walk, const struct gup_turn *turn)
{
	if (turn->level == LEVEL_PMD)
		TRACE_POINT(gup_table);
	return true;
}

static void walk(void)
{
	mm_use(mm);
	RACE_CLAIM(!race_walk(mm, RACE_AT, look), "it finds what was never here");
	mm_use(NULL);
}

static void move(void)
{
	unsigned long to = NEW_AT;

	RACE_CLAIM(!mm_remap(mm, RACE_AT, TABLE, TABLE, MM_REMAP_MAYMOVE | MM_REMAP_FIXED,
			   &to),
		"it moves");
	RACE_CLAIM(!mm_fault(mm, NEW_AT, ACCESS_WRITE), "it is there");
}

static void check(void)
{
	struct page *page = race_page(mm, NEW_AT);

	RACE_CLAIM(page && page->refs == 1, "nobody holds the new page");
	RACE_CLAIM(race_page(mm, NEW_AT + PAGE_SIZE), "the other one has moved");
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(mremap_gup) = {
	.name = "mremap_gup",
	.story = "gup_fast() while the table that it walks through moves",
	.setup = setup,
	.actor = {walk, move},
	.check = check,
	.teardown = teardown,
	.script = "0@gup_table 1 0",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=gup_pmd_recheck flush=ipi", RACE_EXCLUDED, "cross-call"},
			{"mutant=gup_pmd_recheck", RACE_DAMAGED,
				"both looks at the pte agree"},
			{"flush=ipi", RACE_EXCLUDED, "cross-call"},
			{"", RACE_DETECTED, "the pmd is not what it was"},
			{},
		},
};
