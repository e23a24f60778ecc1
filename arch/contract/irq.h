/*
 * arch/contract/irq.h - this CPU's interrupt mask. Inline, from <arch/irq.h>:
 *
 *   unsigned long arch_irq_save(void)       mask; returns the previous state
 *   void arch_irq_restore(unsigned long)    what arch_irq_save() returned
 *   void arch_irq_enable(void), arch_irq_disable(void)
 *   bool arch_irq_enabled(void)
 *
 * Each is a compiler barrier. "Masked" covers timer, IPI, console; not NMI / machine
 * check.
 *
 * Interrupt protocol: the low-level handler, interrupts off, calls irq_enter(), the
 * upcalls (ipi_receive(), timer_interrupt(), console_input()), then irq_exit(), which
 * may switch threads if the interrupted context was preemptible.
 */
#pragma once

#include "kernel/base/types.h"
#include <arch/irq.h>

struct regs;

/* Upcalls, in kernel/sched. irq_exit(regs) must be the last thing before the registers
 * are restored; the interrupted thread may continue much later and on another CPU. */
void irq_enter(void);
void irq_exit(struct regs *regs);

/* This CPU is between irq_enter() and irq_exit(). */
bool irq_active(void);
