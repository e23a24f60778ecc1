/*
 * tests/races/gup_munmap.c - gup_fast() beside munmap() of its page, whose frame goes to
 * a stranger at once. Number Z4 (b) of the zoo; every kernel with a fast path.
 *
 * The walker has read the pte. Then the page is unmapped and flushed, its frame freed and
 * given away; only then does the walker take its reference, which succeeds: the frame is
 * in use again. The second look at the pte saves the stranger. Without it, a flush by IPI
 * saves him by waiting for the walker, whose interrupts are off; a broadcast does not.
 */
#include "mm/table/gup_fast.h"
#include "tests/races/help.h"

static struct mm *mm;
static struct page *page; /* mapped at RACE_AT */
static struct page *stranger;

/* A second page keeps the table. */
static void setup(void)
{
	mm = race_mm(2, PROT_READ);
	page = race_page(mm, RACE_AT);
	stranger = NULL;
}

static void walk(void)
{
	struct page *held;

	mm_use(mm);
	if (gup_fast(RACE_AT, 1, FOLL_GET, &held)) {
		RACE_CLAIM(held != stranger, "the walker holds a stranger's frame");
		page_put(held);
	}
	mm_use(NULL);
}

static void unmap(void)
{
	(void)mm_unmap(mm, RACE_AT, PAGE_SIZE);
	stranger = race_take_frame(page);
}

static void check(void)
{
	RACE_CLAIM(!stranger || stranger->refs == 1, "the stranger's frame is held");
}

static void teardown(void)
{
	if (stranger)
		frame_free(stranger);
	mm_put(mm);
}

RACE(gup_munmap) = {
	.name = "gup_munmap",
	.story = "gup_fast() beside munmap() of its page, and the frame is used again",
	.setup = setup,
	.actor = {walk, unmap},
	.check = check,
	.teardown = teardown,
	.script = "0@gup_read 1 0",
	.sweeps = "flush reader",
	.cells =
		(const struct race_cell[]){
			{"mutant=gup_pte_recheck flush=ipi reader=irq,both",
				RACE_EXCLUDED, "cross-call"},
			{"mutant=gup_pte_recheck", RACE_DAMAGED, ""},
			{"", RACE_DETECTED, "the pte is not what it was"},
			{},
		},
};
