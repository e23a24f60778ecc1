/*
 * tests/unit/sim/table_free.c - when tables become free, policy by policy: what was
 * waited for, told by the order of what was traced.
 */
#include "kernel/base/counters.h"
#include "kernel/base/trace.h"
#include "kernel/sched/rcu.h"
#include "mm/table/policy.h"
#include "mm/table/table_free.h"
#include "tests/unit/sim/two_cpus.h"

static struct mm mm;

/* The page and its tables are gone from the mm; position of the flush in the trace. */
static int unmap(enum flush_model flush, enum table_policy tables)
{
	int unhook, at;

	policies.flush = flush;
	policies.tables = tables;
	two_cpus(&mm, LEVEL_P4D);
	rcu_barrier();
	sim_trace_reset();
	table_mm_unmap(&mm, PAGE_AT, PAGE_AT + PAGE_SIZE, 0, 0);
	unhook = sim_trace_find(TRACE_unhook, 0);
	at = sim_trace_find(TRACE_tlb_flush, 0);
	EXPECT(unhook >= 0 && at > unhook);
	EXPECT(sim_trace_find(TRACE_frame_free, 0) > at);
	return at;
}

static void finish(void)
{
	rcu_barrier();
	EXPECT(sim_trace_find(TRACE_table_free, 0) >= 0);
	all_leave(&mm);
	policies.flush = FLUSH_IPI;
	policies.tables = TABLES_RCU;
}

UNIT_TEST(sim_tables_rcu)
{
	for (int flush = FLUSH_IPI; flush <= FLUSH_BROADCAST; flush++) {
		s64 freed = counter_sum(COUNT_TABLES_FREED_RCU);

		unmap(flush, TABLES_RCU);
		EXPECT_EQ(sim_trace_find(TRACE_table_free, 0), -1);
		EXPECT_EQ(sim_rcu_run(), 1);
		EXPECT_EQ(counter_sum(COUNT_TABLES_FREED_RCU) - freed, 3);
		finish();
	}
}

/* An IPI of its own, after the flush, even if that was one; then the tables. */
UNIT_TEST(sim_tables_ipi)
{
	for (int flush = FLUSH_IPI; flush <= FLUSH_BROADCAST; flush++) {
		int at = unmap(flush, TABLES_IPI), ipi, table;

		ipi = sim_trace_find(TRACE_ipi_send, at);
		table = sim_trace_find(TRACE_table_free, at);
		if (flush == FLUSH_IPI)
			ipi = sim_trace_find(TRACE_ipi_send, ipi + 1);
		EXPECT(ipi > at);
		EXPECT(table > ipi);
		finish();
	}
}

UNIT_TEST(sim_tables_immediate)
{
	int at = unmap(FLUSH_IPI, TABLES_IMMEDIATE), table;

	table = sim_trace_find(TRACE_table_free, at);
	EXPECT(sim_trace_find(TRACE_ipi_send, at) < table); /* the flush */
	EXPECT(table > at);
	finish();
}

/* With memory for a batch a grace period, without it an IPI. */
UNIT_TEST(sim_tables_rcu_ipi_fallback)
{
	int at = unmap(FLUSH_BROADCAST, TABLES_RCU_IPI_FALLBACK);

	EXPECT_EQ(sim_trace_find(TRACE_table_free, 0), -1);
	EXPECT_EQ(sim_trace_find(TRACE_ipi_send, 0), -1);
	EXPECT_EQ(sim_rcu_run(), 1);
	finish();
	sim_frames_left = ~0UL;
	policies.flush = FLUSH_BROADCAST;
	policies.tables = TABLES_RCU_IPI_FALLBACK;
	two_cpus(&mm, LEVEL_P4D);
	sim_trace_reset();
	sim_frames_left = 0;
	table_mm_unmap(&mm, PAGE_AT, PAGE_AT + PAGE_SIZE, 0, 0);
	sim_frames_left = ~0UL;
	at = sim_trace_find(TRACE_ipi_send, 0);
	EXPECT(at > sim_trace_find(TRACE_tlb_flush, 0));
	EXPECT(sim_trace_find(TRACE_table_free, 0) > at);
	finish();
}

/* Whoever takes a table out to use it again waits in the readers' own way. */
UNIT_TEST(sim_tables_sync_one)
{
	two_cpus(&mm, LEVEL_P4D);
	for (int reader = READER_IRQ; reader <= READER_BOTH; reader++) {
		policies.reader = reader;
		sim_trace_reset();
		tables_sync_one(&mm);
		EXPECT_EQ(sim_trace_find(TRACE_ipi_send, 0) >= 0, reader != READER_RCU);
	}
	policies.reader = READER_IRQ;
	all_leave(&mm);
}
