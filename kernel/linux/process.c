/*
 * kernel/linux/process.c - clone, execve, exit, wait: Linux's view of tasks and threads.
 *
 * kernel/task makes and ends them; here flags are checked, user words are written, and
 * what a thread promised Linux at its end is kept (clear_child_tid, robust futexes).
 *
 * A child gets a copy of its parent's address space (fork), or shares it until it execs
 * (vfork, posix_spawn).
 */
#include "kernel/linux/linux.h"
#include "kernel/linux/path.h"
#include "kernel/base/atomic.h"
#include "kernel/task/exec.h"
#include "kernel/task/ramdisk.h"
#include "arch/contract/thread.h"
#include <linux/futex.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <linux/wait.h>

#define THREAD_FLAGS (CLONE_VM | CLONE_SIGHAND | CLONE_THREAD)
#define NAMESPACE_FLAGS                                                                  \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |   \
		CLONE_NEWPID | CLONE_NEWNET)

/* --- clone --- */

static int check_flags(unsigned long flags)
{
	if (flags & NAMESPACE_FLAGS)
		return -EPERM;
	if (flags & CLONE_THREAD)
		return (flags & THREAD_FLAGS) == THREAD_FLAGS ? 0 : -EINVAL;
	return flags & (CLONE_SIGHAND | CLONE_PARENT | CLONE_PIDFD) ? -EINVAL : 0;
}

/* As on Linux: a thread whose number cannot be written there is a thread all the same. */
static void write_tid(unsigned long address, int tid)
{
	if (user_put(address, &tid, sizeof(tid)))
		return;
}

/* In the child's memory, which may be a copy of ours. */
static void write_child_tid(struct task_thread *child, unsigned long address)
{
	struct mm *mine = current()->mm;

	mm_use(child->thread.task->mm);
	write_tid(address, child->tid);
	mm_use(mine);
}

static void prepare_child(struct task_thread *child, const struct linux_clone *clone)
{
	struct regs *regs = task_thread_regs(child);

	regs_set_result(regs, 0);
	if (clone->stack)
		regs_set_sp(regs, clone->stack);
	if (clone->flags & CLONE_SETTLS)
		arch_thread_set_tls(&child->thread.arch, clone->tls, false);
	if (clone->flags & CLONE_CHILD_CLEARTID)
		child->linux_data->clear_child_tid = clone->child_tid;
	if (clone->flags & CLONE_PARENT_SETTID)
		write_tid(clone->parent_tid, child->tid);
	if (clone->flags & CLONE_CHILD_SETTID)
		write_child_tid(child, clone->child_tid);
}

static long clone(struct regs *regs, const struct linux_clone *clone)
{
	struct task_thread *child;
	struct task *task;
	int error = check_flags(clone->flags);
	int tid;

	if (error)
		return error;
	error = clone->flags & CLONE_THREAD
			? task_add_thread(regs, &child)
			: task_create_child(regs, !(clone->flags & CLONE_VM), &child);
	if (error)
		return error;
	prepare_child(child, clone);
	tid = child->tid;
	task = child->thread.task;
	task_get(task); /* the child may be gone as soon as it has started */
	task_thread_start(child);
	if (clone->flags & CLONE_VFORK && !(clone->flags & CLONE_THREAD))
		task_wait_borrower(task);
	task_put(task);
	return tid;
}

long sys_clone(struct regs *regs)
{
	struct linux_clone args;

	arch_linux_clone_args(regs, &args);
	return clone(regs, &args);
}

long sys_vfork(struct regs *regs)
{
	const struct linux_clone args = {.flags = CLONE_VM | CLONE_VFORK | SIGCHLD};

	return clone(regs, &args);
}

long sys_fork(struct regs *regs)
{
	const struct linux_clone args = {.flags = SIGCHLD};

	return clone(regs, &args);
}

/* --- execve --- */

/* Append the strings of a NULL-terminated array of user pointers. */
static int add_strings(struct exec_args *args, unsigned long array, unsigned int *count)
{
	unsigned long string;
	int error;

	for (*count = 0; array; array += sizeof(string)) {
		if (user_get(&string, array, sizeof(string)))
			return -EFAULT;
		if (!string)
			break;
		error = exec_args_add_user(args, string);
		if (error)
			return error;
		if (++*count > EXEC_COUNT_MAX)
			return -E2BIG;
	}
	return 0;
}

