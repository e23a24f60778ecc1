/*
 * tests/races/vma_gone.c - a fault is about to hold a VMA that is in no set any more.
 *
 * The fault has found the VMA, and not yet counted itself in. munmap() takes all of it,
 * and frees it. Its fields say what they said before, whose it is, too; and no write
 * section is open. Only that it counts no user tells.
 */
#include "tests/races/help.h"
#include "kernel/base/errno.h"

static struct mm *mm;

static void setup(void)
{
	mm = race_mm(1, RACE_RW);
	RACE_CLAIM(!mm_discard(mm, RACE_AT, PAGE_SIZE), "nothing is mapped there");
}

static void touch(void)
{
	int error = mm_fault(mm, RACE_AT, ACCESS_WRITE);

	RACE_CLAIM(!error || error == -EFAULT, "it is mapped, or must not be");
}

static void unmap(void)
{
	RACE_CLAIM(!mm_unmap(mm, RACE_AT, PAGE_SIZE), "it is unmapped");
}

static void check(void)
{
	RACE_CLAIM(!mm->pages, "a page without a VMA");
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(vma_gone) = {
	.name = "vma_gone",
	.story = "a fault holds a VMA that is freed",
	.setup = setup,
	.actor = {touch, unmap},
	.check = check,
	.teardown = teardown,
	.script = "0@vma_found 1 0",
	.sweeps = "fault=vma",
	.cells =
		(const struct race_cell[]){
			{"mutant=vma_detached", RACE_DAMAGED, "a page without a VMA"},
			{"", RACE_DETECTED, "it has no users"},
			{},
		},
};
