/*
 * kernel/base/percpu.h - one copy of a variable for each CPU.
 *
 * DEFINE_PERCPU puts the variable into section .percpu. CPU 0 uses the section itself
 * (offset 0, so it works from the first instruction); every other CPU gets a copy made
 * by percpu_init() before it is started. `percpu_offset[cpu]` is what is added to the
 * variable's address. All copies start as zeros: no initialisers. Only its owner touches
 * a CPU's copy unless the variable says so.
 *
 * this_cpu() is stable only while the thread cannot migrate: preemption or interrupts
 * off.
 */
#pragma once

#include "kernel/base/types.h"
#include "arch/contract/cpu.h"

#define DEFINE_PERCPU(T, name)  __section(".percpu") __typeof__(T) name
#define DECLARE_PERCPU(T, name) extern __typeof__(T) name

extern unsigned long percpu_offset[NR_CPUS]; /* (c) after percpu_init() */

#define percpu_at(name, offset) ((__typeof__(&(name)))((char *)&(name) + (offset)))
#define per_cpu(name, cpu)      (*percpu_at(name, percpu_offset[cpu]))
#define this_cpu(name)          (*percpu_at(name, arch_percpu_offset()))

/* Bytes of one CPU's copy, a multiple of the page size; percpu_init() makes the areas of
 * CPU 1..count-1 out of `memory` (page-aligned, percpu_size() * (count - 1) bytes). */
size_t percpu_size(void);
void percpu_init(unsigned int count, void *memory);
