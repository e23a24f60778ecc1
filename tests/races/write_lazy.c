/*
 * tests/races/write_lazy.c - a program writes to a page that it has given up, and reads
 * what it wrote. Number Z24 of the zoo, without a device.
 *
 * Its CPU has a translation from before that allows writing. If that lived on, the store
 * would be no fault, nobody would know that the page is wanted again, and reclaim would
 * take it with what was written. So giving up ends with a flush, before reclaim sees it.
 */
#include "arch/contract/uaccess.h"
#include "kernel/base/trace.h"
#include "tests/races/help.h"

static struct mm *mm;
static u32 given_up; /* (a) madvise() has returned */

static void setup(void)
{
	mm = race_mm(1, RACE_RW);
	given_up = 0;
}

static void write_and_read(void)
{
	u64 word = 1;
	bool after;

	mm_use(mm);
	RACE_CLAIM(!arch_copy_to_user(RACE_AT, &word, sizeof(word)), "it is mapped");
	TRACE_POINT(race);
	after = atomic_load(&given_up);
	word = 2;
	RACE_CLAIM(!arch_copy_to_user(RACE_AT, &word, sizeof(word)), "it writes");
	RACE_CLAIM(!mm_page_out(mm, RACE_AT, PAGE_SIZE), "reclaim looks at it");
	RACE_CLAIM(!arch_copy_from_user(&word, RACE_AT, sizeof(word)), "it reads");
	RACE_CLAIM(!after || word == 2, "what was written after madvise() is lost");
	mm_use(NULL);
}

static void give_up(void)
{
	RACE_CLAIM(!mm_free_lazily(mm, RACE_AT, PAGE_SIZE), "it is given up");
	atomic_store(&given_up, 1);
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(write_lazy) = {
	.name = "write_lazy",
	.story = "a program writes to a page that it has given up",
	.setup = setup,
	.actor = {write_and_read, give_up},
	.teardown = teardown,
	.script = "0@race 1 0",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=lazy_flush machine=s390x flush=broadcast", RACE_HARMLESS,
				"IPTE has flushed"},
			{"mutant=lazy_flush", RACE_DAMAGED, "a stale translation"},
			{"", RACE_HARMLESS, "every CPU is flushed"},
			{},
		},
};
