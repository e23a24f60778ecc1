/*
 * tests/unit/shootdown.c - flushing and freeing on the real machine, under every policy:
 * who is waited for, who is spared, and that all of it comes back under load.
 */
#include "tests/unit/crew.h"
#include "tests/unit/unit.h"
#include "arch/contract/irq.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/counters.h"
#include "kernel/base/ipi.h"
#include "mm/table/pgtable.h"
#include "mm/table/table_free.h"
#include "mm/table/tlb.h"

#define BASE   0x40000000UL
#define REGION (4 * pxd_size(LEVEL_PMD)) /* tables of its own for each CPU */
#define PAGES  40UL                      /* more than a flush does one by one */
#define ROUNDS 2

static struct mm *mm;
static struct table_policies usual;
static u32 wrong; /* (a) */

static void map_at(unsigned long at, unsigned long pages)
{
	if (mm_map(mm, &at, pages * PAGE_SIZE, PROT_READ | PROT_WRITE, MM_FIXED))
		atomic_add(&wrong, 1);
}

static void write_word(unsigned long at, u64 value)
{
	if (arch_copy_to_user(at, &value, sizeof(value)))
		atomic_add(&wrong, 1);
}

static void expect_word(unsigned long at, u64 expected)
{
	u64 value = ~0UL;

	if (arch_copy_from_user(&value, at, sizeof(value)) || value != expected)
		atomic_add(&wrong, 1);
}

/* Its own mappings come and go, and so do tables, beside those of the other CPUs. */
static void come_and_go(unsigned long cpu)
{
	unsigned long at = BASE + cpu * REGION;

	mm_use(mm);
	for (u64 round = 1; round <= ROUNDS; round++) {
		map_at(at, PAGES);
		for (u64 i = 0; i < PAGES; i++)
			write_word(at + i * PAGE_SIZE, cpu << 32 | round << 16 | i);
		if (mm_discard(mm, at, round * 8 * PAGE_SIZE))
			atomic_add(&wrong, 1);
		for (u64 i = 0; i < PAGES; i++)
			expect_word(at + i * PAGE_SIZE,
				i < round * 8 ? 0 : cpu << 32 | round << 16 | i);
		if (mm_unmap(mm, at, PAGES * PAGE_SIZE))
			atomic_add(&wrong, 1);
	}
	mm_use(NULL);
}

static void begin(enum flush_model flush, enum table_policy tables)
{
	usual = policies;
	policies.flush = flush;
	policies.tables = tables;
	policies.reader = READER_IRQ;
	wrong = 0;
	mm = mm_create();
}

static void end(void)
{
	mm_put(mm);
	rcu_barrier();
	EXPECT_EQ(wrong, 0);
	policies = usual;
}

UNIT_TEST(shootdown_under_every_policy)
{
	rcu_barrier();
	for (int flush = FLUSH_IPI; flush <= FLUSH_BROADCAST; flush++)
		for (int tables = TABLES_RCU; tables <= TABLES_IMMEDIATE; tables++) {
			s64 before = counter_sum(COUNT_TABLES);

			begin(flush, tables);
			crew_on_each_cpu(come_and_go);
			end();
			EXPECT_EQ(counter_sum(COUNT_TABLES), before);
		}
}

/* --- who is waited for -------------------------------------------------------------- */

static u32 inside, done, waited; /* (a) */

/* As a lockless walker: interrupts off, until the other CPU has finished or waits for
 * us. */
static void hold_interrupts(unsigned long unused)
{
	cpuset_t me = 1U << arch_cpu_id();
	unsigned long flags;

	mm_use(mm);
	write_word(BASE, 1);
	flags = arch_irq_save();
	atomic_store(&inside, 1);
	while (!atomic_load(&done) && !(ipi_awaited() & me))
		arch_cpu_relax();
	atomic_store(&waited, !atomic_load(&done));
	arch_irq_restore(flags);
	spin_until(atomic_load(&done));
	mm_use(NULL);
}

