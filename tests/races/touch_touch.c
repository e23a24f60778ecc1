/*
 * tests/races/touch_touch.c - two first touches of one page (two_touches.h) where the
 * table is there, and the VMA has pages of its own: so every fault= takes its own way.
 */
#include "tests/races/two_touches.h"

static void setup(void)
{
	mm = race_mm(1, RACE_RW);
	RACE_CLAIM(!mm_discard(mm, RACE_AT, PAGE_SIZE), "nothing is mapped there");
}

RACE(touch_touch) = {
	.name = "touch_touch",
	.story = "two first touches of one page, in a table that is there",
	.setup = setup,
	.actor = {touch, touch_and_write},
	.check = check,
	.teardown = teardown,
	.script = "0@anon_install 1 0",
	.sweeps = "flush fault",
	.cells =
		(const struct race_cell[]){
			{"mutant=fault_recheck", RACE_DAMAGED, "a frame is replaced"},
			{"", RACE_HARMLESS, "the second one looks again"},
			{},
		},
};
