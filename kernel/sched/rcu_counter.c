/*
 * kernel/sched/rcu_counter.c - lab option rcu=counter: readers are what was counted by
 * rcu_read_lock(), and nothing else is: neither interrupts off nor preemption off.
 *
 * Each CPU counts sections begun and sections ended, for two indexes; new sections use
 * `current_index`. A section may end on another CPU than it began, so only the sums over
 * all CPUs say how many are open. Data: the counters (a), current_index (a), written by
 * the grace-period thread alone.
 */
#include "kernel/base/percpu.h"
#include "kernel/base/cpu.h"
#include "kernel/base/options.h"
#include "kernel/base/print.h"
#include "kernel/sched/rcu.h"
#include "kernel/sched/thread.h"
#include "kernel/sched/wait.h"
#include "arch/contract/irq.h"

#define POLL_NS   (1000 * 1000UL)
#define REPORT_NS (10 * 1000 * POLL_NS)

struct section_counts {
	u64 begun[2], ended[2]; /* (a) */
};

static DEFINE_PERCPU(struct section_counts, section_counts);
static unsigned int current_index; /* (a) */

void rcu_counter_lock(struct thread *me)
{
	/* Interrupts off: a handler's section that came between the two lines would find
	 * the nesting not begun, and overwrite the index. */
	unsigned long flags = arch_irq_save();

	me->rcu_index = atomic_load(&current_index);
	/* SAFE(rcu_count_then_read): a full barrier. Without it the section could read a
	 * pointer before it is counted: the freer unlinks, counts nobody, and frees.
	 * Pairs with the barrier in open_sections(). */
	atomic_add(&this_cpu(section_counts).begun[me->rcu_index], 1);
	me->info.rcu_nesting++;
	arch_irq_restore(flags);
}

void rcu_counter_unlock(struct thread *me)
{
	unsigned long flags = arch_irq_save();

	me->info.rcu_nesting--;
	atomic_add(&this_cpu(section_counts).ended[me->rcu_index], 1);
	arch_irq_restore(flags);
}

static u64 open_sections(unsigned int index)
{
	u64 begun = 0, ended = 0;
	unsigned int cpu;

	for_each_cpu (cpu, ~0U)
		ended += atomic_load(&per_cpu(section_counts, cpu).ended[index]);
	/* SAFE(rcu_sum_order): ends first, then beginnings: whoever is counted as ended
	 * is then counted as begun too. The other way round, a section that begins and
	 * ends between the two sums would hide one that is still open. */
	smp_mb();
	for_each_cpu (cpu, ~0U)
		begun += atomic_load(&per_cpu(section_counts, cpu).begun[index]);
	return begun - ended;
}

static void wait_until_none(unsigned int index)
{
	u64 report = arch_clock_ns() + REPORT_NS;

	while (open_sections(index)) {
		thread_sleep_until(arch_clock_ns() + POLL_NS);
		if (arch_clock_ns() < report)
			continue;
		print("rcu: a grace period waits for %lu counted read sections\n",
			open_sections(index));
		report += REPORT_NS;
	}
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
