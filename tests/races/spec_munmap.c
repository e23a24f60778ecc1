/*
 * tests/races/spec_munmap.c - munmap() between a speculative fault's two last looks at
 * mm->seq.
 *
 * The first look, in the walk section, said that nobody changes the VMA. Now munmap()
 * goes through the table, finds nothing there, and lets go of table_lock: the fault gets
 * it. If it mapped its page now, nobody would ever take it away. So it looks again with
 * the lock.
 */
#include "tests/races/first_touch.h"

static void setup(void)
{
	first_touch_setup(2, RACE_AT);
}

static void unmap(void)
{
	RACE_CLAIM(!mm_unmap(mm, RACE_AT, PAGE_SIZE), "nothing is in the way");
}

static void check(void)
{
	RACE_CLAIM(!race_page(mm, RACE_AT) && mm_pages(mm) == 1, "a page without a VMA");
}

RACE(spec_munmap) = {
	.name = "spec_munmap",
	.story = "munmap() between the two last looks of a speculative fault",
	.setup = setup,
	.actor = {first_touch, unmap},
	.check = check,
	.teardown = first_touch_teardown,
	.script = "0@spec_lock 1 0",
	.sweeps = "flush reader fault=speculative",
	.cells =
		(const struct race_cell[]){
			{"mutant=spec_seq_last", RACE_DAMAGED, "a page without a VMA"},
			{"", RACE_DETECTED, "mm->seq has moved"},
			{},
		},
};
