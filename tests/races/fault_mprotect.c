/*
 * tests/races/fault_mprotect.c - a first touch of a page beside mprotect(PROT_READ) of
 * it.
 *
 * The fault has read from its VMA that the page may be written; it is about to map it so.
 * mprotect() waits for mm->lock, which the fault holds for reading, or until the VMA is
 * not held any more. Without that an entry would allow what its VMA forbids, after the
 * caller was told that nobody can.
 */
#include "tests/races/first_touch.h"

static void setup(void)
{
	first_touch_setup(1, RACE_AT);
}

static void protect(void)
{
	RACE_CLAIM(
		!mm_protect(mm, RACE_AT, PAGE_SIZE, PROT_READ), "nothing is in the way");
}

static void check(void)
{
	struct descent at;

	descend_find(mm, RACE_AT, &at);
	RACE_CLAIM(pxd_none(at.level, at.entry) ||
			   arch_pxd_prot(LEVEL_PTE, at.entry) == PROT_READ,
		"the entry allows more than its VMA");
}

RACE(fault_mprotect) = {
	.name = "fault_mprotect",
	.story = "a first touch beside mprotect(PROT_READ)",
	.setup = setup,
	.actor = {first_touch, protect},
	.check = check,
	.teardown = first_touch_teardown,
	.script = "0@anon_install 1 0",
	.sweeps = "flush fault",
	.cells =
		(const struct race_cell[]){
			{"mutant=vma_drained fault=vma", RACE_DAMAGED,
				"it allows what it must not"},
			{"fault=speculative", RACE_DETECTED, "mm->seq has moved"},
			{"fault=mmap", RACE_EXCLUDED, "mm"},
			{"fault=vma machine=x86_64,s390x", RACE_EXCLUDED, "vma"},
			{"fault=vma", RACE_EXCLUDED, "wait queue"},
			{},
		},
};
