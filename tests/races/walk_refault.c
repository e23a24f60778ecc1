/*
 * tests/races/walk_refault.c - a walk that wants pages splits a leaf, and a fault
 * brings it back. Number Z21 of the zoo, and seed S4's "a pud leaf faulted in between
 * split and walk", one level lower.
 *
 * The leaf becomes nothing, and the walk is done with it: it has looked before it let go
 * of the lock. The fault comes before, or after.
 */
#include "mm/space/pagewalk.h"
#include "tests/races/walk_help.h"

static int look(struct mm_walk *walk, const struct descent *at, unsigned long address,
	unsigned long end)
{
	walk_claim_table(at->ptr);
	return 0;
}

static void walk(void)
{
	static const struct mm_walk_ops ops = {.entry = {[LEVEL_PTE] = look}};

	RACE_CLAIM(!walk_page_mapping(object, 0, HUGE_PAGES, &ops, NULL), "a walk");
}

RACE(walk_refault) = {
	.name = "walk_refault",
	.story = "a leaf is split by a walk, and brought back by a fault",
	.setup = walk_setup,
	.actor = {walk, walk_touch},
	.teardown = walk_teardown,
	.script = "0@walk_split 1 0",
	.sweeps = "machine=C,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"machine=s390x", RACE_HARMLESS, "no leaves"},
			{"", RACE_EXCLUDED, "page table"},
			{},
		},
};
