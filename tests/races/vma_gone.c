/*
 * tests/races/vma_gone.c - a fault is about to hold a VMA that is in no set any more.
 *
 * The fault has found the VMA, and not yet counted itself in. munmap() takes all of it,
 * and frees it. Its fields say what they said before, whose it is, too; and no write
 * section is open. Only that it counts no user tells.
 */
#include "tests/races/first_touch.h"

static void setup(void)
{
	first_touch_setup(1, RACE_AT);
}

static void unmap(void)
{
	RACE_CLAIM(!mm_unmap(mm, RACE_AT, PAGE_SIZE), "it is unmapped");
}

static void check(void)
{
	RACE_CLAIM(!mm_pages(mm), "a page without a VMA");
}

RACE(vma_gone) = {
	.name = "vma_gone",
	.story = "a fault holds a VMA that is freed",
	.setup = setup,
	.actor = {first_touch, unmap},
	.check = check,
	.teardown = first_touch_teardown,
	.script = "0@vma_found 1 0",
	.sweeps = "fault=vma",
	.cells =
		(const struct race_cell[]){
			{"mutant=vma_detached", RACE_DAMAGED, "a page without a VMA"},
			{"", RACE_DETECTED, "it has no users"},
			{},
		},
};
