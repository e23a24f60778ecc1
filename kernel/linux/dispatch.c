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

/*
 * -ERESTART: the call was interrupted before it did anything. Since no handler can run
 * in the program yet, the signal either ends it (then nobody sees the restart) or is
 * none of its business.
 */
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
	if (IS_LAB)
		TRACE(syscall_done, number, result);
	if (unlikely(result == -ERESTART))
		regs_restart_syscall(regs);
	else
		regs_set_result(regs, result);
}
