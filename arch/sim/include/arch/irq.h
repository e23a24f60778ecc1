/*
 * arch/sim/include/arch/irq.h - the interrupt mask of the simulated CPUs: a flag that the
 * checks of kernel/base look at. Cross-calls run at once (arch/sim/base.c).
 */
#pragma once

#include "kernel/base/types.h"

extern bool sim_irqs_on;

static inline bool arch_irq_enabled(void)
{
	return sim_irqs_on;
}

static inline void arch_irq_enable(void)
{
	sim_irqs_on = true;
}

static inline void arch_irq_disable(void)
{
	sim_irqs_on = false;
}

static inline unsigned long arch_irq_save(void)
{
	unsigned long was = sim_irqs_on;

	sim_irqs_on = false;
	return was;
}

static inline void arch_irq_restore(unsigned long flags)
{
	sim_irqs_on = flags;
}
