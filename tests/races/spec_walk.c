/*
 * tests/races/spec_walk.c - a speculative fault in a page table that munmap() frees: what
 * seed S1 asked. Number Z5 of the zoo.
 *
 * The fault has read the pmd entry and is about to read the table that it leads to. It
 * holds what the lockless walk of gup_table_free holds, so the same matrix says who waits
 * for it; here, under the flushes that wait for nobody. What it would read in a table
 * that is freed it would throw away again, mm->seq having moved: only a machine that
 * tells freed memory from other sees the mistake. So this is for the simulated one.
 */
#include "tests/races/first_touch.h"

static void setup(void)
{
	first_touch_setup(2, RACE_AT);
}

static void unmap(void)
{
	RACE_CLAIM(!mm_unmap(mm, RACE_AT, 2 * PAGE_SIZE), "nothing is in the way");
}

static void touch(void)
{
	mm_use(mm);
	first_touch();
	mm_use(NULL);
}

RACE(spec_walk) = {
	.name = "spec_walk",
	.story = "a speculative fault in a table that munmap() frees",
	.setup = setup,
	.actor = {touch, unmap},
	.teardown = first_touch_teardown,
	.script = "0@spec_table 1 r 0",
	.sweeps = "tables reader rcu flush=broadcast fault=speculative machine=B",
	.cells =
		(const struct race_cell[]){
			{"tables=immediate", RACE_DAMAGED, "nobody waits"},
			{"tables=ipi reader=irq,both", RACE_DETECTED, "a cross-call"},
			{"tables=ipi", RACE_DAMAGED, "the walker answers the IPI"},
			{"reader=none", RACE_DAMAGED, "it is no reader"},
			{"reader=irq rcu=counter", RACE_DAMAGED, "it is not counted"},
			{"", RACE_DETECTED, "mm->seq has moved"},
			{},
		},
};
