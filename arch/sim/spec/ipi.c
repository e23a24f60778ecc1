/*
 * arch/sim/spec/ipi.c - interrupts: a handler is an actor that begins when its CPU stands
 * between two instructions with interrupts on, and until it ends the CPU cannot turn them
 * off. A cross-call sends to all, then waits until all have ended.
 *
 * Where the CPU's thread has interrupts on it may go on beside the handler. That is more
 * than a CPU does, so nothing is missed by it; and the order of a handler and of steps
 * that have nothing to do with it is no difference that would have to be tried.
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
static bool handles[SIM_CPUS];     /* a handler has begun, and has not ended */

const bool sim_plays_all_cpus = true; /* where no actors run */

static bool may_interrupt(void *cpu)
{
	const struct actor *below = cpu;

	return (!below->alive || below->me.irqs_on) && !below->me.in_hardware;
}

static void handler(unsigned long cpu)
{
	handles[cpu] = true;
	sim_me.irqs_on = false;
	sim_me.in_irq = true;
	TRACE(ipi_run, request_fn, request_arg);
	request_fn(request_arg);
	op_set(OP_IPI_END, "cross-call");
	op_touch(OBJECT_IRQ(cpu), 4, TOUCH_ENABLE);
	op_touch(OBJECT_IPI(cpu), 4, TOUCH_ENABLE);
	op_touch(OBJECT_READER(IRQ(cpu)), 4, TOUCH_WRITE);
	op_drains();
	actor_stop();
	running->sections++;
	handles[cpu] = false;
}

static bool no_handler(void *handled)
{
	return !*(bool *)handled;
}

void ipi_stop_unhandled(void)
{
	actor_wait("the handler", no_handler, &handles[sim_me.cpu]);
}

static bool all_answered(void *none)
{
	for (unsigned int cpu = 0; cpu < SIM_CPUS; cpu++)
		if (actors[IRQ(cpu)].alive)
			return false;
	return true;
}

/* The handler's first step is to begin; from its end on the CPU can be interrupted again,
 * which is what turning interrupts off competes with. */
static void send(unsigned int cpu)
{
	struct actor *below = &actors[cpu], *irq = &actors[IRQ(cpu)], *me = running;
	struct thread *thread = below->alive ? below->me.thread : &idle_threads[cpu];

	handles[cpu] = false;
	actor_start(IRQ(cpu), cpu, thread, handler, cpu);
	irq->ready = may_interrupt;
	irq->wait_arg = below;
	irq->wait_name = "cross-call";
	running = irq;
	op_set(OP_IPI_BEGIN, "cross-call");
	op_touch(OBJECT_IRQ(cpu), 4, TOUCH_WRITE);
	op_touch(OBJECT_IPI(cpu), 4, TOUCH_JOIN);
	op_touch(OBJECT_READER(IRQ(cpu)), 4, TOUCH_WRITE);
	op_touch(OBJECT_ENTERED(cpu), 4, TOUCH_READ);
	op_drains();
	running = me;
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

static void call_here(void (*fn)(void *), void *arg)
{
	arch_irq_disable();
	fn(arg);
	arch_irq_enable();
}

static void call(cpuset_t set, void (*fn)(void *), void *arg)
{
	cpuset_t me = 1U << sim_me.cpu;
	unsigned int cpu;

	op_set(OP_IPI_SEND, "cross-call");
	op_touch(OBJECT_IPI(0), 4 * SIM_CPUS, TOUCH_ENABLE);
	op_drains();
	actor_stop();
	request_fn = fn;
	request_arg = arg;
	TRACE(ipi_send, set, 0);
	for_each_cpu (cpu, set & ~me)
		send(cpu);
	if (set & me)
		call_here(fn, arg);
	op_set(OP_IPI_WAIT, "cross-call");
	op_touch(OBJECT_IPI(0), 4 * SIM_CPUS, TOUCH_JOIN);
	op_drains();
	actor_wait("cross-call", all_answered, NULL);
}

void ipi_call(cpuset_t set, void (*fn)(void *), void *arg)
{
	ASSERT(sim_me.irqs_on, "a cross-call with interrupts off can deadlock");
	spin_lock(&ipi_lock);
	if (running) {
		call(set, fn, arg);
	} else {
		TRACE(ipi_send, set, 0);
		play_in_turn(set, fn, arg);
	}
	spin_unlock(&ipi_lock);
}
