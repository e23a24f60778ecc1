/*
 * tests/races/gup_table_free.c - a lockless walk in a page table that munmap() frees.
 * Number Z5 of the zoo, 2021, found in review: readers that matched no freer.
 *
 * The walker has read the pmd entry and is about to read the table that it leads to. Then
 * everything below it is unmapped and the table unlinked, flushed and, if nobody waits
 * for the walker, freed. Who waits is a matter of what the walker holds (reader=), of how
 * tables are freed (tables=), of how flushes are made (flush=), and of what RCU takes for
 * a reader (rcu=): the whole matrix. The walk is the one in force (step=), stopped and
 * looked at by the hook that draws it (mm/table/gup_leaf.h).
 */
#include "tests/races/walk.h"

static struct mm *mm;

static void setup(void)
{
	mm = race_mm(1, PROT_READ);
}

static void walk(void)
{
	mm_use(mm);
	race_walk(mm, RACE_AT, race_look_at_table);
	mm_use(NULL);
}

static void unmap(void)
{
	(void)mm_unmap(mm, RACE_AT, PAGE_SIZE);
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(gup_table_free) = {
	.name = "gup_table_free",
	.story = "a lockless walk in a table that munmap() frees",
	.setup = setup,
	.actor = {walk, unmap},
	.teardown = teardown,
	.script = "0@gup_table 1 r 0",
	.sweeps = "flush tables reader rcu",
	.cells =
		(const struct race_cell[]){
			{"flush=ipi reader=irq,both", RACE_EXCLUDED, "cross-call"},
			{"tables=immediate", RACE_DAMAGED, "nobody waits"},
			{"tables=ipi reader=irq,both", RACE_EXCLUDED, "cross-call"},
			{"tables=ipi", RACE_DAMAGED, "the walker answers the IPI"},
			{"reader=none", RACE_DAMAGED, "it is no reader"},
			{"reader=irq rcu=counter", RACE_DAMAGED, "it is not counted"},
			{"", RACE_EXCLUDED, "grace period"},
			{"mutant=walker_irqs_off tables=immediate,ipi", RACE_DAMAGED,
				"nobody waits"},
			{"mutant=walker_irqs_off reader=irq,none", RACE_DAMAGED,
				"it is no reader"},
			{"mutant=walker_irqs_off", RACE_EXCLUDED, "grace period"},
			{"mutant=table_grace_period flush=ipi reader=irq,both",
				RACE_EXCLUDED, "cross-call"},
			{"mutant=table_grace_period tables=rcu", RACE_DAMAGED,
				"nobody waits"},
			{"mutant=table_grace_period tables=immediate", RACE_DAMAGED,
				"nobody waits"},
			{"mutant=table_grace_period tables=ipi reader=irq,both",
				RACE_EXCLUDED, "cross-call"},
			{"mutant=table_grace_period tables=ipi", RACE_DAMAGED,
				"the walker answers the IPI"},
			{"mutant=table_grace_period reader=none", RACE_DAMAGED,
				"it is no reader"},
			{"mutant=table_grace_period reader=irq rcu=counter", RACE_DAMAGED,
				"it is not counted"},
			{"mutant=table_grace_period", RACE_EXCLUDED, "grace period"},
			{"mutant=tables_ipi flush=ipi reader=irq,both", RACE_EXCLUDED,
				"cross-call"},
			{"mutant=tables_ipi tables=ipi", RACE_DAMAGED, "nobody waits"},
			{"mutant=tables_ipi tables=immediate", RACE_DAMAGED,
				"nobody waits"},
			{"mutant=tables_ipi reader=none", RACE_DAMAGED,
				"it is no reader"},
			{"mutant=tables_ipi reader=irq rcu=counter", RACE_DAMAGED,
				"it is not counted"},
			{"mutant=tables_ipi", RACE_EXCLUDED, "grace period"},
			{"mutant=rcu_grace flush=ipi reader=irq,both", RACE_EXCLUDED,
				"cross-call"},
			{"mutant=rcu_grace tables=ipi reader=irq,both", RACE_EXCLUDED,
				"cross-call"},
			{"mutant=rcu_grace tables=rcu,rcu-ipi-fallback reader=rcu,both "
			 "rcu=counter",
				RACE_EXCLUDED, "grace period"},
			{"mutant=rcu_preempted_reader flush=ipi reader=irq,both",
				RACE_EXCLUDED, "cross-call"},
			{"mutant=rcu_preempted_reader tables=ipi reader=irq,both",
				RACE_EXCLUDED, "cross-call"},
			{"mutant=rcu_preempted_reader tables=rcu,rcu-ipi-fallback "
			 "reader=irq,both rcu=merged",
				RACE_EXCLUDED, "grace period"},
			{"mutant=rcu_preempted_reader tables=rcu,rcu-ipi-fallback "
			 "reader=rcu,both rcu=counter",
				RACE_EXCLUDED, "grace period"},
			{"mutant=rcu_preempted_reader", RACE_DAMAGED,
				"the reader is forgotten"},
			{"mutant=rcu_grace", RACE_DAMAGED, "no grace period"},
			{},
		},
};
