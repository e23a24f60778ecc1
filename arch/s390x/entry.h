/*
 * arch/s390x/entry.h - what entry.S offers to C, and calls.
 */
#pragma once

#include "kernel/base/types.h"
#include <arch/regs.h>
#include <arch/thread.h>

/* Addresses for new PSWs. */
extern char svc_entry[], pgm_entry[], pgm_entry_early[], ext_entry[], mcck_entry[];
extern char cpu_entry[], thread_begin[];

/* Loads psw->mask with the address behind the call. */
void enter_home_space(struct psw *psw);

/* The running thread's floating-point and access registers. */
void user_state_save(struct arch_thread *to);
void user_state_load(const struct arch_thread *from);

/* Called from entry.S, interrupts off; when they return, the context goes on. */
void trap_system_call(struct regs *regs);
void trap_program_check(struct regs *regs);
void trap_interrupt(struct regs *regs);
__noreturn void trap_machine_check(struct regs *regs);
