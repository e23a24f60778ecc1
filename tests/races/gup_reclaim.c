/*
 * tests/races/gup_reclaim.c - a page that was given up is pinned while it is reclaimed.
 * Number Z24 of the zoo, Linux 2022.
 *
 * Reclaim has found that nobody holds the page, and is about to empty the entry; a walker
 * grabs the page and finds the entry unchanged. Then the device has a page that the
 * program has no more. So reclaim empties the entry first, and looks then: one of the two
 * sees the other.
 */
#include "mm/space/gup.h"
#include "tests/races/help.h"

static struct mm *mm;
static struct page *held;

static void setup(void)
{
	mm = race_mm(1, RACE_RW);
	held = NULL;
	RACE_CLAIM(!mm_free_lazily(mm, RACE_AT, PAGE_SIZE), "the page is given up");
}

static void pin(void)
{
	mm_use(mm);
	if (!gup_fast(RACE_AT, 1, FOLL_PIN, &held))
		held = NULL;
	mm_use(NULL);
}

static void reclaim(void)
{
	RACE_CLAIM(!mm_page_out(mm, RACE_AT, PAGE_SIZE), "what can be taken is");
}

static void check(void)
{
	RACE_CLAIM(!held || race_page(mm, RACE_AT) == held,
		"what is pinned is not what the program has");
}

static void teardown(void)
{
	if (held)
		gup_unpin(&held, 1);
	mm_put(mm);
}

RACE(gup_reclaim) = {
	.name = "gup_reclaim",
	.story = "a page that was given up is pinned while it is reclaimed",
	.setup = setup,
	.actor = {pin, reclaim},
	.check = check,
	.teardown = teardown,
	.script = "1@unhook 0 1",
	.sweeps = "flush reader",
	.cells =
		(const struct race_cell[]){
			{"mutant=reclaim_held_last", RACE_DAMAGED,
				"neither sees the other"},
			{"", RACE_HARMLESS, "reclaim sees the pin"},
			{},
		},
};
