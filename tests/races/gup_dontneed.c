/*
 * tests/races/gup_dontneed.c - gup_fast() beside madvise(MADV_DONTNEED) of its page,
 * whose frame goes to a stranger at once. As gup_munmap.c, number Z4 (b) of the zoo; but
 * who takes the page away holds mm->lock for reading only, and VMA and table stay: what
 * Linux calls zap, and the reason why the fast path cannot rely on mmap_lock at all.
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

static void discard(void)
{
	(void)mm_discard(mm, RACE_AT, PAGE_SIZE);
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

RACE(gup_dontneed) = {
	.name = "gup_dontneed",
	.story = "gup_fast() beside madvise() of its page, and the frame is used again",
	.setup = setup,
	.actor = {walk, discard},
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
