/*
 * tests/unit/sim/flush.c - what other CPUs do while an mm changes. Only here: the
 * simulated TLBs keep everything until they are told, so an order that is wrong once in a
 * million on a real machine is wrong every time.
 */
#include "arch/sim/sim.h"
#include "arch/contract/irq.h"
#include "tests/unit/sim/two_cpus.h"
#include "tests/unit/table_mm.h"
#include "tests/unit/unit.h"
#include "kernel/base/trace.h"
#include "kernel/sched/rcu.h"
#include "kernel/base/errno.h"
#include "mm/table/descend.h"
#include "mm/table/policy.h"
#include "mm/table/table.h"
#include "mm/table/tlb.h"

static void expect_order(int first, int second)
{
	int at = sim_trace_find(first, 0);

	EXPECT(at >= 0);
	EXPECT(sim_trace_find(second, 0) >= 0);
	EXPECT(sim_trace_find(second, 0) > at);
}

/* Freeing the frame while CPU 1 still translates to it would end the test. */
static void unmap_while_used(bool broadcasts)
{
	struct mm mm;
	u64 value;

	policies.flush = broadcasts ? FLUSH_BROADCAST : FLUSH_IPI;
	for_each_root_level(root)
	{
		two_cpus(&mm, root);
		sim_trace_reset();
		table_mm_unmap(&mm, PAGE_AT, PAGE_AT + PAGE_SIZE, 0, 0);
		expect_order(TRACE_unhook, TRACE_tlb_flush);
		expect_order(TRACE_tlb_flush, TRACE_frame_free);
		sim_on_cpu(1);
		EXPECT_EQ(sim_tlb_entries(), 0);
		EXPECT(!sim_user_load(PAGE_AT, &value));
		all_leave(&mm);
	}
	policies.flush = FLUSH_IPI;
}

UNIT_TEST(sim_unmap_flushes_before_it_frees)
{
	unmap_while_used(false);
}

UNIT_TEST(sim_unmap_flushes_before_it_frees_broadcast)
{
	unmap_while_used(true);
}

/* Tables leave the tree at once, and the machine a grace period after the flush. */
UNIT_TEST(sim_tables_wait_for_readers)
{
	struct mm mm;

	for_each_root_level(root)
	{
		long before;

		two_cpus(&mm, root);
		rcu_barrier();
		before = sim_blocks_used;
		table_mm_unmap(&mm, PAGE_AT, PAGE_AT + PAGE_SIZE, 0, 0);
		EXPECT_EQ(table_mm_tables(&mm), 1);
		EXPECT_EQ(before - sim_blocks_used, 1); /* the frame */
		EXPECT_EQ(sim_rcu_run(), 1);            /* for every table but the root */
		EXPECT_EQ(before - sim_blocks_used, 1 + root);
		all_leave(&mm);
	}
}

/* A CPU that went on to another mm is not asked, and keeps nothing of the first. */
UNIT_TEST(sim_switch_forgets)
{
	struct mm mm, other;

	two_cpus(&mm, LEVEL_P4D);
	EXPECT(table_mm_make(&other, LEVEL_P4D));
	switch_to(1, &other);
	EXPECT_EQ(mm.cpus, 1);
	EXPECT_EQ(other.cpus, 2);
	EXPECT_EQ(sim_tlb_entries(), 0);
	sim_on_cpu(0);
	table_mm_unmap(&mm, PAGE_AT, PAGE_AT + PAGE_SIZE, 0, 0);
	switch_to(1, NULL);
	tlb_leave(&other);
	table_mm_free(&other);
	all_leave(&mm);
}

/* One page is flushed as a page, many as everything. */
UNIT_TEST(sim_flush_is_as_narrow_as_it_can)
{
	struct mm mm;
	u64 value;

	two_cpus(&mm, LEVEL_P4D);
	table_mm_map(&mm, PAGE_AT + PAGE_SIZE, PROT_READ);
	EXPECT(sim_user_load(PAGE_AT + PAGE_SIZE, &value));
	tlb_flush_range(&mm, PAGE_AT, PAGE_AT + PAGE_SIZE);
	EXPECT_EQ(sim_tlb_entries(), 1);
	tlb_flush_mm(&mm);
	EXPECT_EQ(sim_tlb_entries(), 0);
	all_leave(&mm);
}

/* Without memory a descent fails, and leaves nothing that the mm does not know of. */
UNIT_TEST(sim_descend_out_of_memory)
{
	struct descent at;
	struct mm mm;

	for_each_root_level(root) for (int frames = 0; frames <= root; frames++)
	{
		long before = sim_blocks_used;

		EXPECT(table_mm_make(&mm, root));
		sim_frames_left = frames;
		EXPECT_EQ(descend_alloc(&mm, PAGE_AT, LEVEL_PTE, &at),
			frames < root ? -ENOMEM : 0);
		EXPECT_EQ(table_mm_tables(&mm), 1 + frames);
		sim_frames_left = ~0UL;
		table_mm_free(&mm);
		EXPECT_EQ(sim_blocks_used, before);
	}
}

/* Without a frame for a large batch the small one is used again and again. */
UNIT_TEST(sim_gather_without_memory)
{
	struct mm mm;

	EXPECT(table_mm_make(&mm, LEVEL_P4D));
	for (unsigned long i = 1; i <= 100; i++)
		table_mm_map(&mm, i * PAGE_SIZE, PROT_READ);
	sim_frames_left = 0;
	table_mm_unmap(&mm, 0, mm.limit, 0, 0);
	sim_frames_left = ~0UL;
	EXPECT_EQ(mm_pages(&mm), 0);
	table_mm_free(&mm);
}
