/*
 * tests/races/fault_shrink.c - a fault is about to hold a VMA of which just this page is
 * unmapped.
 *
 * The fault has found the VMA, and not yet counted itself in. munmap() of the VMA's
 * second page makes it smaller: the VMA is the same object, in the same set, claimed by
 * nobody any more. While the section is open the claim tells, afterwards the bounds do.
 */
#include "tests/races/first_touch.h"

#define SECOND (RACE_AT + PAGE_SIZE)

static void setup(void)
{
	first_touch_setup(2, SECOND);
}

static void shrink(void)
{
	RACE_CLAIM(!mm_unmap(mm, SECOND, PAGE_SIZE), "it becomes smaller");
}

static void check(void)
{
	RACE_CLAIM(!race_page(mm, SECOND) && mm_pages(mm) == 1, "a page without a VMA");
}

RACE(fault_shrink) = {
	.name = "fault_shrink",
	.story = "a fault holds a VMA that has just become smaller",
	.setup = setup,
	.actor = {first_touch, shrink},
	.check = check,
	.teardown = first_touch_teardown,
	.script = "0@vma_found 1 0",
	.sweeps = "fault=vma",
	.cells =
		(const struct race_cell[]){
			{"mutant=vma_spans", RACE_DAMAGED, "a page without a VMA"},
			{"", RACE_DETECTED, "the address is not in it any more"},
			{},
		},
};
