/*
 * <arch/irq.h> - the external-interrupt bit of the PSW (arch/contract/irq.h).
 *
 * STNSM and STOSM store the old system mask and AND / OR a new one into it; SSM sets it.
 * I/O interrupts are never enabled: Origami has no channel devices. (PoP, chapter 10.)
 */
#pragma once

#include "kernel/base/types.h"
#include "psw.h"

#define SYSTEM_MASK_EXT 0x01

static inline unsigned long arch_irq_save(void)
{
	u8 mask;

	asm volatile("stnsm %0,0xfc" : "=Q"(mask) : : "memory");
	return mask;
}

static inline void arch_irq_restore(unsigned long flags)
{
	u8 mask = flags;

	asm volatile("ssm %0" : : "Q"(mask) : "memory");
}

static inline void arch_irq_enable(void)
{
	u8 mask;

	asm volatile("stosm %0,0x01" : "=Q"(mask) : : "memory");
}

static inline void arch_irq_disable(void)
{
	arch_irq_save();
}

static inline bool arch_irq_enabled(void)
{
	u32 high, low;

	asm volatile("epsw %0,%1" : "=d"(high), "=a"(low) : : "memory");
	return high & (PSW_EXT >> 32);
}