static int exec(const struct place *place, unsigned long argv, unsigned long envp,
	struct regs *regs)
{
	struct exec_args args;
	int error = exec_args_init(&args);

	if (error)
		return error;
	error = add_strings(&args, argv, &args.argc);
	if (!error)
		error = add_strings(&args, envp, &args.envc);
	if (!error)
		error = task_exec(place->info.file, place->path, &args, regs);
	exec_args_free(&args);
	return error;
}

long sys_execve(struct regs *regs)
{
	struct place place;
	int error = path_find(AT_FDCWD, regs_arg(regs, 0), &place);

	if (error)
		return error;
	if (!S_ISREG(place.info.mode) || !place.info.file || !(place.info.mode & 0111))
		return -EACCES;
	return exec(&place, regs_arg(regs, 1), regs_arg(regs, 2), regs);
}

void process_exec(struct task *task)
{
	struct linux_thread *thread = linux_thread();

	thread->clear_child_tid = 0; /* words of the old program */
	thread->robust_list = 0;
	atomic_store(&linux_task()->lock_future, false);
	signal_exec(task);
}

/* --- the end of a thread --- */

long sys_set_tid_address(struct regs *regs)
{
	linux_thread()->clear_child_tid = regs_arg(regs, 0);
	return current_thread()->tid;
}

long sys_set_robust_list(struct regs *regs)
{
	if (regs_arg(regs, 1) != sizeof(struct robust_list_head))
		return -EINVAL;
	linux_thread()->robust_list = regs_arg(regs, 0);
	return 0;
}

/* The word tells pthread_join() that the thread has left its stack for good. */
void process_thread_leave(struct task_thread *thread)
{
	struct linux_thread *mine = thread->linux_data;
	u32 zero = 0;

	signal_thread_leave(thread);
	if (mine->robust_list)
		futex_robust_exit(mine->robust_list);
	if (mine->clear_child_tid &&
		!user_put(mine->clear_child_tid, &zero, sizeof(zero)))
		futex_wake(mine->clear_child_tid, 1, FUTEX_BITSET_MATCH_ANY);
}

long sys_exit(struct regs *regs)
{
	task_thread_exit(TASK_EXITED(regs_arg(regs, 0)));
}

long sys_exit_group(struct regs *regs)
{
	task_exit(TASK_EXITED(regs_arg(regs, 0)));
}

/* --- waiting for children --- */

struct wanted {
	int pid;   /* 0: any */
	int group; /* 0: any */
};

static bool is_wanted(const struct task *child, void *arg)
{
	const struct wanted *wanted = arg;

	return (!wanted->pid || child->pid == wanted->pid) &&
	       (!wanted->group || child->linux_data->group == wanted->group);
}

/* The child's CPU time, all of it as user time. */
static long put_usage(unsigned long to, u64 runtime_ns)
{
	struct rusage usage = {.ru_utime.tv_sec = runtime_ns / 1000000000,
		.ru_utime.tv_usec = runtime_ns % 1000000000 / 1000};

	return to ? user_put(to, &usage, sizeof(usage)) : 0;
}

long sys_wait4(struct regs *regs)
{
	int pid = regs_arg(regs, 0), options = regs_arg(regs, 2);
	unsigned long status = regs_arg(regs, 1);
	struct wanted wanted = {.pid = pid > 0 ? pid : 0};
	struct task_ended ended;

	if (options &
		~(WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL))
		return -EINVAL;
	if (pid == 0 || pid < -1)
		wanted.group = pid ? -pid : linux_task()->group;
	pid = task_wait(
		is_wanted, &wanted, options & WNOHANG ? TASK_WAIT_NOHANG : 0, &ended);
	if (pid <= 0)
		return pid;
	if (status && user_put(status, &ended.status, sizeof(ended.status)))
		return -EFAULT;
	return put_usage(regs_arg(regs, 3), ended.runtime_ns) ? -EFAULT : pid;
}
