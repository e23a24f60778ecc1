/*
 * kernel/task/native.c - the kernel's own system calls; see native.h for their meaning.
 *
 * One function per call, taking the argument registers. All arguments are hostile: what
 * is not checked here is checked by the function that is called with it.
 */
#include "kernel/task/native.h"
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "kernel/task/task.h"
#include "arch/contract/timer.h"
#include "arch/contract/uaccess.h"

#define PROT_ALL (PROT_READ | PROT_WRITE | PROT_EXEC)

static long native_map(const unsigned long *a)
{
	unsigned long address = a[0];
	int error;

	if ((a[2] & ~PROT_ALL) || (a[3] & ~NATIVE_MAP_FIXED))
		return -EINVAL;
	error = mm_map(current()->mm, &address, a[1], a[2],
		a[3] & NATIVE_MAP_FIXED ? MM_FIXED : 0);
	return error ? error : (long)address;
}

static long native_unmap(const unsigned long *a)
{
	return mm_unmap(current()->mm, a[0], a[1]);
}

static long native_protect(const unsigned long *a)
{
	return a[2] & ~PROT_ALL ? -EINVAL : mm_protect(current()->mm, a[0], a[1], a[2]);
}

static long native_thread_create(const unsigned long *a)
{
	struct task_thread *thread;
	struct regs regs;
	int error, tid;

	/* A machine may trap on the way to an impossible address, in the kernel. */
	if (a[0] >= arch_user_end() || a[1] > arch_user_end())
		return -EINVAL;
	regs_init_user(&regs, a[0], a[1]);
	error = task_add_thread(&regs, &thread);
	if (error)
		return error;
	tid = thread->tid; /* it may be gone as soon as it has started */
	task_thread_start(thread);
	return tid;
}

static long native_thread_exit(const unsigned long *a)
{
	task_thread_exit(TASK_EXITED(a[0]));
}

static long native_task_exit(const unsigned long *a)
{
	task_exit(TASK_EXITED(a[0]));
}

static long native_task_id(const unsigned long *a)
{
	return current_task()->pid;
}

static long transfer(const unsigned long *a,
	ssize_t (*move)(struct open *, unsigned long, size_t, const u64 *))
{
	struct open *open =
		a[0] < HANDLES_MAX ? handles_lookup(current_task()->handles, a[0]) : NULL;
	long result;

	if (!open)
		return -EBADF;
	result = move(open, a[1], a[2], NULL);
	open_put(open);
	return result == -ERESTART ? -EINTR : result;
}

static long native_read(const unsigned long *a)
{
	return transfer(a, open_read_user);
}

static long native_write(const unsigned long *a)
{
	return transfer(a, open_write_user);
}

static long native_yield(const unsigned long *a)
{
	thread_yield();
	return 0;
}

static long native_clock(const unsigned long *a)
{
	return arch_clock_ns();
}

static long native_sleep(const unsigned long *a)
{
	return thread_sleep_until(a[0]);
}

void native_syscall(struct regs *regs)
{
	static long (*const calls[NATIVE_CALLS])(const unsigned long *) = {
		[NATIVE_MAP - NATIVE_BASE] = native_map,
		[NATIVE_UNMAP - NATIVE_BASE] = native_unmap,
		[NATIVE_PROTECT - NATIVE_BASE] = native_protect,
		[NATIVE_THREAD_CREATE - NATIVE_BASE] = native_thread_create,
		[NATIVE_THREAD_EXIT - NATIVE_BASE] = native_thread_exit,
		[NATIVE_TASK_EXIT - NATIVE_BASE] = native_task_exit,
		[NATIVE_TASK_ID - NATIVE_BASE] = native_task_id,
		[NATIVE_READ - NATIVE_BASE] = native_read,
		[NATIVE_WRITE - NATIVE_BASE] = native_write,
		[NATIVE_YIELD - NATIVE_BASE] = native_yield,
		[NATIVE_CLOCK - NATIVE_BASE] = native_clock,
		[NATIVE_SLEEP - NATIVE_BASE] = native_sleep,
	};
	unsigned long arguments[4];

	for (int i = 0; i < 4; i++)
		arguments[i] = regs_arg(regs, i);
	regs_set_result(regs, calls[regs_syscall(regs) - NATIVE_BASE](arguments));
}
