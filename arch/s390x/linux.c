/*
 * arch/s390x/linux.c - this machine's part of Linux's call interface
 * (arch/contract/linux.h).
 */
#include "arch/contract/linux.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/errno.h"

/* Stack and flags are the other way round here. */
void arch_linux_clone_args(const struct regs *regs, struct linux_clone *args)
{
	args->stack = regs_arg(regs, 0);
	args->flags = regs_arg(regs, 1);
	args->parent_tid = regs_arg(regs, 2);
	args->child_tid = regs_arg(regs, 3);
	args->tls = regs_arg(regs, 4);
}

/* A call has five argument registers; mmap's six arguments lie in memory. */
int arch_linux_mmap_args(const struct regs *regs, unsigned long args[6])
{
	if (arch_copy_from_user(args, regs_arg(regs, 0), 6 * sizeof(args[0])))
		return -EFAULT;
	return 0;
}

long arch_linux_prctl(unsigned long code, unsigned long address)
{
	return -ENOSYS;
}
