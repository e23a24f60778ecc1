/*
 * tests/races/fork_write.c - a thread of the parent goes on writing while another forks.
 *
 * Its CPU has a translation that allows writing. When fork has returned, the child is
 * what the parent was: nothing that is written after that may reach it.
 */
#include "tests/races/help.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/trace.h"

static struct mm *mm, *child;
static u32 forked; /* (a) mm_fork() has returned */

static void setup(void)
{
	mm = race_mm(1, RACE_RW);
	child = NULL;
	forked = 0;
}

static void put(u64 word)
{
	RACE_CLAIM(!arch_copy_to_user(RACE_AT, &word, sizeof(word)), "it writes");
}

static void write_twice(void)
{
	mm_use(mm);
	put(1);
	TRACE_POINT(race);
	put(atomic_load(&forked) ? 2 : 1);
	mm_use(NULL);
}

static void fork_it(void)
{
	child = mm_fork(mm);
	atomic_store(&forked, 1);
}

static void check(void)
{
	RACE_CLAIM(*(u64 *)page_address(race_page(child, RACE_AT)) != 2,
		"the child has what was written after the fork");
}

static void teardown(void)
{
	mm_put(child);
	mm_put(mm);
}

RACE(fork_write) = {
	.name = "fork_write",
	.story = "a thread goes on writing while another one forks",
	.setup = setup,
	.actor = {write_twice, fork_it},
	.check = check,
	.teardown = teardown,
	.script = "0@race 1 0",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=fork_flush machine=s390x flush=broadcast", RACE_HARMLESS,
				"IPTE has flushed"},
			{"mutant=fork_flush", RACE_DAMAGED, "a stale translation"},
			{"", RACE_HARMLESS, "every CPU is flushed"},
			{},
		},
};
