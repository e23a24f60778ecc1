/*
 * tests/races/soft_dirty_pin.c - a page is pinned to be written while all pages are made
 * clean.
 *
 * A device writes without a fault, so no mark would tell of it: what is pinned stays
 * soft-dirty. Either the walker has the pin in time for mm_clear_soft_dirty() to see it,
 * or it finds that the entry has changed.
 */
#include "tests/races/help.h"
#include "kernel/base/trace.h"
#include "mm/space/gup.h"

static struct mm *mm;
static struct page *held;

static void setup(void)
{
	mm = race_mm(1, RACE_RW);
	held = NULL;
}

static void pin(void)
{
	mm_use(mm);
	if (!gup_fast(RACE_AT, 1, FOLL_PIN | FOLL_WRITE, &held))
		held = NULL;
	TRACE_POINT(race);
	mm_use(NULL);
}

static void clear(void)
{
	mm_clear_soft_dirty(mm);
}

static void check(void)
{
	RACE_CLAIM(!held || mm_page_told(mm, RACE_AT) & MM_PAGE_WRITTEN,
		"what a device may write is taken for clean");
}

static void teardown(void)
{
	if (held)
		gup_unpin(&held, 1);
	mm_put(mm);
}

RACE(soft_dirty_pin) = {
	.name = "soft_dirty_pin",
	.story = "a page is pinned to be written while all pages are made clean",
	.setup = setup,
	.actor = {pin, clear},
	.check = check,
	.teardown = teardown,
	.script = "0@race 1 0",
	.sweeps = "flush reader",
	.cells =
		(const struct race_cell[]){
			{"mutant=soft_dirty_pinned", RACE_DAMAGED,
				"the device leaves no mark"},
			{"", RACE_HARMLESS, "what is pinned stays soft-dirty"},
			{},
		},
};
