/*
 * arch/contract/cpu.h - the CPU: who am I, wait, start another, stop everything.
 *
 * Inline functions come from <arch/cpu.h> (arch/<machine>/include/arch/cpu.h):
 *
 *   void *arch_current(void)            the running thread (its struct thread_info), read
 *                                       with one instruction that cannot be split by a
 *                                       migration
 *   unsigned long arch_percpu_offset(void)  this CPU's per-CPU offset; 0 on CPU 0 from
 *                                       the first instruction on
 *   unsigned int arch_cpu_id(void)      0..cpu_count-1; stable only while not migrating
 *   void arch_cpu_relax(void)           one turn of a spin loop; lets the other hardware
 *                                       thread or, under icount, the other vCPUs run
 *   void arch_current_set(void *thread) only the switch code and CPU start-up call it
 */
#pragma once

#include "kernel/base/types.h"
#include <arch/cpu.h>

/* Finds the CPUs of this machine (ACPI MADT, SCLP); at most NR_CPUS. Once, CPU 0. */
unsigned int arch_cpu_discover(void);

/*
 * Starts CPU `cpu` on the stack that ends at `stack_top`, as the thread `idle`. It sets
 * up its own per-CPU offset, control registers, traps, timer and then calls
 * cpu_secondary_main(cpu) (kernel/sched/smp.h) with interrupts off. Returns 0 once the
 * start was requested; negative if the hardware refused. The caller waits for the CPU to
 * come online.
 */
int arch_cpu_start(unsigned int cpu, void *idle, void *stack_top);

/* This CPU has nothing to do: called with interrupts off; waits until an interrupt is
 * pending, lets it in, and returns with interrupts off. No wake-up is lost in between. */
void arch_cpu_idle(void);

/* The end is near: stop every other CPU, even one with interrupts off (NMI, SIGP STOP).
 * Called with interrupts off; returns when they have stopped, or after a bound if one
 * does not answer. */
void arch_cpu_stop_others(void);

/* A stopped CPU stays here for good; interrupts off. */
__noreturn void arch_cpu_halt(void);

/* End the machine. status 0 is success; QEMU's own exit status is then success, else
 * failure. The exact value travels in the `exit <n>` record of the log, not here. */
__noreturn void arch_power_off(int status);

/* Names and facts for the boot log, e.g. "x86_64 smep smap umip nx la57"; static text. */
const char *arch_cpu_describe(void);

/* The name that uname(2) and ELF messages use: "x86_64", "s390x". */
const char *arch_name(void);
