/*
 * kernel/linux/signal_calls.c - the system calls about actions, masks, waiting, sending.
 *
 * No data; signal.c has the locks.
 */
#include "kernel/linux/signal.h"

#define SA_KNOWN                                                                         \
	(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART |            \
		SA_NODEFER | SA_RESETHAND | SA_RESTORER)

static struct wait_queue nobody = WAIT_QUEUE_INIT(nobody); /* is never woken */

/* --- actions and masks --- */

long sys_rt_sigaction(struct regs *regs)
{
	int signal = regs_arg(regs, 0);
	unsigned long from = regs_arg(regs, 1), to = regs_arg(regs, 2);
	struct linux_task *state = linux_task();
	struct sigaction action, previous;

	if (!is_signal(signal) || regs_arg(regs, 3) != sizeof(u64))
		return -EINVAL;
	if (from && user_get(&action, from, sizeof(action)))
		return -EFAULT;
	if (from && (SIGBIT(signal) & UNBLOCKABLE))
		return -EINVAL;
	spin_lock(&state->lock);
	previous = state->actions[signal - 1];
	spin_unlock(&state->lock);
	if (from) {
		action.sa_flags &= SA_KNOWN;
		action.sa_mask &= ~UNBLOCKABLE;
		signal_set_action(signal, &action);
	}
	return to ? user_put(to, &previous, sizeof(previous)) : 0;
}

long sys_rt_sigprocmask(struct regs *regs)
{
	int how = regs_arg(regs, 0);
	unsigned long from = regs_arg(regs, 1), to = regs_arg(regs, 2);
	u64 set = 0, previous = linux_thread()->blocked;

	if (regs_arg(regs, 3) != sizeof(set))
		return -EINVAL;
	if (from && user_get(&set, from, sizeof(set)))
		return -EFAULT;
	if (from && how == SIG_BLOCK)
		signal_set_blocked(previous | set);
	else if (from && how == SIG_UNBLOCK)
		signal_set_blocked(previous & ~set);
	else if (from && how == SIG_SETMASK)
		signal_set_blocked(set);
	else if (from)
		return -EINVAL;
	return to ? user_put(to, &previous, sizeof(previous)) : 0;
}

static u64 pending(void)
{
	return READ_ONCE(linux_thread()->queue.pending) |
	       READ_ONCE(linux_task()->queue.pending);
}

long sys_rt_sigpending(struct regs *regs)
{
	u64 set = pending() & linux_thread()->blocked;
	unsigned long size = regs_arg(regs, 1);

	return size > sizeof(set) ? -EINVAL : user_put(regs_arg(regs, 0), &set, size);
}

/* --- waiting --- */

static long wait_for_handler(void)
{
	(void)wait_event_killable(&nobody, false);
	return -ERESTARTNOHAND;
}

/* The mask before it comes back with the handler's frame, or when no handler runs. */
long sys_rt_sigsuspend(struct regs *regs)
{
	struct linux_thread *thread = linux_thread();
	u64 set;

	if (regs_arg(regs, 1) != sizeof(set))
		return -EINVAL;
	if (user_get(&set, regs_arg(regs, 0), sizeof(set)))
		return -EFAULT;
	thread->old_blocked = thread->blocked;
	thread->restore_blocked = true;
	signal_set_blocked(set);
	return wait_for_handler();
}

long sys_pause(struct regs *regs)
{
	return wait_for_handler();
}

static void set_waiting(u64 set)
{
	struct linux_task *state = linux_task();

	spin_lock(&state->lock);
	linux_thread()->waiting = set;
	spin_unlock(&state->lock);
}

/*
 * A signal of the set, waiting until one comes; -EAGAIN: the deadline came first. Sender
 * and waiter meet in the state lock: either the sender sees `waiting`, or its bit is
 * there when the condition is looked at.
 */
static long wait_for(u64 set, u64 deadline, struct signal_info *info)
{
	int error;

	set_waiting(set);
	error = wait_event_full(&nobody, set & pending(), deadline, true);
	set_waiting(0);
	if (signal_take(set, info))
		return info->signal;
	return error == -EINTR ? -EINTR : -EAGAIN;
}

