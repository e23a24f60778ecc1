/*
 * kernel/task/native.c - the kernel's own system calls; see native.h for their meaning.
 *
 * All arguments are hostile: what is not checked here is checked by the function that is
 * called with it.
 */
#include "kernel/task/native.h"
#include "kernel/base/options.h"
#include "kernel/base/park.h"
#include "kernel/base/string.h"
#include "kernel/ipc/native_ipc.h"
#include "kernel/task/task.h"
#include "arch/contract/timer.h"
#include "arch/contract/uaccess.h"

#define PROT_ALL (PROT_READ | PROT_WRITE | PROT_EXEC)

static long native_map(
	unsigned long address, size_t length, unsigned long prot, unsigned long flags)
{
	int error;

	if ((prot & ~PROT_ALL) || (flags & ~NATIVE_MAP_FIXED))
		return -EINVAL;
	error = mm_map(current()->mm, &address, length, prot, flags ? MM_FIXED : 0);
	return error ? error : (long)address;
}

static long native_thread_create(unsigned long entry, unsigned long stack)
{
	struct task_thread *thread;
	struct regs regs;
	int error, tid;

	/* A machine may trap on the way to an impossible address, in the kernel. */
	if (entry >= arch_user_end() || stack > arch_user_end())
		return -EINVAL;
	regs_init_user(&regs, entry, stack);
	error = task_add_thread(&regs, &thread);
	if (error)
		return error;
	tid = thread->tid; /* it may be gone as soon as it has started */
	task_thread_start(thread);
	return tid;
}

static long native_transfer(
	unsigned long number, unsigned long address, size_t size, bool write)
{
	struct open *open = number < HANDLES_MAX
				    ? handles_lookup(current_task()->handles, number)
				    : NULL;
	long result;

	if (!open)
		return -EBADF;
	result = write ? open_write_user(open, address, size, NULL)
		       : open_read_user(open, address, size, NULL);
	open_put(open);
	return result == -ERESTART ? -EINTR : result;
}

#ifdef ORIGAMI_LAB
static bool may_park; /* (c) programs may: it can stop a CPU for good */

static bool parse_park(const char *value)
{
	return (may_park = !strcmp(value, "on"));
}
OPTION(park, "park", "on: programs may use the call \"park\"", parse_park);

static long native_park(unsigned long what, unsigned long event)
{
	if (!may_park)
		return -EPERM;
	if (what == NATIVE_PARK_ME && event < TRACE_EVENTS)
		return park_arm(event, arch_current(), PARK_UNTIL_TOLD) ? 0 : -EBUSY;
	if (what == NATIVE_PARK_GO)
		park_release_all();
	else
		return what == NATIVE_PARK_COUNT ? (long)park_count() : -EINVAL;
	return 0;
}
#endif

static __noinline long native_call(unsigned long number, const struct regs *regs)
{
	const unsigned long a[] = {regs_arg(regs, 0), regs_arg(regs, 1),
		regs_arg(regs, 2), regs_arg(regs, 3)};

	switch (number) {
	case NATIVE_MAP:
		return native_map(a[0], a[1], a[2], a[3]);
	case NATIVE_UNMAP:
		return mm_unmap(current()->mm, a[0], a[1]);
	case NATIVE_PROTECT:
		return a[2] & ~PROT_ALL ? -EINVAL
					: mm_protect(current()->mm, a[0], a[1], a[2]);
	case NATIVE_THREAD_CREATE:
		return native_thread_create(a[0], a[1]);
	case NATIVE_THREAD_EXIT:
		task_thread_exit(TASK_EXITED(a[0]));
	case NATIVE_TASK_EXIT:
		task_exit(TASK_EXITED(a[0]));
	case NATIVE_TASK_ID:
		return current_task()->pid;
	case NATIVE_READ:
	case NATIVE_WRITE:
		return native_transfer(a[0], a[1], a[2], number == NATIVE_WRITE);
	case NATIVE_YIELD:
		thread_yield();
		return 0;
	case NATIVE_CLOCK:
		return arch_clock_ns();
	case NATIVE_SLEEP:
		return thread_sleep_until(a[0]);
	case NATIVE_ENDPOINT:
		return native_endpoint();
	case NATIVE_HANDLE:
		return native_handle(a[0], a[1], a[2]);
	case NATIVE_NAME:
		return native_name(a[0], a[1], a[2], a[3]);
#ifdef ORIGAMI_LAB
	case NATIVE_PARK:
		return native_park(a[0], a[1]);
#endif
	default:
		return -ENOSYS;
	}
}

void native_syscall(struct regs *regs)
{
	unsigned long number = regs_syscall(regs);

	regs_set_result(regs, number >= NATIVE_CALL && number <= NATIVE_REPLY
				      ? native_ipc(regs)
				      : native_call(number, regs));
}
