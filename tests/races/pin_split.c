/*
 * tests/races/pin_split.c - a page of a block is pinned while the block is to become
 * single frames, since its program gives it up (MADV_FREE).
 *
 * The pin is counted in the block's first frame. If that is cut off from the others by
 * somebody who has looked at the count before, the pin is of another frame than the
 * device has, and so is the reference that is put in the end.
 */
#include "mm/space/gup.h"
#include "tests/races/help.h"

static struct mm *mm;
static struct page *held;

static void setup(void)
{
	mm = race_mm_huge(true);
	held = NULL;
}

static void pin(void)
{
	mm_use(mm);
	if (!gup_fast(RACE_AT + PAGE_SIZE, 1, FOLL_PIN | FOLL_WRITE, &held))
		held = NULL;
	mm_use(NULL);
}

static void give_up(void)
{
	RACE_CLAIM(!mm_free_lazily(mm, RACE_AT, HUGE_SIZE), "it is given up");
}

static void check(void)
{
	bool pinned = held && page_maybe_pinned(page_head(held));

	if (!held)
		return;
	RACE_CLAIM(race_page(mm, RACE_AT + PAGE_SIZE) == held, "it is still mapped");
	RACE_CLAIM(pinned, "and is known to be pinned");
	if (pinned)
		gup_unpin(&held, 1);
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(pin_split) = {
	.name = "pin_split",
	.story = "gup_fast() of a page whose block is split into frames",
	.setup = setup,
	.actor = {pin, give_up},
	.check = check,
	.teardown = teardown,
	.script = "1@block_split 0 1",
	.sweeps = "flush reader machine=C,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"mutant=split_freeze", RACE_DAMAGED,
				"the pin is of another frame"},
			{"", RACE_HARMLESS, "what is pinned stays a block"},
			{},
		},
};
