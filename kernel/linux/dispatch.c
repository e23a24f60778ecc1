/*
 * kernel/linux/dispatch.c - from a system call's number to its function.
 *
 * Every call is a function of the registers alone: it takes out the arguments that it
 * has, so the way from the trap to a call is one bounds check and one table.
 *
 * A number without a function is -ENOSYS, counted, and noted in the log the first time;
 * `noted` is a bit per number (a), the last one shared by all numbers past the table.
 */
#include "kernel/linux/linux.h"
#include "kernel/base/atomic.h"
#include "kernel/base/counters.h"
#include "kernel/base/trace.h"
#include "kernel/task/native.h"
#include "arch/contract/timer.h"

#define NOTED_BITS 1024

static long (*const calls[])(struct regs *regs) = {
#define CALL(name)        [__NR_##name] = sys_##name,
#define ALSO(other, name) [__NR_##other] = sys_##name,
#include "kernel/linux/calls.def"
#undef CALL
#undef ALSO
};

static u64 noted[NOTED_BITS / 64];

static __noinline long unknown(unsigned long number)
{
	unsigned long bit = min(number, NOTED_BITS - 1UL);
	u64 mask = 1UL << bit % 64;

	counter_add(COUNT_UNKNOWN_CALLS, 1);
	if (!(atomic_fetch_or(&noted[bit / 64], mask) & mask))
		linux_note("there is no system call %lu here (ENOSYS)", number);
	return -ENOSYS;
}

long sys_clone3(struct regs *regs)
{
	return -ENOSYS;
}

/* Was there no memory for a page of the program's that a copy touched? Then its address
 * was good. */
static __noinline long copy_failed(void)
{
	struct task_thread *thread = current_thread();
	bool no_memory = thread->fault_error == -ENOMEM;

	thread->fault_error = 0;
	return no_memory ? -ENOMEM : -EFAULT;
}

/* The registers say -EINTR until signal_deliver(), which comes for sure before user mode,
 * has decided. What rt_sigreturn returns is the program's own number. */
static __noinline void interrupted(unsigned long number, struct regs *regs, long result)
{
	if (number == __NR_rt_sigreturn)
		return;
	linux_thread()->restart = result;
	regs_set_result(regs, -EINTR);
}

u64 restart_deadline(u64 ns)
{
	struct linux_thread *thread = linux_thread();
	u64 until = thread->restart_until;

	thread->restart_until = 0;
	return until ? until : time_add(arch_clock_ns(), ns);
}

long restart_until(u64 deadline)
{
	linux_thread()->restart_until = deadline;
	return -ERESTARTNOHAND;
}

void linux_syscall(struct regs *regs)
{
	unsigned long number = regs_syscall(regs);
	long result;

	counter_add(COUNT_SYSCALLS, 1);
	if (IS_LAB)
		TRACE(syscall, number, current_thread()->tid);
	/* SAFE(syscall_bounds): a number past the table would call whatever address lies
	 * behind it; pairs with the size of `calls`. */
	if (likely(number < ARRAY_SIZE(calls) && calls[number]))
		result = calls[number](regs);
	else if (number >= NATIVE_BASE)
		return native_syscall(regs);
	else
		result = unknown(number);
	if (unlikely(result == -EFAULT && number != __NR_rt_sigreturn))
		result = copy_failed();
	if (IS_LAB)
		TRACE(syscall_done, number, result);
	regs_set_result(regs, result);
	if (unlikely(result == -ERESTART || result == -ERESTARTNOHAND))
		interrupted(number, regs, result);
}
