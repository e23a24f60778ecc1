/*
 * arch/contract/linux.h - where the two machines' Linux calls differ in more than their
 * numbers. Numbers and structures come from the distribution's own headers
 * (<asm/unistd.h> ...), which the compiler of each machine finds by itself.
 */
#pragma once

#include "kernel/base/types.h"
#include "arch/contract/trap.h"
#include <linux/signal.h>

struct linux_clone {
	unsigned long flags, stack, parent_tid, child_tid, tls;
};

/* The arguments of clone(2): their order is the machine's. */
void arch_linux_clone_args(const struct regs *regs, struct linux_clone *args);

/* The six arguments of mmap(2): in registers, or in a block in user memory. 0, -EFAULT.
 */
int arch_linux_mmap_args(const struct regs *regs, unsigned long args[6]);

/* arch_prctl(2), where the machine has it: user TLS. Otherwise never called. */
long arch_linux_prctl(unsigned long code, unsigned long address);

/* --- signals --- */

/* The si_code of a fault of the program, which is not a page fault; 0: it is one. */
int arch_linux_fault_code(const struct regs *regs, enum user_fault what);

/* A handler that is to run, and what it finds on its stack. */
struct linux_handler {
	unsigned long entry;
	unsigned long restorer; /* what it returns to; 0: the program gave nothing */
	unsigned long stack;    /* its frame lies below, */
	unsigned long floor;    /* but not below this */
	siginfo_t info;
	stack_t alternate;
	u64 blocked;
};

/*
 * Puts the registers, floating point included, and the rest of `handler` into a frame in
 * user memory, laid out as Linux does; `regs` then start the handler. -EFAULT: there is
 * no place, nothing has changed. The running thread's registers only.
 */
int arch_linux_handler_enter(struct regs *regs, const struct linux_handler *handler);

/*
 * The way back: everything from the frame where the stack pointer says that it is, and
 * `blocked` and `alternate`, unchecked, for the caller. User programs write such frames
 * too: registers keep what user mode may not change. -EFAULT: cannot be read, or says
 * what no program can have been in; nothing has changed.
 */
int arch_linux_handler_leave(struct regs *regs, u64 *blocked, stack_t *alternate);
