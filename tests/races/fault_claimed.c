/*
 * tests/races/fault_claimed.c - a fault is about to hold a VMA that a write section has
 * claimed meanwhile. Number Z25 (c) of the zoo: what was asked before counting in
 * says nothing.
 *
 * munmap() of a VMA's second and third page has waited for those who held it, and goes
 * through the table: there is nothing at the second one, the third one goes. If the fault
 * gets hold of the VMA now, which still spans the second page, it maps one there: behind
 * the walk.
 */
#include "tests/races/first_touch.h"

#define SECOND (RACE_AT + PAGE_SIZE)

static void setup(void)
{
	first_touch_setup(3, SECOND);
}

static void unmap(void)
{
	RACE_CLAIM(!mm_unmap(mm, SECOND, 2 * PAGE_SIZE), "two are unmapped");
}

static void check(void)
{
	RACE_CLAIM(!race_page(mm, SECOND) && mm_pages(mm) == 1, "a page without a VMA");
}

RACE(fault_claimed) = {
	.name = "fault_claimed",
	.story = "a fault holds a VMA that a write section has claimed",
	.setup = setup,
	.actor = {first_touch, unmap},
	.check = check,
	.teardown = first_touch_teardown,
	.script = "0@vma_found 1@unhook 0 1",
	.sweeps = "fault=vma",
	.cells =
		(const struct race_cell[]){
			{"mutant=vma_claimed", RACE_DAMAGED, "a page without a VMA"},
			{"", RACE_DETECTED, "it is claimed"},
			{},
		},
};
