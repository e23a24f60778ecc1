/*
 * tests/races/gup_leaf.c - gup_fast() beside madvise(MADV_DONTNEED) of a whole block,
 * whose first frame goes to a stranger at once: gup_dontneed.c for what a pmd leaf maps.
 */
#include "mm/space/gup.h"
#include "tests/races/help.h"

static struct mm *mm;
static struct page *page, *stranger;

static void setup(void)
{
	mm = race_mm_huge(true);
	page = race_page(mm, RACE_AT);
	stranger = NULL;
}

static void walk(void)
{
	struct page *held[2];
	unsigned long count;

	mm_use(mm);
	count = gup_fast(RACE_AT, 2, FOLL_GET, held);
	for (unsigned long i = 0; i < count; i++) {
		RACE_CLAIM(page_head(held[i]) != stranger, "it holds a stranger's frame");
		gup_put(&held[i], 1);
	}
	mm_use(NULL);
}

static void discard(void)
{
	RACE_CLAIM(!mm_discard(mm, RACE_AT, HUGE_SIZE), "it is discarded");
	stranger = race_take_frame(page);
}

static void check(void)
{
	RACE_CLAIM(!race_page(mm, RACE_AT) && !mm_pages(mm), "nothing is mapped");
	if (stranger)
		page_put(stranger);
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(gup_leaf) = {
	.name = "gup_leaf",
	.story = "gup_fast() beside madvise() of a block, and the frame is used again",
	.setup = setup,
	.actor = {walk, discard},
	.check = check,
	.teardown = teardown,
	.script = "0@gup_read 1 0",
	.sweeps = "flush reader machine=C,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"mutant=gup_pte_recheck flush=ipi reader=irq,both",
				RACE_EXCLUDED, "cross-call"},
			{"mutant=gup_pte_recheck", RACE_DAMAGED, ""},
			{"", RACE_DETECTED, "the pte is not what it was"},
			{},
		},
};
