/*
 * tests/unit/spin.c - kernel/base/spin.c: one holder at a time, on all CPUs.
 */
#include "tests/unit/unit.h"
#include "tests/unit/crew.h"
#include "kernel/base/spin.h"
#include "kernel/sched/timer.h"
#include "arch/contract/irq.h"
#include "arch/contract/timer.h"

#define ROUNDS (2000 / cpuset_count(cpus_online)) /* many CPUs, few cores: slow */

static struct spinlock lock = SPINLOCK_INIT("unit", RANK_CACHE);
static unsigned long count; /* (l:lock) plain on purpose */

static void count_up(unsigned long cpu)
{
	for (unsigned int i = 0; i < ROUNDS; i++) {
		spin_lock(&lock);
		spin_assert_held(&lock);
		WRITE_ONCE(count, READ_ONCE(count) + 1);
		spin_unlock(&lock);
	}
}

UNIT_TEST(spin_excludes)
{
	count = 0;
	crew_on_each_cpu(count_up);
	EXPECT_EQ(count, (unsigned long)ROUNDS * cpuset_count(cpus_online));
}

static unsigned long tried, failed; /* (a) */

static void count_if_free(unsigned long cpu)
{
	for (unsigned int i = 0; i < ROUNDS; i++) {
		if (!spin_trylock(&lock)) {
			atomic_add(&failed, 1);
			continue;
		}
		spin_assert_held(&lock);
		WRITE_ONCE(count, READ_ONCE(count) + 1);
		spin_unlock(&lock);
		atomic_add(&tried, 1);
	}
}

UNIT_TEST(spin_trylock_never_waits)
{
	count = tried = failed = 0;
	spin_lock(&lock);
	EXPECT(!spin_trylock(&lock));
	spin_unlock(&lock);
	crew_on_each_cpu(count_if_free);
	EXPECT_EQ(count, tried);
	EXPECT_EQ(tried + failed, (unsigned long)ROUNDS * cpuset_count(cpus_online));
	EXPECT(spin_trylock(&lock));
	spin_unlock(&lock);
}

static struct spinlock irq_lock = SPINLOCK_INIT("unit irq", RANK_CACHE);
static unsigned long irq_count; /* (l:irq_lock) */
static unsigned long irq_adds;  /* (l:irq_lock) */

static void count_in_interrupt(struct timer *timer)
{
	unsigned long flags = spin_lock_irqsave(&irq_lock);

	EXPECT(irq_active());
	irq_count++;
	irq_adds++;
	spin_unlock_irqrestore(&irq_lock, flags);
}

/* The interrupt comes while this CPU takes the lock all the time: with interrupts on
 * inside, it would wait for itself. */
UNIT_TEST(spin_irqsave_keeps_interrupts_out)
{
	struct timer timer;
	unsigned long mine = 0;

	irq_count = irq_adds = 0;
	timer_init(&timer, count_in_interrupt);
	for (int i = 0; i < 20; i++) {
		unsigned long seen = irq_adds;

		timer_start(&timer, arch_clock_ns() + 20000);
		do {
			unsigned long flags = spin_lock_irqsave(&irq_lock);

			EXPECT(!arch_irq_enabled());
			irq_count++;
			mine++;
			spin_unlock_irqrestore(&irq_lock, flags);
		} while (READ_ONCE(irq_adds) == seen);
	}
	timer_stop(&timer);
	EXPECT(arch_irq_enabled() && !irq_active());
	EXPECT_EQ(irq_adds, 20);
	EXPECT_EQ(irq_count, mine + irq_adds);
}
