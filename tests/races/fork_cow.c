/*
 * tests/races/fork_cow.c - fork() protects a page and flushes later; a write fault copies
 * it in between, while a third thread goes on writing. Number Z19 of the zoo, Linux 2021.
 *
 * The third thread's CPU has the old translation, which allows writing, until fork() has
 * flushed. A copy made before that would lack what is written through it: the store is
 * lost. The fault waits, because fork() holds mm->lock until the flush is done.
 */
#include "tests/races/help.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/trace.h"

static struct mm *mm, *child;

static void setup(void)
{
	mm = race_mm(1, RACE_RW);
	child = NULL;
}

static void put(u64 word)
{
	RACE_CLAIM(!arch_copy_to_user(RACE_AT, &word, sizeof(word)), "it writes");
}

static void fork_it(void)
{
	child = mm_fork(mm);
}

static void fault(void)
{
	RACE_CLAIM(!mm_fault(mm, RACE_AT, ACCESS_WRITE), "it may be written");
}

static void write_twice(void)
{
	mm_use(mm);
	put(1);
	TRACE_POINT(race);
	put(2);
	mm_use(NULL);
}

static void check(void)
{
	const u64 *word = page_address(race_page(mm, RACE_AT));

	RACE_CLAIM(*word == 2, "a store is lost");
}

static void teardown(void)
{
	mm_put(child);
	mm_put(mm);
}

RACE(fork_cow) = {
	.name = "fork_cow",
	.story = "fork() protects, a fault copies, and a third thread writes",
	.setup = setup,
	.actor = {fork_it, fault, write_twice},
	.check = check,
	.teardown = teardown,
	.script = "2@race 0@tlb_flush 1@cow_replace 2 0 1",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=fork_flush machine=s390x flush=broadcast", RACE_HARMLESS,
				"IPTE has flushed"},
			{"mutant=fork_flush", RACE_DAMAGED,
				"the copy is made under a stale translation"},
			{"", RACE_EXCLUDED, "mm"},
			{},
		},
};
