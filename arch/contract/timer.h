/*
 * arch/contract/timer.h - time. The clock counts nanoseconds since boot, is monotonic
 * and the same on all CPUs (up to what QEMU gives). The timer is one-shot and per CPU.
 */
#pragma once

#include "kernel/base/types.h"

u64 arch_clock_ns(void);

/* Nanoseconds since 1970 at clock 0; add arch_clock_ns() for the wall time. */
u64 arch_clock_epoch_ns(void);

/* Interrupt this CPU at clock value `deadline` (soon, if it has passed); replaces the
 * previous deadline. ~0: never. The handler calls timer_interrupt() (kernel/sched). */
void arch_timer_set(u64 deadline);

/* Once per CPU; on CPU 0 also calibrates the clock. */
void arch_timer_init(void);

/* Upcall, interrupts off. */
void timer_interrupt(void);
