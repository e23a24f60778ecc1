/*
 * arch/x86_64/entry.h - what entry.asm, uaccess.asm and long_mode.asm offer to C.
 */
#pragma once

#include "kernel/base/types.h"
#include <arch/regs.h>

extern const u64 entry_vectors[256]; /* handler addresses for the IDT; 0: none */
void entry_syscall(void);

/* Continue as user code described by `regs`, at the top of the kernel stack; irqs off. */
__noreturn void entry_leave(struct regs *regs);

/* Push callee-saved registers, *save = stack pointer, load `next`, pop. */
void switch_stacks(unsigned long *save, unsigned long next);

/* First "return address" of a new thread: calls fn (in rbx) with arg (in r12). */
void thread_begin(void);

/* Called by the entries. */
void trap_entry(struct regs *regs);
void syscall_entry(struct regs *regs);
__noreturn void trap_fatal(struct regs *regs);
