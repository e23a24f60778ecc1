/*
 * tests/races/fault_munmap.c - a first touch of a page beside munmap() of it.
 *
 * The fault has found its VMA and made a frame; it is about to map it. munmap() waits for
 * mm->lock, which the fault holds for reading: the page comes, and then goes. Without the
 * lock the page would be mapped where no VMA is any more, and nobody would ever free it.
 */
#include "tests/races/help.h"
#include "kernel/base/errno.h"

static struct mm *mm;

static void setup(void)
{
	unsigned long at = RACE_AT;

	mm = mm_create();
	RACE_CLAIM(!mm_map(mm, &at, PAGE_SIZE, RACE_RW, MM_FIXED), "maps");
}

static void touch(void)
{
	int error = mm_fault(mm, RACE_AT, ACCESS_WRITE);

	RACE_CLAIM(!error || error == -EFAULT, "it is mapped, or must not be");
}

static void unmap(void)
{
	RACE_CLAIM(!mm_unmap(mm, RACE_AT, PAGE_SIZE), "nothing is in the way");
}

static void check(void)
{
	RACE_CLAIM(!mm->pages, "no page is left");
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(fault_munmap) = {
	.name = "fault_munmap",
	.story = "a first touch beside munmap()",
	.setup = setup,
	.actor = {touch, unmap},
	.check = check,
	.teardown = teardown,
	.script = "0@anon_install 1 0",
	.sweeps = "",
	.cells =
		(const struct race_cell[]){
			{"", RACE_EXCLUDED, "mm"},
			{},
		},
};
