/*
 * tests/unit/sim/mm_races.c - what other CPUs do while mm/space faults and protects, made
 * certain by the simulated machine (see flush.c).
 */
#include "arch/sim/sim.h"
#include "arch/contract/irq.h"
#include "kernel/sched/rcu.h"
#include "kernel/sched/thread.h"
#include "mm/huge/leaf.h"
#include "mm/space/gup.h"
#include "mm/space/rmap.h"
#include "mm/table/tlb.h"
#include "tests/unit/mm_help.h"
#include "tests/unit/unit.h"

#define AT 0x10000000UL
#define RW (PROT_READ | PROT_WRITE)

static struct mm *mm;

static void on(unsigned int cpu, struct mm *load)
{
	sim_on_cpu(cpu);
	arch_irq_disable();
	tlb_switch(NULL, load);
	arch_irq_enable();
}

static void make(void)
{
	unsigned long address = AT;

	mm = mm_create();
	EXPECT_EQ(mm_map(mm, &address, 4 * PAGE_SIZE, RW, MM_FIXED), 0);
	on(1, mm);
	on(0, mm);
}

static void finish(void)
{
	on(1, NULL);
	on(0, NULL);
	mm_put(mm);
}

/* Another thread faults on the same page, and writes, while we wait for a frame. */
static void fault_first(void)
{
	static struct thread other;
	void *self = arch_current();

	arch_current_set(&other);
	EXPECT_EQ(mm_fault(mm, AT, ACCESS_WRITE), 0);
	*mm_peek(mm, AT) = 42;
	arch_current_set(self);
}

UNIT_TEST(sim_fault_loses_a_race)
{
	make();
	EXPECT_EQ(
		mm_fault(mm, AT + PAGE_SIZE, ACCESS_WRITE), 0); /* the tables are there */
	sim_meanwhile = fault_first;
	EXPECT_EQ(mm_fault(mm, AT, ACCESS_WRITE), 0);
	EXPECT_EQ(*mm_peek(mm, AT), 42);
	EXPECT_EQ(mm_pages(mm), 2);
	finish();
}

/* Room for two blocks around AT. */
static void make_room(void)
{
	unsigned long at = ALIGN_DOWN(AT, HUGE_SIZE);

	make();
	EXPECT_EQ(mm_map(mm, &at, 2 * HUGE_SIZE, RW, MM_FIXED), 0);
}

/* The same of a block. */
UNIT_TEST(sim_huge_fault_loses_a_race)
{
	unsigned long at = ALIGN_DOWN(AT, HUGE_SIZE);

	make_room();
	EXPECT_EQ(mm_advise_huge(mm, at, 2 * HUGE_SIZE, true), 0);
	/* The tables above are there. */
	EXPECT_EQ(mm_fault(mm, at + HUGE_SIZE, ACCESS_WRITE), 0);
	sim_meanwhile = fault_first;
	EXPECT_EQ(mm_fault(mm, AT + PAGE_SIZE, ACCESS_WRITE), 0);
	EXPECT_EQ(*mm_peek(mm, AT), 42);
	EXPECT_EQ(mm_pages(mm), 2 * HUGE_PAGES);
	finish();
}

/* Another CPU writes to a page before it is copied to a block, and afterwards. */
UNIT_TEST(sim_collapse_is_flushed)
{
	make_room();
	EXPECT_EQ(mm_fault(mm, AT, ACCESS_WRITE), 0);
	sim_on_cpu(1);
	EXPECT(sim_user_store(AT, 42));
	sim_on_cpu(0);
	EXPECT_EQ(mm_collapse(mm, ALIGN_DOWN(AT, HUGE_SIZE), HUGE_SIZE), 0);
	EXPECT_EQ(*mm_peek(mm, AT), 42);
	sim_on_cpu(1);
	EXPECT(sim_user_store(AT, 43));
	EXPECT_EQ(*mm_peek(mm, AT), 43);
	finish();
}

UNIT_TEST(sim_protect_reaches_every_cpu)
{
	u64 value;

	make();
	EXPECT_EQ(mm_fault(mm, AT, ACCESS_WRITE), 0);
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		sim_on_cpu(cpu);
		EXPECT(sim_user_store(AT, 42 + cpu));
	}
	EXPECT_EQ(mm_protect(mm, AT, 4 * PAGE_SIZE, PROT_READ), 0);
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		sim_on_cpu(cpu);
		EXPECT(!sim_user_store(AT, 1));
		EXPECT(sim_user_load(AT, &value));
		EXPECT_EQ(value, 43);
	}
	EXPECT_EQ(mm_protect(mm, AT, PAGE_SIZE, PROT_NONE), 0);
	EXPECT(!sim_user_load(AT, &value));
	EXPECT_EQ(mm_protect(mm, AT, PAGE_SIZE, RW), 0);
	EXPECT(sim_user_store(AT, 44));
	finish();
}

