/*
 * kernel/linux/ids.c - who is who: process ids, process groups, sessions.
 *
 * Everybody is user 0. A group and a session are plain numbers in the task (l:tree); a
 * group exists while a task carries its number.
 */
#include "kernel/linux/linux.h"
#include "kernel/base/atomic.h"

long sys_getpid(struct regs *regs)
{
	return current_task()->pid;
}

long sys_gettid(struct regs *regs)
{
	return current_thread()->tid;
}

long sys_getppid(struct regs *regs)
{
	return atomic_load_relaxed(&current_task()->parent_pid);
}

long sys_getuid(struct regs *regs)
{
	return 0;
}

/* Tree lock held: the task of a pid argument, where 0 means the running one. */
static struct task *named(int pid)
{
	struct task *task = pid ? task_find_locked(pid) : current_task();

	return task && task->linux_data ? task : NULL;
}

static bool group_in_session(int group, int session)
{
	struct task *task;

	list_for_each (task, &task_list, all)
		if (task->linux_data && task->linux_data->group == group &&
			task->linux_data->session == session)
			return true;
	return false;
}

/* May the running task put `task` into `group`? Tree lock held. */
static int check_setpgid(struct task *task, int group)
{
	int session = linux_task()->session;

	if (!task || (task != current_task() && task->parent != current_task()))
		return -ESRCH;
	if (task->linux_data->session != session)
		return -EPERM;
	if (task->linux_data->session == task->pid)
		return -EPERM; /* the leader of a session stays where it is */
	if (group != task->pid && !group_in_session(group, session))
		return -EPERM;
	return 0;
}

long sys_setpgid(struct regs *regs)
{
	int pid = regs_arg(regs, 0), group = regs_arg(regs, 1);
	struct task *task;
	int error;

	if (group < 0)
		return -EINVAL;
	mutex_lock(&task_tree_lock);
	task = named(pid);
	if (task && !group)
		group = task->pid;
	error = check_setpgid(task, group);
	if (!error)
		task->linux_data->group = group;
	mutex_unlock(&task_tree_lock);
	return error;
}

static long id_of(int pid, bool session)
{
	struct task *task;
	long id = -ESRCH;

	mutex_lock(&task_tree_lock);
	task = named(pid);
	if (task)
		id = session ? task->linux_data->session : task->linux_data->group;
	mutex_unlock(&task_tree_lock);
	return id;
}

long sys_getpgid(struct regs *regs)
{
	return id_of(regs_arg(regs, 0), false);
}

long sys_getpgrp(struct regs *regs)
{
	return id_of(0, false);
}

long sys_getsid(struct regs *regs)
{
	return id_of(regs_arg(regs, 0), true);
}

long sys_setsid(struct regs *regs)
{
	struct linux_task *mine = linux_task();
	int pid = current_task()->pid;
	long result = pid;

	mutex_lock(&task_tree_lock);
	if (mine->group == pid)
		result = -EPERM; /* already leads a group */
	else
		mine->group = mine->session = pid;
	mutex_unlock(&task_tree_lock);
	return result;
}
