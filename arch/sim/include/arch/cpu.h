/*
 * arch/sim/include/arch/cpu.h - the simulated CPUs: one host thread plays them all; the
 * test says which one it is (sim_on_cpu()).
 */
#pragma once

#include "kernel/base/types.h"

extern unsigned int sim_cpu;                 /* who we are */
extern unsigned long percpu_offset[NR_CPUS]; /* kernel/base/percpu.h */
extern void *sim_current;                    /* the thread whose part we play */

static inline void *arch_current(void)
{
	return sim_current;
}

static inline void arch_current_set(void *thread)
{
	sim_current = thread;
}

static inline unsigned long arch_percpu_offset(void)
{
	return percpu_offset[sim_cpu];
}

static inline unsigned int arch_cpu_id(void)
{
	return sim_cpu;
}

/* Nobody else runs: whoever spins here would spin for ever. */
void arch_cpu_relax(void);