UNIT_TEST(sim_soft_dirty_reaches_every_cpu)
{
	make();
	EXPECT_EQ(mm_fault(mm, AT, ACCESS_WRITE), 0);
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		sim_on_cpu(cpu);
		EXPECT(sim_user_store(AT, 42));
	}
	mm_clear_soft_dirty(mm);
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		sim_on_cpu(cpu);
		EXPECT(!sim_user_store(AT, 1));
	}
	finish();
}

UNIT_TEST(sim_rmap_unmap_reaches_every_cpu)
{
	struct page *page;
	u64 value;

	make();
	EXPECT_EQ(mm_fault(mm, AT, ACCESS_WRITE), 0);
	EXPECT_EQ(gup_slow(mm, AT, 1, FOLL_GET, &page), 1);
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		sim_on_cpu(cpu);
		EXPECT(sim_user_store(AT, 42));
	}
	EXPECT_EQ(rmap_unmap(page), 1);
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		sim_on_cpu(cpu);
		EXPECT(!sim_user_load(AT, &value));
	}
	page_put(page);
	finish();
}

/* Who has come to a family from a mapped page may look at it, though all VMAs are gone.
 */
UNIT_TEST(sim_rmap_family_waits_for_walkers)
{
	struct page *page;
	struct anon *anon;

	make();
	EXPECT_EQ(mm_fault(mm, AT, ACCESS_WRITE), 0);
	EXPECT_EQ(gup_slow(mm, AT, 1, FOLL_GET, &page), 1);
	(void)sim_rcu_run();
	rcu_read_lock();
	anon = page->anon;
	EXPECT_EQ(anon->refs, 1);
	EXPECT_EQ(mm_unmap(mm, AT, 4 * PAGE_SIZE), 0);
	EXPECT_EQ(anon->refs, 0);
	rcu_read_unlock();
	EXPECT_EQ(page->mapped, 0);
	page_put(page);
	finish();
}

/* Another thread writes to the same shared page, and so copies it, just before we put
 * our copy in its place. */
static void copy_first(void)
{
	static struct thread other;
	void *self = arch_current();

	arch_current_set(&other);
	EXPECT_EQ(mm_fault(mm, AT, ACCESS_WRITE), 0);
	*mm_peek(mm, AT) = 42;
	arch_current_set(self);
}

UNIT_TEST(sim_cow_loses_a_race)
{
	struct mm *child;

	make();
	EXPECT_EQ(mm_fault(mm, AT, ACCESS_WRITE), 0);
	child = mm_fork(mm);
	sim_meanwhile = copy_first;
	EXPECT_EQ(mm_fault(mm, AT, ACCESS_WRITE), 0);
	EXPECT_EQ(*mm_peek(mm, AT), 42);
	EXPECT_EQ(*mm_peek(child, AT), 0);
	mm_put(child);
	finish();
}

UNIT_TEST(sim_cow_reaches_every_cpu)
{
	struct mm *child;
	u64 value;

	make();
	EXPECT_EQ(mm_fault(mm, AT, ACCESS_WRITE), 0);
	child = mm_fork(mm);
	sim_on_cpu(1);
	EXPECT(sim_user_load(AT, &value));
	sim_on_cpu(0);
	EXPECT_EQ(mm_fault(mm, AT, ACCESS_WRITE), 0);
	EXPECT(sim_user_store(AT, 42));
	sim_on_cpu(1);
	EXPECT(sim_user_load(AT, &value));
	EXPECT_EQ(value, 42);
	sim_on_cpu(0);
	mm_put(child);
	finish();
}

UNIT_TEST(sim_fork_reaches_every_cpu)
{
	struct mm *child;

	make();
	EXPECT_EQ(mm_fault(mm, AT, ACCESS_WRITE), 0);
	sim_on_cpu(1);
	EXPECT(sim_user_store(AT, 42));
	sim_on_cpu(0);
	child = mm_fork(mm);
	sim_on_cpu(1);
	EXPECT(!sim_user_store(AT, 43));
	sim_on_cpu(0);
	EXPECT_EQ(*mm_peek(child, AT), 42);
	mm_put(child);
	finish();
}

UNIT_TEST(sim_discard_reaches_every_cpu)
{
	u64 value;

	make();
	EXPECT_EQ(mm_fault(mm, AT, ACCESS_WRITE), 0);
	sim_on_cpu(1);
	EXPECT(sim_user_store(AT, 42));
	sim_on_cpu(0);
	EXPECT_EQ(mm_discard(mm, AT, PAGE_SIZE), 0);
	sim_on_cpu(1);
	EXPECT(!sim_user_load(AT, &value));
	EXPECT_EQ(mm_fault(mm, AT, ACCESS_READ), 0);
	EXPECT(sim_user_load(AT, &value));
	EXPECT_EQ(value, 0);
	finish();
}
