/*
 * arch/x86_64/include/arch/irq.h - the interrupt mask is RFLAGS.IF.
 */
#pragma once

#include "kernel/base/types.h"

#define RFLAGS_IF 0x200UL

static inline unsigned long arch_irq_flags(void)
{
	unsigned long flags;

	asm volatile("pushfq; popq %0" : "=r"(flags)::"memory");
	return flags & RFLAGS_IF;
}

static inline bool arch_irq_enabled(void)
{
	return arch_irq_flags() != 0;
}

static inline void arch_irq_enable(void)
{
	asm volatile("sti" ::: "memory");
}

static inline void arch_irq_disable(void)
{
	asm volatile("cli" ::: "memory");
}

static inline unsigned long arch_irq_save(void)
{
	unsigned long flags = arch_irq_flags();

	arch_irq_disable();
	return flags;
}

static inline void arch_irq_restore(unsigned long flags)
{
	if (flags)
		arch_irq_enable();
	else
		arch_irq_disable();
}
