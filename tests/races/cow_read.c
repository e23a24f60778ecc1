/*
 * tests/races/cow_read.c - a thread reads a page while another one's store replaces it by
 * a copy.
 *
 * The reader's CPU has the old translation. Once the writer has stored to the copy, and
 * says so, the reader must see it: to both it is one address. So the old translation is
 * gone from every CPU before the new entry is there.
 */
#include "tests/races/help.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/trace.h"

static struct mm *parent, *mm;
static u32 stored; /* (a) the writer is done */

static void setup(void)
{
	parent = race_mm(1, RACE_RW);
	mm = mm_fork(parent);
	RACE_CLAIM(mm, "the setup forks");
	stored = 0;
}

static u64 get(void)
{
	u64 word = ~0UL;

	RACE_CLAIM(!arch_copy_from_user(&word, RACE_AT, sizeof(word)), "it reads");
	return word;
}

static void read_twice(void)
{
	bool done;

	mm_use(mm);
	(void)get();
	TRACE_POINT(race);
	done = atomic_load(&stored);
	RACE_CLAIM(get() == 7 || !done, "a store that was made is not seen");
	mm_use(NULL);
}

static void put(void)
{
	u64 word = 7;

	mm_use(mm);
	RACE_CLAIM(!arch_copy_to_user(RACE_AT, &word, sizeof(word)), "it writes");
	mm_use(NULL);
	atomic_store(&stored, 1);
}

static void teardown(void)
{
	mm_put(mm);
	mm_put(parent);
}

RACE(cow_read) = {
	.name = "cow_read",
	.story = "a thread reads a page while a store replaces it by a copy",
	.setup = setup,
	.actor = {read_twice, put},
	.teardown = teardown,
	.script = "0@race 1 0",
	.sweeps = "flush fault",
	.cells =
		(const struct race_cell[]){
			{"mutant=cow_flush_first machine=s390x flush=broadcast",
				RACE_HARMLESS, "IPTE has flushed"},
			{"mutant=cow_flush_first", RACE_DAMAGED, "a stale translation"},
			{"", RACE_HARMLESS, "every CPU is flushed"},
			{},
		},
};
