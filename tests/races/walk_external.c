/*
 * tests/races/walk_external.c - a walk keeps faults out, and believes that what
 * it saw stays; munmap() is none. Seed S4: "couldn't anybody just run madvise() to
 * clear those?"
 */
#include "mm/rivals/pagewalk.h"
#include "tests/races/walk_help.h"

static void walk(void)
{
	pagewalk_external(mm, RACE_AT); /* nobody faults here: as good as any lock */
}

static void unmap(void)
{
	RACE_CLAIM(!mm_unmap(mm, RACE_AT, HUGE_SIZE), "it is unmapped");
}

static void check(void)
{
	RACE_CLAIM(!race_page(mm, RACE_AT), "what is unmapped is mapped");
}

RACE(walk_external) = {
	.name = "walk_external",
	.story = "a walk that keeps only faults out, beside munmap()",
	.setup = walk_setup,
	.actor = {walk, unmap},
	.check = check,
	.teardown = walk_teardown,
	.script = "0@walk_look 1 0",
	.sweeps = "machine=C,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"machine=s390x", RACE_HARMLESS, "no leaves"},
			{"", RACE_DAMAGED, "the leaf is put back"},
			{},
		},
};
