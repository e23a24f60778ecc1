/*
 * arch/sim/include/arch/irq.h - the interrupt mask of the simulated CPU that we are
 * (arch/sim/me.c).
 */
#pragma once

#include "kernel/base/types.h"

bool arch_irq_enabled(void);
void arch_irq_enable(void);
void arch_irq_disable(void);
unsigned long arch_irq_save(void);
void arch_irq_restore(unsigned long flags);