static bool two_cpus(void)
{
	if (!(cpus_online & 2)) {
		unit_skip("needs two CPUs");
		return false;
	}
	EXPECT_EQ(thread_set_allowed(current(), 1), 0);
	return true;
}

/* Does act() on CPU 0 wait for a CPU 1 that has interrupts off? */
static bool waits(enum flush_model flush, enum table_policy tables, void (*act)(void))
{
	begin(flush, tables);
	map_at(BASE, 1);
	inside = done = waited = 0;
	crew_start(hold_interrupts, 0, 2);
	spin_until(atomic_load(&inside));
	act();
	atomic_store(&done, 1);
	crew_join();
	end();
	return waited;
}

static void flush_page(void)
{
	tlb_flush_range(mm, BASE, BASE + PAGE_SIZE);
}

static void unmap_page(void)
{
	EXPECT_EQ(mm_unmap(mm, BASE, PAGE_SIZE), 0);
}

static void sync_one(void)
{
	tables_sync_one(mm);
}

/* What "the flush waited for the walker" is worth: nothing where flushes are broadcast.
 */
UNIT_TEST(shootdown_waits_for_walkers)
{
	if (!two_cpus())
		return;
	EXPECT(waits(FLUSH_IPI, TABLES_RCU, flush_page));
	EXPECT(!waits(FLUSH_BROADCAST, TABLES_RCU, flush_page));
	EXPECT(!waits(FLUSH_BROADCAST, TABLES_RCU, unmap_page));
	EXPECT(!waits(FLUSH_BROADCAST, TABLES_IMMEDIATE, unmap_page));
	EXPECT(waits(FLUSH_BROADCAST, TABLES_IPI, unmap_page));
	EXPECT(waits(FLUSH_IPI, TABLES_IMMEDIATE, unmap_page));
	EXPECT_EQ(thread_set_allowed(current(), ANYWHERE), 0);
}

UNIT_TEST(shootdown_sync_one_waits)
{
	if (!two_cpus())
		return;
	EXPECT(waits(FLUSH_IPI, TABLES_RCU, sync_one));
	EXPECT(waits(FLUSH_BROADCAST, TABLES_RCU, sync_one));
	EXPECT_EQ(thread_set_allowed(current(), ANYWHERE), 0);
}

/* --- lazy CPUs ---------------------------------------------------------------------- */

/* Uses the mm, then goes on as a kernel thread, and comes back. */
static void go_lazy(unsigned long unused)
{
	u64 value;

	mm_use(mm);
	write_word(BASE, 1);
	mm_use(NULL);
	preempt_disable();
	atomic_store(&inside, 1);
	spin_until(atomic_load(&done));
	preempt_enable();
	mm_use(mm);
	EXPECT_EQ(arch_copy_from_user(&value, BASE, sizeof(value)), sizeof(value));
	mm_use(NULL);
}

static void lazy_case(bool tables, cpuset_t cpus_after)
{
	s64 spared = counter_sum(COUNT_TLB_LAZY_SKIPPED);

	begin(FLUSH_IPI, TABLES_RCU);
	map_at(BASE, 2);
	inside = done = 0;
	crew_start(go_lazy, 0, 2);
	spin_until(atomic_load(&inside));
	EXPECT_EQ(mm->cpus & 2, 2);
	EXPECT_EQ(mm_unmap(mm, BASE, (tables ? 2 : 1) * PAGE_SIZE), 0);
	EXPECT_EQ(mm->cpus & 2, cpus_after);
	EXPECT_EQ(counter_sum(COUNT_TLB_LAZY_SKIPPED) - spared, !tables);
	atomic_store(&done, 1);
	crew_join();
	end();
}

UNIT_TEST(shootdown_spares_lazy_cpus)
{
	if (!two_cpus())
		return;
	lazy_case(false, 2);
	lazy_case(true, 0);
	EXPECT_EQ(thread_set_allowed(current(), ANYWHERE), 0);
}
