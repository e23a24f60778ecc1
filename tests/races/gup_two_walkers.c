/*
 * tests/races/gup_two_walkers.c - two lockless walks of one page beside its munmap().
 *
 * Both walkers read the same pte, and both grab the same frame: each sees the other's
 * reference come and go, and the unmapping CPU sees both. Whoever lets go last frees it.
 */
#include "mm/table/gup_fast.h"
#include "tests/races/help.h"

static struct mm *mm;
static struct page *page;     /* mapped at RACE_AT */
static struct page *stranger; /* the same frame, given away */

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
		RACE_CLAIM(held == page, "a walker found another page");
		RACE_CLAIM(held != stranger, "a walker holds a stranger's frame");
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

RACE(gup_two_walkers) = {
	.name = "gup_two_walkers",
	.story = "two gup_fast() beside munmap() of the page",
	.setup = setup,
	.actor = {walk, walk, unmap},
	.check = check,
	.teardown = teardown,
	.script = "0@gup_read 1@gup_read 2 1 0",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=gup_pte_recheck flush=ipi", RACE_EXCLUDED, "cross-call"},
			{"mutant=gup_pte_recheck", RACE_DAMAGED, ""},
			{"", RACE_DETECTED, "the pte is not what it was"},
			{},
		},
};
