/*
 * tests/races/fault_stack.c - two threads touch what lies below one stack. Number Z25 (a)
 * of the zoo: StackRot, CVE-2023-3269.
 *
 * Both faults find the stack where it ended before, and make it larger: the one by a
 * page, the other by two. With mm->lock for reading only, the second page would be mapped
 * when the first fault makes the stack a page smaller again.
 */
#include "tests/races/help.h"

static struct mm *mm;

static void setup(void)
{
	unsigned long at = RACE_AT;

	mm = mm_create();
	RACE_CLAIM(!mm_map(mm, &at, PAGE_SIZE, RACE_RW, MM_FIXED | MM_STACK) &&
			   !mm_fault(mm, RACE_AT, ACCESS_WRITE),
		"the setup has a stack");
}

static void touch(unsigned long address)
{
	RACE_CLAIM(!mm_fault(mm, address, ACCESS_WRITE), "it grows");
}

static void touch_near(void)
{
	touch(RACE_AT - PAGE_SIZE);
}

static void touch_far(void)
{
	touch(RACE_AT - 2 * PAGE_SIZE);
}

static void check(void)
{
	RACE_CLAIM(mm_pages(mm) == 3, "all three are mapped");
	RACE_CLAIM(mm_vma_count(mm) == 1 &&
			   !mm_unmap(mm, RACE_AT - 2 * PAGE_SIZE, 3 * PAGE_SIZE) &&
			   !mm_pages(mm),
		"a page without a VMA");
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(fault_stack) = {
	.name = "fault_stack",
	.story = "two threads touch what lies below one stack",
	.setup = setup,
	.actor = {touch_near, touch_far},
	.check = check,
	.teardown = teardown,
	.script = "0 1",
	.sweeps = "fault=mmap",
	.cells =
		(const struct race_cell[]){
			{"mutant=stack_grow_write", RACE_DAMAGED, "it is not locked"},
			{"", RACE_HARMLESS, "one after the other"},
			{},
		},
};
