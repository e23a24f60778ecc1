/*
 * tests/races/fold_step.c - a lockless walk from one entry of the root to the next, with
 * folded levels above it. Number Z1 of the zoo, 2019 to 2020, s390x: the bug that all of
 * this began with. No rival is needed.
 *
 * Each level above the root hands the pointer of its slot through, and the root's loop
 * increments it. With the pointer to a copy (the mutant) it would walk over the stack,
 * where the same entry lies once more, and hold the pages of another address: one entry
 * before, where others are mapped. Two pages, one on each side of the border, are all.
 */
#include "mm/table/fold.h"
#include "mm/table/gup_fast.h"
#include "tests/races/help.h"

static struct mm *mm;
static unsigned long start;
static struct page *mapped[2];

static void setup(void)
{
	unsigned long before;

	mm = mm_create();
	before = pxd_size(fold_root_level(mm));
	start = 2 * before - PAGE_SIZE;
	RACE_CLAIM(!mm_map(mm, &before, PAGE_SIZE, PROT_READ, MM_FIXED | MM_POPULATE) &&
			   !mm_map(mm, &start, 2 * PAGE_SIZE, PROT_READ,
				   MM_FIXED | MM_POPULATE),
		"maps");
	mapped[0] = race_page(mm, start);
	mapped[1] = race_page(mm, start + PAGE_SIZE);
}

static void walk(void)
{
	struct page *held[2];

	mm_use(mm);
	RACE_CLAIM(gup_fast(start, 2, FOLL_GET, held) == 2 && held[0] == mapped[0] &&
			   held[1] == mapped[1],
		"other pages than those that are mapped");
	page_put(mapped[0]);
	page_put(mapped[1]);
	mm_use(NULL);
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(fold_step) = {
	.name = "fold_step",
	.story = "a walk over the border of two root entries",
	.setup = setup,
	.actor = {walk},
	.teardown = teardown,
	.script = "0",
	.sweeps = "step fold",
	.cells =
		(const struct race_cell[]){
			{"mutant=stackcopy step=lockless,oneword-root fold=permm:5",
				RACE_HARMLESS, "nothing is folded"},
			{"mutant=stackcopy step=lockless,oneword-root", RACE_DAMAGED,
				"a copy is incremented"},
			{"mutant=stackcopy", RACE_HARMLESS,
				"the other rivals are as they were"},
			{"", RACE_HARMLESS, "the slot itself is incremented"},
			{},
		},
};
