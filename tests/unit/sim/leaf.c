/*
 * tests/unit/sim/leaf.c - large leaves on the simulated machine: one translation each, in
 * a TLB, and gone with a flush of any address in them.
 */
#include "arch/sim/sim.h"
#include "tests/unit/sim/two_cpus.h"
#include "tests/unit/table_mm.h"
#include "tests/unit/unit.h"
#include "mm/space/frame.h"
#include "kernel/sched/rcu.h"
#include "mm/table/tlb.h"

#define SIZE    pxd_size(LEVEL_PMD)
#define LEAF_AT (8 * SIZE)
#define LAST    (LEAF_AT + SIZE - PAGE_SIZE)

static struct mm mm;
static unsigned int leaves_before;

/* CPUs 0 and 1 have touched both ends of a leaf; CPU 0 goes on. */
static struct page *two_cpus_and_a_leaf(void)
{
	struct page *block;

	leaves_before = arch_leaf_levels;
	arch_leaf_levels |= BIT(LEVEL_PMD);
	EXPECT(table_mm_make(&mm, LEVEL_P4D));
	block = table_mm_map_leaf(&mm, LEVEL_PMD, LEAF_AT, PROT_READ | PROT_WRITE);
	for (int cpu = 1; cpu >= 0; cpu--) {
		switch_to(cpu, &mm);
		EXPECT(sim_user_store(LEAF_AT, 1));
		EXPECT(sim_user_store(LAST, 2));
		EXPECT_EQ(sim_tlb_entries(), 1);
	}
	return block;
}

static void end(void)
{
	all_leave(&mm);
	arch_leaf_levels = leaves_before;
}

UNIT_TEST(sim_leaf_is_one_translation)
{
	struct page *block = two_cpus_and_a_leaf();
	u64 value = 0;

	EXPECT_EQ(*(u64 *)page_address(block), 1);
	EXPECT_EQ(*(u64 *)page_address(block + SIZE / PAGE_SIZE - 1), 2);
	tlb_flush_range(&mm, LEAF_AT - PAGE_SIZE, LEAF_AT);
	EXPECT_EQ(sim_tlb_entries(), 1);
	tlb_flush_range(&mm, LAST, LAST + PAGE_SIZE);
	EXPECT_EQ(sim_tlb_entries(), 0);
	sim_on_cpu(1);
	EXPECT_EQ(sim_tlb_entries(), 0);
	EXPECT(sim_user_load(LAST, &value));
	EXPECT_EQ(value, 2);
	end();
}

/* Freeing a part of it while CPU 1 still translates to it would end the test. */
UNIT_TEST(sim_leaf_is_flushed_before_it_is_freed)
{
	struct page *block;
	u64 value;

	block = two_cpus_and_a_leaf();
	table_mm_unmap(&mm, LEAF_AT, LEAF_AT + SIZE, 0, 0);
	EXPECT_EQ(block->type, PAGE_FREE);
	sim_on_cpu(1);
	EXPECT_EQ(sim_tlb_entries(), 0);
	EXPECT(!sim_user_load(LAST, &value));
	end();
}

static bool is_zero(const struct page *block)
{
	const u64 *words = page_address(block);

	for (u64 i = 0; i < (PAGE_SIZE << block->order) / sizeof(*words); i++)
		if (words[i])
			return false;
	return true;
}

/* Aligned blocks of any order, cleared, and put back whole. */
UNIT_TEST(sim_blocks_of_every_order)
{
	struct frame_stats before, now;

	rcu_barrier();
	frame_stats(&before);
	for (unsigned int order = 0; order <= FRAME_ORDER_MAX; order++) {
		struct page *block = frame_alloc(order, PAGE_KERNEL, FRAME_ZERO);

		EXPECT(block);
		EXPECT(IS_ALIGNED(page_phys(block).v, PAGE_SIZE << order));
		EXPECT(is_zero(block));
		frame_stats(&now);
		EXPECT_EQ(before.free - now.free, BIT(order));
		fill_page(page_address(block + BIT(order) - 1), 5);
		frame_free(block);
	}
	frame_stats(&now);
	EXPECT_EQ(before.free, now.free);
}
