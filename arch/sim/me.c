/*
 * arch/sim/me.c - who we are: CPU, thread, interrupt mask. See me.h.
 */
#include "arch/sim/me.h"
#include "arch/contract/irq.h"
#include "arch/sim/sim.h"
#include "kernel/base/percpu.h"

static struct thread first_thread;

__thread struct sim_me sim_me = {.thread = &first_thread, .irqs_on = true};
void (*sched_switch_mm)(struct mm *previous, struct mm *next);

void *arch_current(void)
{
	return sim_me.thread;
}

void arch_current_set(void *thread)
{
	sim_me.thread = thread;
}

unsigned long arch_percpu_offset(void)
{
	return percpu_offset[sim_me.cpu];
}

unsigned int arch_cpu_id(void)
{
	return sim_me.cpu;
}

bool arch_irq_enabled(void)
{
	return sim_me.irqs_on;
}

void arch_irq_enable(void)
{
	if (sim_me.irqs_on)
		return;
	sim_irqs_opening();
	sim_me.irqs_on = true;
	sim_irqs_opened();
}

void arch_irq_disable(void)
{
	if (!sim_me.irqs_on)
		return;
	sim_irqs_closing();
	sim_me.irqs_on = false;
	sim_irqs_closed();
}

unsigned long arch_irq_save(void)
{
	bool was = sim_me.irqs_on;

	arch_irq_disable();
	return was;
}

void arch_irq_restore(unsigned long flags)
{
	if (flags)
		arch_irq_enable();
}

bool irq_active(void)
{
	return sim_me.in_irq;
}

__weak void sim_irqs_closing(void)
{
}

__weak unsigned int sim_choose(unsigned int n)
{
	return 0;
}

__weak void sim_irqs_opening(void)
{
}

__weak void sim_hardware(
	enum sim_hardware what, unsigned long address, unsigned long bytes)
{
}

void preempt_enable(void)
{
	preempt_enable_no_resched();
}
