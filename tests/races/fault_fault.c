/*
 * tests/races/fault_fault.c - two first touches of one page (two_touches.h) where no
 * table is yet: both make some, too.
 */
#include "tests/races/two_touches.h"

static void setup(void)
{
	unsigned long at = RACE_AT;

	mm = mm_create();
	RACE_CLAIM(!mm_map(mm, &at, PAGE_SIZE, RACE_RW, MM_FIXED), "maps");
}

RACE(fault_fault) = {
	.name = "fault_fault",
	.story = "two first touches of one page",
	.setup = setup,
	.actor = {touch, touch_and_write},
	.check = check,
	.teardown = teardown,
	.script = "0@anon_install 1 0",
	.sweeps = "",
	.cells =
		(const struct race_cell[]){
			{"mutant=fault_recheck", RACE_DAMAGED, "a frame is replaced"},
			{"", RACE_HARMLESS, "the second one looks again"},
			{},
		},
};
