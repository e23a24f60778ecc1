/*
 * kernel/base/cpu.h - which CPUs there are, and sets of them.
 *
 * `cpus_present` is fixed at boot; `cpus_online` gains a bit (never loses one) when a CPU
 * has initialised itself and takes IPIs. A CPU set is one word, so it can be changed and
 * read atomically without a lock.
 */
#pragma once

#include "kernel/base/types.h"
#include "kernel/base/atomic.h"
#include "arch/contract/cpu.h"

typedef u32 cpuset_t; /* bit n = CPU n */
_Static_assert(NR_CPUS <= 32, "a CPU set is one word");

extern unsigned int cpu_count; /* (c) CPUs 0..cpu_count-1 are present */
extern cpuset_t cpus_online;   /* (a) */

static inline unsigned int cpuset_count(cpuset_t set)
{
	unsigned int count = 0;

	for (; set; set &= set - 1)
		count++;
	return count;
}

#define for_each_cpu(cpu, set)                                                           \
	for ((cpu) = 0; (cpu) < cpu_count; (cpu)++)                                      \
		if ((set) & (1U << (cpu)))
