/*
 * arch/sim/include/arch/cpu.h - the simulated CPUs. Who we are is host-thread state
 * (arch/sim/me.c); all out of line, so that no hook sees what stands for hardware.
 */
#pragma once

#include "kernel/base/types.h"

void *arch_current(void);
void arch_current_set(void *thread);
unsigned long arch_percpu_offset(void);
unsigned int arch_cpu_id(void);
void arch_cpu_relax(void); /* each build has its own idea of waiting */
