/*
 * tests/unit/sim/shootdown.c - who is asked to forget, who is spared, and who catches up
 * later. A simulated CPU keeps a translation until it is told to forget, and one that is
 * used after its frame was freed ends the test.
 */
#include "kernel/base/counters.h"
#include "kernel/base/trace.h"
#include "mm/table/gather.h"
#include "mm/table/policy.h"
#include "tests/unit/sim/two_cpus.h"

static struct mm one;
static s64 before[COUNTERS];

static void count_from_here(void)
{
	for (int i = 0; i < COUNTERS; i++)
		before[i] = counter_sum(i);
}

static s64 counted(enum counter which)
{
	return counter_sum(which) - before[which];
}

static void unmap_page(struct mm *mm)
{
	struct gather gather;

	gather_begin(&gather, mm);
	gather_unmap(&gather, PAGE_AT, PAGE_AT + PAGE_SIZE);
	gather_end(&gather);
}

/* A CPU that runs a kernel thread keeps the mm, and going back costs nothing. */
UNIT_TEST(sim_lazy_cpu_keeps_the_mm)
{
	struct mm mm;

	two_cpus(&mm, LEVEL_P4D);
	switch_to(1, NULL);
	EXPECT_EQ(mm.cpus, 3);
	EXPECT_EQ(sim_tlb_entries(), 1);
	switch_to(1, &mm);
	EXPECT_EQ(sim_tlb_entries(), 1);
	all_leave(&mm);
}

/* A flush spares it; when it comes back, it sees that it has missed something. */
UNIT_TEST(sim_lazy_cpu_catches_up)
{
	struct mm mm;
	u64 value;

	two_cpus(&mm, LEVEL_P4D);
	switch_to(1, NULL);
	sim_on_cpu(0);
	count_from_here();
	unmap_page(&mm);
	EXPECT_EQ(counted(COUNT_TLB_LAZY_SKIPPED), 1);
	EXPECT_EQ(counted(COUNT_TLB_IPIS), 0);
	EXPECT_EQ(mm.cpus, 3);
	switch_to(1, &mm);
	EXPECT_EQ(sim_tlb_entries(), 0);
	EXPECT(!sim_user_load(PAGE_AT, &value));
	all_leave(&mm);
}

/* Where tables go, it has to let go of them, too. */
UNIT_TEST(sim_lazy_cpu_lets_go_of_tables)
{
	struct mm mm;

	two_cpus(&mm, LEVEL_P4D);
	switch_to(1, NULL);
	sim_on_cpu(0);
	count_from_here();
	table_mm_unmap(&mm, PAGE_AT, PAGE_AT + PAGE_SIZE, 0, 0);
	EXPECT_EQ(counted(COUNT_TLB_LAZY_SKIPPED), 0);
	EXPECT_EQ(counted(COUNT_TLB_IPIS), 1);
	EXPECT_EQ(mm.cpus, 1);
	sim_on_cpu(1);
	EXPECT_EQ(sim_tlb_entries(), 0);
	sim_rcu_run();
	all_leave(&mm);
}

/* A broadcast reaches everybody, so nobody is asked and nobody has to catch up. */
UNIT_TEST(sim_broadcast_asks_nobody)
{
	struct mm mm;

	policies.flush = FLUSH_BROADCAST;
	two_cpus(&mm, LEVEL_P4D);
	switch_to(1, NULL);
	sim_on_cpu(0);
	count_from_here();
	unmap_page(&mm);
	EXPECT_EQ(counted(COUNT_TLB_LAZY_SKIPPED) + counted(COUNT_TLB_IPIS), 0);
	EXPECT_EQ(counted(COUNT_TLB_FLUSHES_RANGE), 1);
	EXPECT_EQ(mm.tlb_gen, 0);
	sim_on_cpu(1);
	EXPECT_EQ(sim_tlb_entries(), 0);
	policies.flush = FLUSH_IPI;
	all_leave(&mm);
}

/*
 * CPU 0 has unhooked a page and not yet flushed. CPU 3 unmaps the same page: it finds
 * nothing. When it has finished, its caller may say that nobody uses the page any more.
 */
