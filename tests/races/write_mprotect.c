/*
 * tests/races/write_mprotect.c - a program writes while mprotect() forbids it.
 *
 * It has written already, so its CPU has the translation. When mprotect() has returned,
 * no write may come through: the caller acts on that promise. What keeps it is the flush,
 * and it must be one of every CPU that has the mm.
 */
#include "tests/races/help.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/trace.h"

static struct mm *mm;
static u32 promised; /* (a) mprotect() has returned */

static void setup(void)
{
	mm = race_mm(1, RACE_RW);
	promised = 0;
}

static void write_twice(void)
{
	u64 word = 1;
	bool forbidden;

	mm_use(mm);
	if (arch_copy_to_user(RACE_AT, &word, sizeof(word)))
		word = 0; /* forbidden already */
	TRACE_POINT(race);
	forbidden = atomic_load(&promised);
	RACE_CLAIM(arch_copy_to_user(RACE_AT, &word, sizeof(word)) || !forbidden,
		"it is written after mprotect() has returned");
	mm_use(NULL);
}

static void protect(void)
{
	(void)mm_protect(mm, RACE_AT, PAGE_SIZE, PROT_READ);
	atomic_store(&promised, 1);
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(write_mprotect) = {
	.name = "write_mprotect",
	.story = "a program writes while mprotect() forbids it",
	.setup = setup,
	.actor = {write_twice, protect},
	.teardown = teardown,
	.script = "0@race 1 0",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=protect_flush,remote_flush machine=s390x "
			 "flush=broadcast",
				RACE_HARMLESS, "IPTE has flushed"},
			{"mutant=remote_flush flush=broadcast", RACE_HARMLESS,
				"a broadcast asks nobody"},
			{"mutant=protect_flush,remote_flush", RACE_DAMAGED,
				"a stale translation"},
			{"", RACE_HARMLESS, "every CPU is flushed"},
			{},
		},
};
