/*
 * arch/sim/spec/ipi.c - interrupts: a handler is an actor on top of its CPU, which may
 * begin whenever the CPU stands between two steps with interrupts on, and until it ends
 * the CPU does nothing else. A cross-call sends to all, then waits until all have ended.
 */
#include "arch/sim/explore/explore.h"
#include "arch/contract/irq.h"
#include "kernel/base/ipi.h"
#include "kernel/base/panic.h"
#include "kernel/base/spin.h"
#include "kernel/base/trace.h"

static struct spinlock ipi_lock = SPINLOCK_INIT("cross-call", RANK_TLB_WAIT);
static struct thread idle_threads[SIM_CPUS];
static void (*request_fn)(void *); /* (l:ipi_lock) */
static void *request_arg;          /* (l:ipi_lock) */
static bool begun[SIM_CPUS];       /* the handler lies on top of its CPU */

const bool sim_plays_all_cpus = true; /* where no actors run */

bool ipi_on_top(unsigned int cpu)
{
	return begun[cpu];
}

static bool may_interrupt(void *cpu)
{
	const struct actor *below = cpu;

	return !below->alive || below->me.irqs_on;
}

static void handler(unsigned long cpu)
{
	actor_wait("interrupts to go on", may_interrupt, &actors[cpu]);
	sim_me.irqs_on = false;
	sim_me.in_irq = true;
	begun[cpu] = true;
	request_fn(request_arg);
	begun[cpu] = false;
}

static bool all_answered(void *none)
{
	for (unsigned int cpu = 0; cpu < SIM_CPUS; cpu++)
		if (actors[IRQ(cpu)].alive)
			return false;
	return true;
}

static void send(unsigned int cpu)
{
	struct actor *below = &actors[cpu];
	struct thread *thread = below->alive ? below->me.thread : &idle_threads[cpu];

	begun[cpu] = false;
	actor_start(IRQ(cpu), cpu, thread, handler, cpu);
}

/* Nobody else runs: each target takes its interrupt here and now. */
static void play_in_turn(cpuset_t set, void (*fn)(void *), void *arg)
{
	struct sim_me me = sim_me;
	unsigned int cpu;

	for_each_cpu (cpu, set) {
		sim_me =
			(struct sim_me){cpu, me.thread, .irqs_on = false, .in_irq = true};
		fn(arg);
	}
	sim_me = me;
}

void ipi_call(cpuset_t set, void (*fn)(void *), void *arg)
{
	cpuset_t me = 1U << sim_me.cpu;
	unsigned int cpu;

	ASSERT(sim_me.irqs_on, "a cross-call with interrupts off can deadlock");
	spin_lock(&ipi_lock);
	TRACE(ipi_send, set, 0);
	if (!running) {
		play_in_turn(set, fn, arg);
	} else {
		request_fn = fn;
		request_arg = arg;
		for_each_cpu (cpu, set & ~me)
			send(cpu);
		if (set & me) {
			arch_irq_disable();
			fn(arg);
			arch_irq_enable();
		}
		actor_wait("cross-call", all_answered, NULL);
	}
	spin_unlock(&ipi_lock);
}
