/*
 * kernel/base/ipi.c - cross-calls; see ipi.h.
 *
 * One request at a time, under `ipi_lock` (waited for with interrupts ON, so that two
 * CPUs that want to call each other serve each other meanwhile). `pending` has a bit for
 * each CPU that has not finished yet.
 */
#include "kernel/base/ipi.h"
#include "kernel/base/counters.h"
#include "kernel/base/panic.h"
#include "kernel/base/spin.h"
#include "kernel/base/trace.h"
#include "arch/contract/ipi.h"
#include "arch/contract/irq.h"

static struct spinlock ipi_lock = SPINLOCK_INIT("cross-call", RANK_TLB_WAIT);
static void (*request_fn)(void *); /* (l:ipi_lock) stable while pending != 0 */
static void *request_arg;          /* (l:ipi_lock) stable while pending != 0 */
static cpuset_t pending;           /* (a) */

static void poke(cpuset_t set)
{
	unsigned int cpu;

	for_each_cpu (cpu, set)
		arch_ipi_send(cpu);
	counter_add(COUNT_IPIS, cpuset_count(set));
}

static void call_here(void (*fn)(void *), void *arg)
{
	unsigned long flags = arch_irq_save();

	fn(arg);
	arch_irq_restore(flags);
}

void ipi_call(cpuset_t set, void (*fn)(void *), void *arg)
{
	cpuset_t me;

	/* SAFE(ipi_irqs_on): a CPU that waits here with interrupts off cannot serve the
	 * call of another that waits the same way: both for ever. Pairs with
	 * ipi_receive(). */
	ASSERT(arch_irq_enabled(), "a cross-call with interrupts off can deadlock");
	spin_lock(&ipi_lock);
	me = 1U << arch_cpu_id();
	set &= atomic_load(&cpus_online);
	request_fn = fn;
	request_arg = arg;
	if (IS_LAB)
		TRACE(ipi_send, set & ~me, fn);
	/* Publishes fn and arg: pairs with the load in ipi_receive(). */
	atomic_store(&pending, set & ~me);
	poke(set & ~me);
	if (set & me)
		call_here(fn, arg);
	/* Pairs with the full barrier of the clearing in ipi_receive(): what the calls
	 * did is visible when this returns, and nobody uses fn and arg any more. */
	while (atomic_load(&pending))
		arch_cpu_relax();
	spin_unlock(&ipi_lock);
}

cpuset_t ipi_awaited(void)
{
	return atomic_load(&pending);
}

void ipi_receive(void)
{
	cpuset_t me = 1U << arch_cpu_id();

	if (!(atomic_load(&pending) & me))
		return; /* a poke to reschedule, or one that merged with an earlier call
			 */
	if (IS_LAB)
		TRACE(ipi_run, request_fn, request_arg);
	request_fn(request_arg);
	atomic_and(&pending, ~me);
}
