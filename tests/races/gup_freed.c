/*
 * tests/races/gup_freed.c - gup_fast() beside munmap() of its page, whose frame stays
 * free.
 *
 * As gup_munmap.c, but nobody wants the frame: when the walker comes to take its
 * reference there is none any more, and zero is not to be counted up from. The second
 * look at the pte would come too late: by then a free frame has an owner, who lets go of
 * it, and it is freed twice.
 */
#include "mm/table/gup_fast.h"
#include "tests/races/help.h"

static struct mm *mm;
static struct page *page; /* mapped at RACE_AT */

/* A second page keeps the table. */
static void setup(void)
{
	mm = race_mm(2, PROT_READ);
	page = race_page(mm, RACE_AT);
}

static void walk(void)
{
	struct page *held;

	mm_use(mm);
	if (gup_fast(RACE_AT, 1, FOLL_GET, &held))
		page_put(held);
	mm_use(NULL);
}

static void unmap(void)
{
	(void)mm_unmap(mm, RACE_AT, PAGE_SIZE);
}

static void check(void)
{
	RACE_CLAIM(!page->refs, "the frame is free");
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(gup_freed) = {
	.name = "gup_freed",
	.story = "gup_fast() beside munmap() of its page, and the frame stays free",
	.setup = setup,
	.actor = {walk, unmap},
	.check = check,
	.teardown = teardown,
	.script = "0@gup_read 1 0",
	.sweeps = "flush reader",
	.cells =
		(const struct race_cell[]){
			{"mutant=grab_from_zero flush=ipi reader=irq,both", RACE_DETECTED,
				"the unmapper waits"},
			{"mutant=grab_from_zero", RACE_DAMAGED, "freed twice"},
			{"", RACE_DETECTED,
				"the frame is refused, or the pte is not what it was"},
			{},
		},
};
