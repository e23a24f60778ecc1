/*
 * kernel/linux/time.c - clocks and sleeping.
 *
 * All clocks are the machine's nanosecond counter: the monotonic ones as it is, the
 * realtime ones plus the time of day at boot, the CPU-time ones from the threads' run
 * times. Nothing sets a clock. No data, no locks.
 */
#include "kernel/linux/linux.h"
#include "arch/contract/timer.h"
#include <linux/time.h>

#define NS 1000000000UL

/* False: not a time. Times past the end of the counter (584 years) become "for ever". */
bool time_to_ns(const struct __kernel_timespec *time, u64 *ns)
{
	if (time->tv_sec < 0 || time->tv_nsec < 0 || (u64)time->tv_nsec >= NS)
		return false;
	if ((u64)time->tv_sec >= WAIT_FOREVER / NS)
		*ns = WAIT_FOREVER;
	else
		*ns = (u64)time->tv_sec * NS + (u64)time->tv_nsec;
	return true;
}

struct __kernel_timespec time_from_ns(u64 ns)
{
	return (struct __kernel_timespec){.tv_sec = ns / NS, .tv_nsec = ns % NS};
}

/* A deadline; one past the end of the counter is never reached. */
u64 time_add(u64 a, u64 b)
{
	return a + b < a ? WAIT_FOREVER : a + b;
}

/* The counter's value when the time of day is `ns`. */
u64 time_from_epoch(u64 ns)
{
	u64 boot = arch_clock_epoch_ns();

	if (ns == WAIT_FOREVER)
		return ns;
	return ns > boot ? ns - boot : 0;
}

static bool is_realtime(int clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

static bool clock_read(int clock, u64 *ns)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		*ns = arch_clock_epoch_ns() + arch_clock_ns();
		return true;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
		*ns = arch_clock_ns();
		return true;
	case CLOCK_PROCESS_CPUTIME_ID:
		*ns = time_of_task(current_task());
		return true;
	case CLOCK_THREAD_CPUTIME_ID:
		*ns = thread_runtime(current());
		return true;
	default:
		return false;
	}
}

static long put_time(unsigned long to, u64 ns)
{
	struct __kernel_timespec time = time_from_ns(ns);

	return user_put(to, &time, sizeof(time));
}

long sys_clock_gettime(struct regs *regs)
{
	u64 ns;

	if (!clock_read(regs_arg(regs, 0), &ns))
		return -EINVAL;
	return put_time(regs_arg(regs, 1), ns);
}

long sys_clock_getres(struct regs *regs)
{
	unsigned long to = regs_arg(regs, 1);
	u64 ns;

	if (!clock_read(regs_arg(regs, 0), &ns))
		return -EINVAL;
	return to ? put_time(to, 1) : 0;
}

long sys_gettimeofday(struct regs *regs)
{
	u64 ns = arch_clock_epoch_ns() + arch_clock_ns();
	long now[2] = {ns / NS, ns % NS / 1000};
	int zone[2] = {0, 0};

	if (regs_arg(regs, 0) && user_put(regs_arg(regs, 0), now, sizeof(now)))
		return -EFAULT;
	if (regs_arg(regs, 1) && user_put(regs_arg(regs, 1), zone, sizeof(zone)))
		return -EFAULT;
	return 0;
}

#ifdef __NR_time
long sys_time(struct regs *regs)
{
	long now = (arch_clock_epoch_ns() + arch_clock_ns()) / NS;

	if (regs_arg(regs, 0) && user_put(regs_arg(regs, 0), &now, sizeof(now)))
		return -EFAULT;
	return now;
}
#endif

static long sleep_until(u64 deadline)
{
	return thread_sleep_until(deadline) ? -ERESTARTNOHAND : 0;
}

/* A sleep that a signal cuts short reports what was left of it. */
static long sleep_for(u64 ns, unsigned long left)
{
	u64 deadline = restart_deadline(ns), now;

	if (!thread_sleep_until(deadline))
		return 0;
	now = arch_clock_ns();
	if (left && put_time(left, deadline > now ? deadline - now : 0))
		return -EFAULT;
	return restart_until(deadline);
}

static long get_ns(unsigned long from, u64 *ns)
{
	struct __kernel_timespec time;

	if (user_get(&time, from, sizeof(time)))
		return -EFAULT;
	return time_to_ns(&time, ns) ? 0 : -EINVAL;
}

long sys_nanosleep(struct regs *regs)
{
	u64 ns;
	long error = get_ns(regs_arg(regs, 0), &ns);

	if (error)
		return error;
	return sleep_for(ns, regs_arg(regs, 1));
}

long sys_clock_nanosleep(struct regs *regs)
{
	int clock = regs_arg(regs, 0);
	u64 ns, now;
	long error = get_ns(regs_arg(regs, 2), &ns);

	if (error)
		return error;
	if (!clock_read(clock, &now))
		return -EINVAL;
	if (clock == CLOCK_THREAD_CPUTIME_ID || clock == CLOCK_PROCESS_CPUTIME_ID)
		return -EOPNOTSUPP;
	if (!(regs_arg(regs, 1) & TIMER_ABSTIME))
		return sleep_for(ns, regs_arg(regs, 3));
	return sleep_until(is_realtime(clock) ? time_from_epoch(ns) : ns);
}

/* Of the threads that have left and of those that run; the latter's are read unlocked. */
u64 time_of_task(struct task *task)
{
	struct task_thread *thread;
	u64 ns;

	mutex_lock(&task_tree_lock);
	ns = task->runtime_ns;
	list_for_each (thread, &task->threads, link)
		ns += thread_runtime(&thread->thread);
	mutex_unlock(&task_tree_lock);
	return ns;
}
