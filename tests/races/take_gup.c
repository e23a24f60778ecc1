/*
 * tests/races/take_gup.c - a page is pinned while it is taken, for another address space.
 *
 * The taker has found it exclusive. If it looks for pins only before it unhooks the
 * entry, a walker still finds that there, pins the page, and finds it there once more:
 * then a device writes to memory that is somebody else's by now. So the taker looks when
 * the entry is gone, and puts it back if it sees anybody.
 */
#include "tests/races/help.h"
#include "kernel/base/trace.h"
#include "mm/space/gup.h"

static struct mm *mm;
static struct page *held, *taken;

static void setup(void)
{
	mm = race_mm(1, RACE_RW);
	held = taken = NULL;
}

static void pin(void)
{
	mm_use(mm);
	if (!gup_fast(RACE_AT, 1, FOLL_PIN | FOLL_WRITE, &held))
		held = NULL;
	mm_use(NULL);
}

static void take(void)
{
	mm_use(mm);
	RACE_CLAIM(!mm_take_pages(mm, RACE_AT, 1, &taken), "the contents are taken");
	mm_use(NULL);
}

static void check(void)
{
	RACE_CLAIM(!held || held != taken, "a pinned page changes hands");
	RACE_CLAIM(!held || race_page(mm, RACE_AT) == held, "a pinned page is mapped");
}

static void teardown(void)
{
	if (held)
		gup_unpin(&held, 1);
	page_put(taken);
	mm_put(mm);
}

RACE(take_gup) = {
	.name = "take_gup",
	.story = "a page is pinned while it is taken for another address space",
	.setup = setup,
	.actor = {pin, take},
	.check = check,
	.teardown = teardown,
	.script = "1@unhook 0 1",
	.sweeps = "flush reader",
	.cells =
		(const struct race_cell[]){
			{"mutant=take_held_last", RACE_DAMAGED,
				"it was looked for too early"},
			{"", RACE_HARMLESS, "the taker looks when the entry is gone"},
			{},
		},
};
