/*
 * kernel/task/trap.c - what the machine's trap handlers call: page faults, system calls,
 * program errors, and the last look before user mode; see arch/contract/trap.h.
 *
 * Everything here is about the running thread, so there is nothing to lock.
 */
#include "kernel/base/print.h"
#include "kernel/base/trace.h"
#include "kernel/task/native.h"
#include "kernel/task/task.h"
#include "mm/space/gup.h"
#include "arch/contract/irq.h"
#include "arch/contract/trap.h"

struct trap_ops trap_ops;

static int task_page_fault(unsigned long address, unsigned int access)
{
	struct thread *thread = current();
	int error;

	/* A copy under a spinlock is one that has a fix-up: waiting for memory there
	 * would be waiting with the lock held. */
	if (!thread->mm || thread->info.preempt_count)
		return -EFAULT;
	error = mm_fault(thread->mm, address, access);
	if (error && thread->task) {
		current_thread()->fault_access = access;
		current_thread()->fault_error = error;
	}
	return error;
}

/* Without the Linux layer, which puts its own in this place (kernel/linux/dispatch.c). */
static void task_syscall(struct regs *regs)
{
	if (regs_syscall(regs) >= NATIVE_BASE)
		native_syscall(regs);
	else
		regs_set_result(regs, -ENOSYS);
}

/* The signal that Linux has for it, for how the task ended. */
static int fault_signal(enum user_fault what)
{
	static const u8 signal[] = {[FAULT_SEGV] = 11,
		[FAULT_ILLEGAL] = 4,
		[FAULT_BUS] = 7,
		[FAULT_FPE] = 8,
		[FAULT_TRAP] = 5};

	return signal[what];
}

void task_report_fault(
	const struct regs *regs, enum user_fault what, unsigned long address)
{
	static const char *const text[] = {[FAULT_SEGV] = "segmentation fault",
		[FAULT_ILLEGAL] = "illegal instruction",
		[FAULT_BUS] = "memory that is not there",
		[FAULT_FPE] = "arithmetic error",
		[FAULT_TRAP] = "breakpoint"};
	unsigned int access = current_thread()->fault_access;
	const char *doing = address == regs_ip(regs) ? "executing"
			    : access & ACCESS_WRITE  ? "writing"
						     : "reading";

	if (what == FAULT_SEGV || what == FAULT_BUS)
		print("%s[%d]: %s %s address %lx, ip %lx, sp %lx\n", current()->name,
			current_task()->pid, text[what], doing, address, regs_ip(regs),
			regs_sp(regs));
	else
		print("%s[%d]: %s, ip %lx, sp %lx\n", current()->name,
			current_task()->pid, text[what], regs_ip(regs), regs_sp(regs));
}

static void task_user_fault(
	struct regs *regs, enum user_fault what, unsigned long address)
{
	if (what == FAULT_SEGV && current_thread()->fault_error == -ENOMEM) {
		print("%s[%d]: killed: out of memory at address %lx\n", current()->name,
			current_task()->pid, address);
		task_exit(TASK_KILLED(9));
	}
	if (what == FAULT_SEGV && current_thread()->fault_error == -EINTR)
		return; /* it is to end, and does on its way to user mode */
	if (what == FAULT_SEGV && current_thread()->fault_error == -EIO)
		what = FAULT_BUS; /* beyond the end, or its source has failed */
	if (task_hooks.user_fault) {
		task_hooks.user_fault(regs, what, address);
		return;
	}
	task_report_fault(regs, what, address);
	task_exit(TASK_KILLED(fault_signal(what)));
}

static void task_work(struct regs *regs, u32 work)
{
	if (work & TASK_WORK_LEAVE)
		task_thread_exit(0); /* the task's own status is set already */
	if (task_hooks.deliver)
		task_hooks.deliver(regs);
	else
		atomic_and(&current_thread()->thread.info.work, ~TASK_WORK_SIGNAL);
}

static void task_return_to_user(struct regs *regs)
{
	struct task_thread *thread = current_thread();
	u32 work;

	/* SAFE(look_masked): interrupts are off from the look to user mode. Otherwise
	 * the poke of task_thread_notify() could arrive in between, do nothing in the
	 * kernel, and the thread would run on in user mode with its work undone. */
	arch_irq_disable();
	while (unlikely(work = atomic_load(&thread->thread.info.work))) {
		arch_irq_enable();
		task_work(regs, work);
		arch_irq_disable();
	}
	TRACE_POINT(to_user);
}

static bool task_wait_interrupted(void)
{
	return current()->task && atomic_load(&current_thread()->thread.info.work);
}

static bool task_killed(void)
{
	return current()->task &&
	       atomic_load(&current_thread()->thread.info.work) & TASK_WORK_LEAVE;
}

void task_traps_init(void)
{
	trap_ops = (struct trap_ops){.page_fault = task_page_fault,
		.syscall = task_syscall,
		.user_fault = task_user_fault,
		.return_to_user = task_return_to_user};
	wait_interrupted = task_wait_interrupted;
	gup_killed = task_killed;
}
