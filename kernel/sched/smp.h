/*
 * kernel/sched/smp.h - bringing up the other CPUs, and their first C function.
 */
#pragma once

#include "kernel/base/cpu.h"

/* Start CPUs 1..cpu_count-1 (limited by option `cpus=n`), one after the other, and wait
 * for each to come online; a CPU that does not is reported and left out, never a hang. */
void cpu_start_others(void);

/* Called by the arch entry code of a started CPU, on its idle thread's stack, interrupts
 * off, traps and per-CPU offset in place. */
__noreturn void cpu_secondary_main(unsigned int cpu);
