/*
 * arch/x86_64/linux.c - this machine's part of Linux's call interface
 * (arch/contract/linux.h).
 */
#include "arch/contract/linux.h"
#include "arch/contract/thread.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/errno.h"
#include "kernel/sched/thread.h"
#include <asm/prctl.h>

void arch_linux_clone_args(const struct regs *regs, struct linux_clone *args)
{
	args->flags = regs_arg(regs, 0);
	args->stack = regs_arg(regs, 1);
	args->parent_tid = regs_arg(regs, 2);
	args->child_tid = regs_arg(regs, 3);
	args->tls = regs_arg(regs, 4);
}

int arch_linux_mmap_args(const struct regs *regs, unsigned long args[6])
{
#pragma GCC unroll 6
	for (int i = 0; i < 6; i++)
		args[i] = regs_arg(regs, i);
	return 0;
}

/* Only FS: nothing in user space uses GS, and its base is the kernel's while it runs. */
long arch_linux_prctl(unsigned long code, unsigned long address)
{
	struct thread *thread = current();

	switch (code) {
	case ARCH_SET_FS:
		/* SAFE(tls_range): WRMSR with a non-canonical address faults, in the
		 * kernel; pairs with arch_thread_set_tls(). */
		if (address >= arch_user_end())
			return -EPERM;
		arch_thread_set_tls(&thread->arch, address, true);
		return 0;
	case ARCH_GET_FS:
		return arch_copy_to_user(address, &thread->arch.tls, sizeof(long))
			       ? -EFAULT
			       : 0;
	default:
		return -EINVAL;
	}
}
