/*
 * arch/contract/linux.h - where the two machines' Linux calls differ in more than their
 * numbers. Numbers and structures come from the distribution's own headers
 * (<asm/unistd.h> ...), which the compiler of each machine finds by itself.
 */
#pragma once

#include "kernel/base/types.h"
#include "arch/contract/trap.h"

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