UNIT_TEST(sim_nested_gathers_escalate)
{
	struct gather outer;
	struct mm mm;

	for (int flush = FLUSH_IPI; flush <= FLUSH_BROADCAST; flush++) {
		policies.flush = flush;
		two_cpus(&mm, LEVEL_P4D);
		gather_begin(&outer, &mm);
		gather_unmap(&outer, PAGE_AT, PAGE_AT + PAGE_SIZE);
		sim_on_cpu(1);
		EXPECT_EQ(sim_tlb_entries(), 1);
		sim_on_cpu(3);
		count_from_here();
		unmap_page(&mm);
		EXPECT_EQ(counted(COUNT_TLB_ESCALATIONS), 1);
		EXPECT_EQ(counted(COUNT_TLB_FLUSHES_FULL), 1);
		sim_on_cpu(1);
		EXPECT_EQ(sim_tlb_entries(), 0);
		sim_on_cpu(0);
		gather_end(&outer);
		EXPECT_EQ(counted(COUNT_TLB_ESCALATIONS), 1);
		EXPECT_EQ(mm.flush_pending, 0);
		all_leave(&mm);
	}
	policies.flush = FLUSH_IPI;
}

/* The same for one who does not unmap, but acts on finding the entry empty. */
UNIT_TEST(sim_pending_flush_is_seen)
{
	struct gather gather;
	struct mm mm;

	two_cpus(&mm, LEVEL_P4D);
	tlb_flush_pending(&mm);
	EXPECT_EQ(sim_tlb_entries(), 1); /* nothing is pending: nothing is flushed */
	gather_begin(&gather, &mm);
	gather_unmap(&gather, PAGE_AT, PAGE_AT + PAGE_SIZE);
	sim_on_cpu(3);
	tlb_flush_pending(&mm);
	sim_on_cpu(1);
	EXPECT_EQ(sim_tlb_entries(), 0);
	sim_on_cpu(0);
	gather_end(&gather);
	all_leave(&mm);
}

/* Else the CPU that asks would wait for the one that is interrupted by it. */
static bool all_in_one(void)
{
	if (!sim_plays_all_cpus)
		unit_skip("one host thread cannot be two CPUs");
	return sim_plays_all_cpus;
}

static void unmap_elsewhere(void)
{
	unmap_page(&one);
}

/* From the moment on that it comes back, even in the middle of coming back. */
UNIT_TEST(sim_lazy_cpu_is_asked_again)
{
	if (!all_in_one())
		return;
	two_cpus(&one, LEVEL_P4D);
	switch_to(1, NULL);
	count_from_here();
	sim_at(TRACE_tlb_switch, unmap_elsewhere);
	switch_to(1, &one);
	EXPECT_EQ(counted(COUNT_TLB_LAZY_SKIPPED), 0);
	EXPECT_EQ(sim_tlb_entries(), 0);
	all_leave(&one);
}

/* While CPU 0 has counted its flush and not asked yet, CPU 3 counts another and asks. */
UNIT_TEST(sim_flushes_out_of_order)
{
	if (!all_in_one())
		return;
	two_cpus(&one, LEVEL_P4D);
	table_mm_map(&one, PAGE_AT + PAGE_SIZE, PROT_READ | PROT_WRITE);
	for (int cpu = 1; cpu >= 0; cpu--) {
		sim_on_cpu(cpu);
		EXPECT(sim_user_store(PAGE_AT + PAGE_SIZE, 2));
	}
	count_from_here();
	sim_at(TRACE_tlb_flush, unmap_elsewhere);
	tlb_flush_range(&one, PAGE_AT + PAGE_SIZE, PAGE_AT + 2 * PAGE_SIZE);
	EXPECT_EQ(counted(COUNT_TLB_GEN_MISSED), 2);
	for (int cpu = 1; cpu >= 0; cpu--) {
		sim_on_cpu(cpu);
		EXPECT_EQ(sim_tlb_entries(), 0);
	}
	all_leave(&one);
}
