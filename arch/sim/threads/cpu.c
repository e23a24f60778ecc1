/*
 * arch/sim/threads/cpu.c - simulated CPUs on host threads: who runs where, interrupts,
 * waiting.
 *
 * A host thread cannot be interrupted at any instruction, so it looks for its CPU's
 * interrupts where it turns them on and where it waits; under the thread sanitizer that
 * is enough, because it judges by what is ordered before what, not by when it happened.
 * An idle CPU's interrupts are taken by those who wait for it.
 */
#include "arch/sim/threads/threads.h"
#include "arch/contract/ipi.h"
#include "kernel/base/ipi.h"
#include "kernel/base/panic.h"

#include <pthread.h>
#include <sched.h>

const bool sim_plays_all_cpus = false;
static pthread_mutex_t cpus[SIM_CPUS_ALL];
static struct thread idle_threads[SIM_CPUS];
static cpuset_t poked; /* (a) CPUs with an interrupt waiting */

void cpu_enter(unsigned int cpu, struct thread *thread)
{
	pthread_mutex_lock(&cpus[cpu]);
	sim_me = (struct sim_me){.cpu = cpu, .thread = thread, .irqs_on = true};
}

void cpu_leave(void)
{
	ASSERT(current_info()->preempt_count == 0 && sim_me.irqs_on,
		"a thread cannot leave cpu %u now", sim_me.cpu);
	pthread_mutex_unlock(&cpus[sim_me.cpu]);
}

void sim_on_cpu(unsigned int cpu)
{
	struct thread *thread = sim_me.thread;

	cpu_leave();
	cpu_enter(cpu, thread);
}

void sim_build_init(void)
{
	for (int cpu = 0; cpu < SIM_CPUS_ALL; cpu++)
		pthread_mutex_init(&cpus[cpu], NULL);
	cpu_enter(0, sim_me.thread);
}

void arch_ipi_send(unsigned int cpu)
{
	atomic_or(&poked, 1U << cpu);
}

/* An interrupt of the CPU that we are, if one waits and they are on. */
static void take_interrupt(void)
{
	cpuset_t me = 1U << sim_me.cpu;

	while (sim_me.irqs_on && (atomic_load(&poked) & me)) {
		atomic_and(&poked, ~me);
		sim_me.irqs_on = false;
		sim_me.in_irq = true;
		section_enter();
		ipi_receive();
		section_leave();
		sim_me.in_irq = false;
		sim_me.irqs_on = true;
	}
}

/* Interrupts of CPUs on which nothing runs. */
static void serve_idle_cpus(void)
{
	struct sim_me me = sim_me;

	for (unsigned int cpu = 0; cpu < SIM_CPUS; cpu++) {
		if (!(atomic_load(&poked) & 1U << cpu) || cpu == me.cpu ||
			pthread_mutex_trylock(&cpus[cpu]))
			continue;
		sim_me = (struct sim_me){cpu, &idle_threads[cpu], .irqs_on = true};
		take_interrupt();
		pthread_mutex_unlock(&cpus[cpu]);
		sim_me = me;
	}
}

void sim_irqs_closed(void)
{
	section_enter();
}

void sim_irqs_opened(void)
{
	section_leave();
	take_interrupt();
}

void arch_cpu_relax(void)
{
	take_interrupt();
	serve_idle_cpus();
	sched_yield();
}

void thread_yield(void)
{
	arch_cpu_relax();
}

void thread_wait_prepare(void)
{
	atomic_store(&current()->waiting, true);
}

void thread_wait_cancel(void)
{
	atomic_store(&current()->waiting, false);
}

void thread_wait(void)
{
	while (atomic_load(&current()->waiting))
		arch_cpu_relax();
}

bool thread_wake(struct thread *thread)
{
	return atomic_exchange(&thread->waiting, false);
}
