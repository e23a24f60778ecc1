/*
 * <arch/cpu.h> - who am I: one load from the prefix area each (arch/contract/cpu.h).
 *
 * A load with no base register and a 20-bit displacement; the hardware adds the prefix,
 * so no instruction lies between "which CPU" and "its word".
 */
#pragma once

#include "lowcore.h"

/* Not volatile: a thread stays itself wherever it runs. */
static inline void *arch_current(void)
{
	void *thread;

	asm("lg %0,%1(%%r0)" : "=d"(thread) : "i"(LOWCORE + LC_CURRENT));
	return thread;
}

static inline void arch_current_set(void *thread)
{
	LC->current = thread;
}

static inline unsigned long arch_percpu_offset(void)
{
	return LC->percpu_offset;
}

static inline unsigned int arch_cpu_id(void)
{
	return LC->cpu;
}

/* QEMU has no instruction that gives the other CPUs a turn without a side effect. */
static inline void arch_cpu_relax(void)
{
	asm volatile("" ::: "memory");
}
