/*
 * tests/races/fault_munmap.c - a first touch of a page beside munmap() of it.
 *
 * The fault has found its VMA and made a frame; it is about to map it. munmap() waits for
 * mm->lock, which the fault holds for reading, or for the VMA, if it holds only that: the
 * page comes, and then goes. Without either the page would be mapped where no VMA is any
 * more, and nobody would ever free it.
 */
#include "tests/races/first_touch.h"

static void setup(void)
{
	first_touch_setup(1, RACE_AT);
}

static void unmap(void)
{
	RACE_CLAIM(!mm_unmap(mm, RACE_AT, PAGE_SIZE), "nothing is in the way");
}

static void check(void)
{
	RACE_CLAIM(!mm_pages(mm), "no page is left");
}

RACE(fault_munmap) = {
	.name = "fault_munmap",
	.story = "a first touch beside munmap()",
	.setup = setup,
	.actor = {first_touch, unmap},
	.check = check,
	.teardown = first_touch_teardown,
	.script = "0@anon_install 1 r 0",
	.sweeps = "flush fault",
	.cells =
		(const struct race_cell[]){
			{"mutant=unmap_claims,vma_drained", RACE_DAMAGED,
				"a page without a VMA"},
			{"mutant=spec_seq_first fault=speculative", RACE_DAMAGED,
				"a table that is none any more"},
			{"fault=speculative", RACE_DETECTED, "mm->seq has moved"},
			{"fault=mmap", RACE_EXCLUDED, "mm"},
			{"fault=vma machine=x86_64,s390x", RACE_EXCLUDED, "vma"},
			{"fault=vma", RACE_EXCLUDED, "wait queue"},
			{},
		},
};
