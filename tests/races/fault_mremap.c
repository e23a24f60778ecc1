/*
 * tests/races/fault_mremap.c - a first touch of a page beside mremap() of it.
 *
 * The fault has found its VMA and the entry, and is about to map a page there. mremap()
 * takes the mapping somewhere else, and with it the lowest table, as a whole or entry by
 * entry. Then the old place has no VMA, and the fault's pointer leads to an entry of the
 * new one, or of a table that is freed. So it waits for the fault, as munmap() does. (A
 * long race: one geometry of the simulated machine will do.)
 */
#include "tests/races/first_touch.h"

#define NEW_AT (RACE_AT + (1UL << 30))

static void setup(void)
{
	first_touch_setup(2, RACE_AT);
}

static void move(void)
{
	unsigned long to = NEW_AT;

	RACE_CLAIM(!mm_remap(mm, RACE_AT, 2 * PAGE_SIZE, 2 * PAGE_SIZE,
			   MM_REMAP_MAYMOVE | MM_REMAP_FIXED, &to),
		"it moves");
}

static void check(void)
{
	RACE_CLAIM(!race_page(mm, RACE_AT) && race_page(mm, NEW_AT + PAGE_SIZE),
		"what was mapped is at the new place, and nothing at the old one");
	RACE_CLAIM(mm_pages(mm) == 1 + !!race_page(mm, NEW_AT), "a page is lost");
}

RACE(fault_mremap) = {
	.name = "fault_mremap",
	.story = "a first touch beside mremap()",
	.setup = setup,
	.actor = {first_touch, move},
	.check = check,
	.teardown = first_touch_teardown,
	.script = "0@anon_install 1 0",
	.sweeps = "flush fault machine=B,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"mutant=vma_drained,remap_claims fault=vma", RACE_DAMAGED,
				"a page without a VMA"},
			{"mutant=remap_claims fault=mmap", RACE_DAMAGED,
				"the books about claims tell"},
			{"fault=speculative", RACE_DETECTED, "mm->seq has moved"},
			{"fault=mmap", RACE_EXCLUDED, "mm"},
			{"fault=vma machine=x86_64,s390x", RACE_EXCLUDED, "vma"},
			{"fault=vma", RACE_EXCLUDED, "wait queue"},
			{},
		},
};
