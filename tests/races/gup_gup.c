/*
 * tests/races/gup_gup.c - two gup_fast() of one page at once.
 *
 * Both have read the pte, and take their references in turn: a compare-and-swap loses no
 * count, and readers exclude nobody. What could go wrong is the count, so that is the
 * claim.
 */
#include "mm/table/gup_fast.h"
#include "tests/races/help.h"

static struct mm *mm;

static void setup(void)
{
	mm = race_mm(1, PROT_READ);
}

static void walk(void)
{
	struct page *held;

	mm_use(mm);
	RACE_CLAIM(gup_fast(RACE_AT, 1, FOLL_GET, &held) == 1, "nothing is in the way");
	page_put(held);
	mm_use(NULL);
}

static void check(void)
{
	RACE_CLAIM(race_page(mm, RACE_AT)->refs == 1, "one mapping, one reference");
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(gup_gup) = {
	.name = "gup_gup",
	.story = "two gup_fast() of one page",
	.setup = setup,
	.actor = {walk, walk},
	.check = check,
	.teardown = teardown,
	.script = "0@gup_read 1@gup_grabbed 0 1",
	.sweeps = "reader",
	.cells =
		(const struct race_cell[]){
			{"", RACE_HARMLESS, "readers do not exclude each other"},
			{},
		},
};
