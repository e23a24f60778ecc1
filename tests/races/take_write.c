/*
 * tests/races/take_write.c - a program writes to a page while another of its threads
 * gives it away.
 *
 * It has written already, so its CPU has the translation. Who is given the page reads it
 * without fear of the sender: when the page is taken, no store of the sender's may come.
 */
#include "tests/races/help.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/trace.h"

static struct mm *mm;
static struct page *taken;
static u64 seen; /* what the page held when it was taken */

/* A second page keeps the table. */
static void setup(void)
{
	mm = race_mm(2, RACE_RW);
	taken = NULL;
}

static void write_twice(void)
{
	u64 word = 1;

	mm_use(mm);
	RACE_CLAIM(!arch_copy_to_user(RACE_AT, &word, sizeof(word)), "it writes");
	TRACE_POINT(race);
	word = 2;
	RACE_CLAIM(!arch_copy_to_user(RACE_AT, &word, sizeof(word)), "it writes again");
	mm_use(NULL);
}

static void take(void)
{
	mm_use(mm);
	RACE_CLAIM(!mm_take_pages(mm, RACE_AT, 1, &taken), "the page is taken");
	seen = READ_ONCE(*(u64 *)page_address(taken));
	mm_use(NULL);
}

static void check(void)
{
	RACE_CLAIM(*(u64 *)page_address(taken) == seen, "the sender writes to it");
}

static void teardown(void)
{
	page_put(taken);
	mm_put(mm);
}

RACE(take_write) = {
	.name = "take_write",
	.story = "a program writes to a page that it gives away",
	.setup = setup,
	.actor = {write_twice, take},
	.check = check,
	.teardown = teardown,
	.script = "0@race 1 0",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=take_flush,remote_flush machine=s390x "
			 "flush=broadcast",
				RACE_HARMLESS, "IPTE has flushed"},
			{"mutant=remote_flush flush=broadcast", RACE_HARMLESS,
				"a broadcast asks nobody"},
			{"mutant=take_flush,remote_flush", RACE_DAMAGED,
				"a stale translation"},
			{"", RACE_HARMLESS, "every CPU is flushed"},
			{},
		},
};
