/*
 * tests/races/spec_flush.c - a speculative fault needs table_lock of one who waits for
 * its CPU. Lab 4 of the notes on speculative faults.
 *
 * Another thread replaces a shared page by its copy: with table_lock it flushes, and
 * waits until every CPU of the mm has answered. The fault's, in its walk section, does
 * not (reader=irq): so it must not wait for the lock either, only try.
 */
#include "kernel/base/errno.h"
#include "tests/races/help.h"

#define FIRST  RACE_AT
#define SHARED (RACE_AT + PAGE_SIZE)

static struct mm *mm, *child;

static void setup(void)
{
	mm = race_mm(2, RACE_RW);
	child = mm_fork(mm);
	RACE_CLAIM(child && !mm_discard(mm, FIRST, PAGE_SIZE), "nothing is mapped there");
}

static void touch(void)
{
	mm_use(mm);
	RACE_CLAIM(!mm_fault(mm, FIRST, ACCESS_WRITE), "it is mapped");
	mm_use(NULL);
}

static void write_shared(void)
{
	RACE_CLAIM(!mm_fault(mm, SHARED, ACCESS_WRITE), "it may be written");
}

static void check(void)
{
	/* Without a lock: who holds it may be waiting for ever. */
	RACE_CLAIM(race_page(mm, FIRST) && race_page(mm, SHARED), "both are mapped");
}

static void teardown(void)
{
	mm_put(child);
	mm_put(mm);
}

RACE(spec_flush) = {
	.name = "spec_flush",
	.story = "a speculative fault beside a flush with the table lock held",
	.setup = setup,
	.actor = {touch, write_shared},
	.check = check,
	.teardown = teardown,
	.script = "0@spec_lock 1 0",
	.sweeps = "flush reader fault=speculative",
	.cells =
		(const struct race_cell[]){
			{"mutant=spec_trylock flush=ipi reader=irq,both", RACE_DAMAGED,
				"they wait for each other"},
			{"flush=ipi reader=irq,both", RACE_EXCLUDED, "cross-call"},
			{"", RACE_HARMLESS, "the lock is free"},
			{},
		},
};
