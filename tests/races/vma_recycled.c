/*
 * tests/races/vma_recycled.c - a fault is about to hold a VMA that is another mm's by
 * then. Number Z25 (e) of the zoo.
 *
 * The fault has found its VMA in the set, and not yet counted itself in. The VMA is
 * unmapped and freed; the other mm maps something at the same address, and gets the same
 * memory for its VMA: it is in use, spans the address, and is claimed by nobody that this
 * mm's sequence would tell of. Only whose it is says that it is the wrong one: the page
 * would be mapped here, where no VMA is, and nobody would ever free it.
 */
#include "tests/races/help.h"
#include "kernel/base/errno.h"

static struct mm *mm, *other;

static void setup(void)
{
	unsigned long at = RACE_AT, beside = RACE_AT + PAGE_SIZE;

	mm = race_mm(2, RACE_RW);
	RACE_CLAIM(!mm_unmap(mm, RACE_AT, PAGE_SIZE) &&
			   !mm_map(mm, &at, PAGE_SIZE, PROT_READ, MM_FIXED),
		"the first page is one of its own");
	other = mm_create();
	RACE_CLAIM(!mm_map(other, &beside, PAGE_SIZE, PROT_READ, MM_FIXED),
		"the other has the same tables");
}

static void touch(void)
{
	int error = mm_fault(mm, RACE_AT, ACCESS_READ);

	RACE_CLAIM(!error || error == -EFAULT, "it is mapped, or must not be");
}

static void recycle(void)
{
	unsigned long at = RACE_AT;

	RACE_CLAIM(!mm_unmap(mm, RACE_AT, PAGE_SIZE), "it is unmapped");
	RACE_CLAIM(!mm_map(other, &at, PAGE_SIZE, RACE_RW, MM_FIXED), "another one");
}

static void check(void)
{
	RACE_CLAIM(!race_page(mm, RACE_AT), "a page without a VMA");
}

static void teardown(void)
{
	mm_put(other);
	mm_put(mm);
}

RACE(vma_recycled) = {
	.name = "vma_recycled",
	.story = "a fault holds a VMA that is another mm's by then",
	.setup = setup,
	.actor = {touch, recycle},
	.check = check,
	.teardown = teardown,
	.script = "0@vma_found 1 0",
	.sweeps = "fault=vma",
	.cells =
		(const struct race_cell[]){
			{"mutant=vma_of_mm", RACE_DAMAGED, "a page without a VMA"},
			{"", RACE_DETECTED, "it is another mm's"},
			{},
		},
};
