/*
 * tests/unit/lockless.c - does what a walker holds (reader=) keep the table that it is
 * in, against how tables are freed (tables=) and flushed (flush=)? All combinations, the
 * wrong ones too: there the table is freed under the walker, every time.
 */
#include "tests/unit/crew.h"
#include "tests/unit/mm_help.h"
#include "tests/unit/unit.h"
#include "arch/contract/irq.h"
#include "kernel/base/ipi.h"
#include "kernel/base/print.h"
#include "mm/table/lockless.h"
#include "mm/table/ptdesc.h"

#define AT 0x40000000UL

enum verdict {
	KEPT,   /* unmapped and flushed, not freed */
	WAITED, /* the other CPU waits for us */
	FREED,  /* under the walker */
};

static struct mm *mm;
static u32 inside, done;     /* (a) */
static enum verdict verdict; /* the walker's, after `done` */

/* In the section: a table is found, and the other CPU takes it away. */
static void walk(unsigned long unused)
{
	cpuset_t me = 1U << arch_cpu_id();
	struct ptdesc *table;
	struct descent at;
	unsigned long irqs;
	u32 generation;

	mm_use(mm);
	irqs = lockless_begin();
	descend_find(mm, AT, &at);
	table = ptdesc_of(LEVEL_PTE, at.ptr);
	generation = table->generation;
	verdict = KEPT;
	atomic_store(&inside, 1);
	while (!atomic_load(&done) && verdict == KEPT) {
		if (!arch_irq_enabled() && (ipi_awaited() & me))
			verdict = WAITED;
		arch_cpu_relax();
	}
	if (READ_ONCE(table->type) != PAGE_TABLE || table->generation != generation)
		verdict = FREED;
	lockless_end(irqs);
	mm_use(NULL);
}

/* A grace period ends in spite of the section. */
static bool period_ends(void)
{
	return policies.reader == READER_NONE ||
	       (policies.reader == READER_IRQ && rcu_counts_readers());
}

static enum verdict meet(void)
{
	unsigned long at = AT;

	mm = mm_create();
	EXPECT_EQ(mm_map(mm, &at, PAGE_SIZE, PROT_READ, MM_FIXED | MM_POPULATE), 0);
	inside = done = 0;
	crew_start(walk, 0, 2);
	spin_until(atomic_load(&inside));
	EXPECT_EQ(mm_unmap(mm, AT, PAGE_SIZE), 0);
	if (period_ends())
		synchronize_rcu();
	atomic_store(&done, 1);
	crew_join();
	mm_put(mm);
	rcu_barrier();
	return verdict;
}

static enum verdict expected(void)
{
	bool irqs_off = policies.reader == READER_IRQ || policies.reader == READER_BOTH;

	if (policies.flush == FLUSH_IPI && irqs_off)
		return WAITED;
	if (policies.tables == TABLES_IMMEDIATE)
		return FREED;
	if (policies.tables == TABLES_IPI)
		return irqs_off ? WAITED : FREED;
	return period_ends() ? FREED : KEPT;
}

UNIT_TEST(lockless_readers_against_freers)
{
	struct table_policies usual = policies;

	if (!(cpus_online & 2)) {
		unit_skip("needs two CPUs");
		return;
	}
	EXPECT_EQ(thread_set_allowed(current(), 1), 0);
	for (int cell = 0; cell < 2 * 4 * 4; cell++) {
		policies.flush = cell / 16;
		policies.tables = cell / 4 % 4;
		policies.reader = cell % 4;
		if (meet() != expected())
			print("# flush=%d tables=%d reader=%d (mm/table/policy.h):\n",
				policies.flush, policies.tables, policies.reader);
		EXPECT_EQ(verdict, expected());
	}
	policies = usual;
	EXPECT_EQ(thread_set_allowed(current(), ANYWHERE), 0);
}
