/*
 * tests/races/walk_protect.c - as walk_external.c, by the walk in force: it stores where
 * it looks, under the lock that munmap() takes to clear.
 */
#include "tests/races/walk_help.h"

static void walk(void)
{
	mapping_write_protect(object, 0, HUGE_PAGES);
}

static void unmap(void)
{
	RACE_CLAIM(!mm_unmap(mm, RACE_AT, HUGE_SIZE), "it is unmapped");
}

static void check(void)
{
	RACE_CLAIM(!race_page(mm, RACE_AT), "what is unmapped is mapped");
}

RACE(walk_protect) = {
	.name = "walk_protect",
	.story = "a walk that stores where it looks, beside munmap()",
	.setup = walk_setup,
	.actor = {walk, unmap},
	.check = check,
	.teardown = walk_teardown,
	.script = "0@walk_look 1 0",
	.sweeps = "machine=C,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"", RACE_EXCLUDED, "rmap"},
			{},
		},
};
