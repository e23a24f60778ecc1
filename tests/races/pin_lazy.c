/*
 * tests/races/pin_lazy.c - a device writes to a page while its program gives it up.
 * Number Z24 of the zoo, from the other side.
 *
 * The device has pinned the page, and makes no fault when it writes. If the one who gives
 * up looks for pins only before the entry loses its right to write, the page is given up
 * with a pin on it: when that is gone, nobody knows any more that it was written.
 */
#include "mm/space/gup.h"
#include "tests/races/help.h"

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
	mm_use(NULL);
}

static void give_up(void)
{
	RACE_CLAIM(!mm_free_lazily(mm, RACE_AT, PAGE_SIZE), "it is given up");
}

/* The device writes after all that, and lets go. */
static void check(void)
{
	if (!held)
		return;
	*(u64 *)page_address(held) = 2;
	gup_unpin(&held, 1);
	RACE_CLAIM(!mm_page_out(mm, RACE_AT, PAGE_SIZE), "reclaim looks at it");
	RACE_CLAIM(race_page(mm, RACE_AT) == held, "what the device wrote is lost");
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(pin_lazy) = {
	.name = "pin_lazy",
	.story = "a device writes to a page while its program gives it up",
	.setup = setup,
	.actor = {pin, give_up},
	.check = check,
	.teardown = teardown,
	.script = "1@unhook 0 1",
	.sweeps = "flush reader",
	.cells =
		(const struct race_cell[]){
			{"mutant=lazy_held_last", RACE_DAMAGED,
				"the pin was looked for too early"},
			{"", RACE_HARMLESS, "what is pinned is not given up"},
			{},
		},
};
