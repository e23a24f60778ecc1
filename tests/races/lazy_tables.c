/*
 * tests/races/lazy_tables.c - a table is freed while a CPU has its mm loaded lazily.
 * Number Z17 of the zoo, from 2017 to 2025 in five forms.
 *
 * The CPU runs a kernel thread, and has kept the mm of before. It reads no user memory,
 * so a flush of pages may spare it. But its walker may go through the tables on its own,
 * from what it remembers of the way: if tables go, the CPU must be asked, and lets go of
 * them. Under flush=broadcast nobody is spared. The damage is what the oracles see: a
 * table is freed that a CPU still has the way to.
 */
#include "tests/races/help.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/trace.h"

static struct mm *mm;

static void setup(void)
{
	mm = race_mm(1, PROT_READ);
}

static void laze(void)
{
	u64 word;

	mm_use(mm);
	if (arch_copy_from_user(&word, RACE_AT, sizeof(word)))
		word = 0;
	mm_use(NULL);
	TRACE_POINT(race);
	race_speculate(RACE_AT);
}

static void unmap(void)
{
	(void)mm_unmap(mm, RACE_AT, PAGE_SIZE);
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(lazy_tables) = {
	.name = "lazy_tables",
	.story = "a table is freed while a lazy CPU has it loaded",
	.setup = setup,
	.actor = {laze, unmap},
	.teardown = teardown,
	.script = "0@race 1 r 0",
	.sweeps = "flush tables",
	.cells =
		(const struct race_cell[]){
			{"mutant=lazy_walks_tables flush=ipi", RACE_DAMAGED,
				"the lazy CPU is spared"},
			{"mutant=lazy_walks_tables", RACE_HARMLESS,
				"a broadcast spares nobody"},
			{"", RACE_HARMLESS, "the lazy CPU is asked"},
			{},
		},
};