long sys_rt_sigtimedwait(struct regs *regs)
{
	unsigned long to = regs_arg(regs, 1), timeout = regs_arg(regs, 2);
	struct __kernel_timespec time;
	struct signal_info info;
	siginfo_t text;
	u64 set, ns = 0, deadline = WAIT_FOREVER;
	long signal;

	if (regs_arg(regs, 3) != sizeof(set))
		return -EINVAL;
	if (user_get(&set, regs_arg(regs, 0), sizeof(set)) ||
		(timeout && user_get(&time, timeout, sizeof(time))))
		return -EFAULT;
	if (timeout && !time_to_ns(&time, &ns))
		return -EINVAL;
	if (timeout)
		deadline = time_add(arch_clock_ns(), ns);
	signal = wait_for(set & ~UNBLOCKABLE, deadline, &info);
	if (signal <= 0 || !to)
		return signal;
	signal_to_user(&text, &info);
	return user_put(to, &text, sizeof(text)) ? -EFAULT : signal;
}

/* --- sending --- */

/* kill(-1): everyone but the first process and the caller. */
static int send_all(const struct signal_info *info)
{
	struct task *task;
	int result = -ESRCH;

	list_for_each (task, &task_list, all) {
		if (task->pid == 1 || task == current_task())
			continue;
		if (info->signal)
			signal_send_task(task, info);
		result = 0;
	}
	return result;
}

static int send_pid(int pid, const struct signal_info *info)
{
	struct task *task = task_find_locked(pid);

	if (!task)
		return -ESRCH;
	return info->signal ? signal_send_task(task, info) : 0;
}

long sys_kill(struct regs *regs)
{
	int pid = regs_arg(regs, 0);
	const struct signal_info info = {
		.signal = regs_arg(regs, 1), .code = SI_USER, .pid = current_task()->pid};
	int result;

	if (info.signal && !is_signal(info.signal))
		return -EINVAL;
	mutex_lock(&task_tree_lock);
	if (pid > 0)
		result = send_pid(pid, &info);
	else if (pid == -1)
		result = send_all(&info);
	else
		result = signal_send_group(pid ? -pid : linux_task()->group, &info);
	mutex_unlock(&task_tree_lock);
	return result;
}

static long send_tid(int pid, int tid, int signal)
{
	const struct signal_info info = {
		.signal = signal, .code = SI_TKILL, .pid = current_task()->pid};
	struct task_thread *thread;

	if (tid <= 0 || (signal && !is_signal(signal)))
		return -EINVAL;
	mutex_lock(&task_tree_lock);
	thread = task_find_thread_locked(tid);
	if (thread && pid && thread->thread.task->pid != pid)
		thread = NULL;
	if (thread && signal)
		signal_send_thread(thread, &info);
	mutex_unlock(&task_tree_lock);
	return thread ? 0 : -ESRCH;
}

long sys_tkill(struct regs *regs)
{
	return send_tid(0, regs_arg(regs, 0), regs_arg(regs, 1));
}

long sys_tgkill(struct regs *regs)
{
	int pid = regs_arg(regs, 0);

	return pid <= 0 ? -EINVAL : send_tid(pid, regs_arg(regs, 1), regs_arg(regs, 2));
}

/* With a value. Only to itself a program may speak as the kernel does. */
long sys_rt_sigqueueinfo(struct regs *regs)
{
	int pid = regs_arg(regs, 0), result;
	struct signal_info info = {.signal = regs_arg(regs, 1)};
	siginfo_t text;

	if (user_get(&text, regs_arg(regs, 2), sizeof(text)))
		return -EFAULT;
	info.code = text.si_code;
	info.pid = text.si_pid;
	info.address = (unsigned long)text.si_ptr;
	if (pid != current_task()->pid && (info.code >= 0 || info.code == SI_TKILL))
		return -EPERM;
	if (info.signal && !is_signal(info.signal))
		return -EINVAL;
	mutex_lock(&task_tree_lock);
	result = send_pid(pid, &info);
	mutex_unlock(&task_tree_lock);
	return result;
}
