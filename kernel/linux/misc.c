/*
 * kernel/linux/misc.c - the small questions: who are you, how much, on which CPUs.
 *
 * No state of its own. Times and sizes are read once and may be old when they arrive.
 */
#include "kernel/linux/linux.h"
#include "kernel/base/print.h"
#include "kernel/task/random.h"
#include "mm/space/cache.h"
#include "mm/space/frame.h"
#include <linux/random.h>
#include <linux/resource.h>
#include <linux/sysinfo.h>
#include <linux/utsname.h>

/* A release that libc accepts: what we offer is a part of what that kernel has. */
long sys_uname(struct regs *regs)
{
	struct new_utsname name = {.sysname = "Linux",
		.nodename = "origami",
		.release = "6.1.0-origami",
		.version = "Origami",
		.domainname = "(none)"};

	string_copy(name.machine, arch_name(), sizeof(name.machine));
	return user_put(regs_arg(regs, 0), &name, sizeof(name));
}

static unsigned int count_tasks(void)
{
	struct task *task;
	unsigned int count = 0;

	mutex_lock(&task_tree_lock);
	list_for_each (task, &task_list, all)
		count++;
	mutex_unlock(&task_tree_lock);
	return count;
}

long sys_sysinfo(struct regs *regs)
{
	struct frame_stats stats;
	struct sysinfo info = {.mem_unit = 1};

	frame_stats(&stats);
	info.uptime = arch_clock_ns() / 1000000000;
	info.totalram = stats.total * PAGE_SIZE;
	info.freeram = stats.free * PAGE_SIZE;
	info.procs = count_tasks();
	return user_put(regs_arg(regs, 0), &info, sizeof(info));
}

/* --- the log --- */

#define SYSLOG_READ_ALL    3
#define SYSLOG_SIZE_UNREAD 9
#define SYSLOG_SIZE_BUFFER 10

/* Reads the log through a buffer from `from` on; copies it out if `to` is not 0. The
 * bytes read, or -EFAULT. */
static ssize_t read_log(u64 *from, unsigned long to, size_t size)
{
	char piece[256];
	size_t done = 0, got;

	while (done < size) {
		got = print_read_log(from, piece, min(size - done, sizeof(piece)));
		if (!got)
			break;
		if (to && user_put(to + done, piece, got))
			return -EFAULT;
		done += got;
	}
	return done;
}

/* dmesg: the last bytes of the log. */
long sys_syslog(struct regs *regs)
{
	unsigned long to = regs_arg(regs, 1);
	int size = regs_arg(regs, 2);
	u64 from = 0, start;
	ssize_t length = read_log(&from, 0, ~0UL >> 1);

	switch ((int)regs_arg(regs, 0)) {
	case SYSLOG_SIZE_BUFFER:
	case SYSLOG_SIZE_UNREAD:
		return length;
	case SYSLOG_READ_ALL:
		if (!to || size < 0)
			return -EINVAL;
		start = from - min(length, (ssize_t)size);
		return read_log(&start, to, size);
	default:
		return -EINVAL;
	}
}

/* --- random numbers --- */

long sys_getrandom(struct regs *regs)
{
	unsigned long to = regs_arg(regs, 0);
	size_t size = min(regs_arg(regs, 1), (unsigned long)INT32_MAX), done = 0;
	char piece[256];

	if (regs_arg(regs, 2) & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	while (done < size && !wait_interrupted()) {
		size_t count = min(size - done, sizeof(piece));

		random_bytes(piece, count);
		if (user_put(to + done, piece, count))
			return -EFAULT;
		done += count;
	}
	return done || !size ? (long)done : -ERESTART;
}

/* --- limits: what is, is; nothing can be set --- */

static struct rlimit64 limit_of(unsigned int resource)
{
	u64 value = RLIM64_INFINITY;

	if (resource == RLIMIT_STACK)
		value = MM_STACK_SIZE;
	else if (resource == RLIMIT_NOFILE)
		value = HANDLES_MAX;
	else if (resource == RLIMIT_CORE)
		value = 0;
	return (struct rlimit64){value, value};
}

long sys_prlimit64(struct regs *regs)
{
	int pid = regs_arg(regs, 0);
	unsigned int resource = regs_arg(regs, 1);
	unsigned long from = regs_arg(regs, 2);
	unsigned long to = regs_arg(regs, 3);
	struct rlimit64 limit, is = limit_of(resource);

	if (pid && pid != current_task()->pid)
		return -ESRCH;
	if (resource >= RLIM_NLIMITS)
		return -EINVAL;
	if (from && user_get(&limit, from, sizeof(limit)))
		return -EFAULT;
	if (from && limit.rlim_max != is.rlim_max)
		return -EPERM;
	return to ? user_put(to, &is, sizeof(is)) : 0;
}

/* --- scheduling --- */

long sys_sched_yield(struct regs *regs)
{
	thread_yield();
	return 0;
}

/* Tree lock held: the thread of a tid argument, where 0 means the running one. */
static struct thread *named_locked(int tid)
{
	struct task_thread *thread =
		tid ? task_find_thread_locked(tid) : current_thread();

	return thread ? &thread->thread : NULL;
}

/* Whole words only: of a part of one, the bytes would be other CPUs on each machine. */
long sys_sched_setaffinity(struct regs *regs)
{
	struct thread *thread;
	u64 cpus;
	long result = -ESRCH;

	if (regs_arg(regs, 1) < sizeof(cpus))
		return -EINVAL;
	if (user_get(&cpus, regs_arg(regs, 2), sizeof(cpus)))
		return -EFAULT;
	mutex_lock(&task_tree_lock);
	thread = named_locked(regs_arg(regs, 0));
	if (thread)
		result = thread_set_allowed(thread, cpus & atomic_load(&cpus_online));
	mutex_unlock(&task_tree_lock);
	return result;
}

long sys_sched_getaffinity(struct regs *regs)
{
	unsigned long size = regs_arg(regs, 1);
	struct thread *thread;
	u64 cpus;

	if (size < sizeof(cpus) || size % sizeof(cpus))
		return -EINVAL;
	mutex_lock(&task_tree_lock);
	thread = named_locked(regs_arg(regs, 0));
	cpus = thread ? READ_ONCE(thread->allowed) & atomic_load(&cpus_online) : 0;
	mutex_unlock(&task_tree_lock);
	if (!thread)
		return -ESRCH;
	return user_put(regs_arg(regs, 2), &cpus, sizeof(cpus)) ? -EFAULT
								: (long)sizeof(cpus);
}

long sys_getcpu(struct regs *regs)
{
	u32 cpu = arch_cpu_id(), node = 0;

	if (regs_arg(regs, 0) && user_put(regs_arg(regs, 0), &cpu, sizeof(cpu)))
		return -EFAULT;
	if (regs_arg(regs, 1) && user_put(regs_arg(regs, 1), &node, sizeof(node)))
		return -EFAULT;
	return 0;
}

#ifdef __NR_arch_prctl
long sys_arch_prctl(struct regs *regs)
{
	return arch_linux_prctl(regs_arg(regs, 0), regs_arg(regs, 1));
}
#endif
