/*
 * kernel/sched/rcu_counter.c - lab option rcu=counter: readers are what was counted by
 * rcu_read_lock(), and nothing else is: neither interrupts off nor preemption off.
 *
 * Data: two counters of open sections; new ones use `current_index` (a), written by the
 * grace-period thread alone. One cache line for all CPUs: a lab option may be slow.
 */
#include "kernel/base/print.h"
#include "kernel/base/trace.h"
#include "kernel/sched/rcu.h"
#include "kernel/sched/wait.h"
#include "arch/contract/irq.h"

#define POLL_NS   (1000 * 1000UL)
#define REPORT_NS (10 * 1000 * POLL_NS)

static u64 open_sections[2];       /* (a) */
static unsigned int current_index; /* (a) */
static unsigned int awaited;       /* (a) 1 + the index that has to drain; 0: none */

void rcu_counter_lock(struct thread *me)
{
	/* Interrupts off: a handler's section that came between the lines would find the
	 * nesting not begun, and overwrite the index. */
	unsigned long flags = arch_irq_save();

	me->rcu_index = atomic_load(&current_index);
	TRACE_POINT(rcu_index);
	/* SAFE(rcu_count_then_read): a full barrier. Without it the section could read a
	 * pointer before it is counted: the freer unlinks, counts nobody, and frees.
	 * Pairs with the load in wait_until_none(). */
	atomic_add(&open_sections[me->rcu_index], 1);
	me->info.rcu_nesting++;
	arch_irq_restore(flags);
}

void rcu_counter_unlock(struct thread *me)
{
	unsigned long flags = arch_irq_save();

	me->info.rcu_nesting--;
	atomic_sub(&open_sections[me->rcu_index], 1);
	arch_irq_restore(flags);
}

static void wait_until_none(unsigned int index)
{
	u64 report = arch_clock_ns() + REPORT_NS;

	atomic_store(&awaited, index + 1);
	while (atomic_load(&open_sections[index])) {
		thread_sleep_until(arch_clock_ns() + POLL_NS);
		if (arch_clock_ns() < report)
			continue;
		print("rcu: a grace period waits for %lu counted read sections\n",
			atomic_load(&open_sections[index]));
		report += REPORT_NS;
	}
	atomic_store(&awaited, 0);
}

bool rcu_counter_awaits(const struct thread *reader)
{
	return READ_ONCE(reader->info.rcu_nesting) &&
	       atomic_load(&awaited) == READ_ONCE(reader->rcu_index) + 1;
}

void rcu_counter_wait(void)
{
	/* SAFE(rcu_two_phases): both indexes have to drain. A reader may load the index,
	 * be delayed for a whole grace period, and count itself on the index that is the
	 * old one again by then; waiting for one index only, the next period would miss
	 * it. */
	for (int phase = 0; phase < 2; phase++) {
		unsigned int old = atomic_load(&current_index);

		atomic_store(&current_index, !old);
		wait_until_none(old);
	}
}
