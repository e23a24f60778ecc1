/*
 * kernel/linux/signal.c - signals, as far as default actions, masks and waiting go.
 *
 *   send: pending bit in the task or one thread --> the threads that do not block it get
 *   TASK_WORK_SIGNAL --> each looks, at its next return to user mode, and takes a bit
 *
 * Handlers are stored, so that a program can ask for them, but do not run: a caught
 * signal has its default effect, and the log says so once.
 *
 * Locks: linux_task->lock for pending bits, masks and actions; senders hold the tree lock
 * too, to walk the task's threads. The first process dies only of its own faults.
 */
#include "kernel/linux/linux.h"
#include "kernel/base/atomic.h"
#include "kernel/base/trace.h"

#define SIGBIT(signal) (1UL << ((signal)-1))
#define UNBLOCKABLE    (SIGBIT(SIGKILL) | SIGBIT(SIGSTOP))
#define STOPPING       (SIGBIT(SIGSTOP) | SIGBIT(SIGTSTP) | SIGBIT(SIGTTIN) | SIGBIT(SIGTTOU))
#define HARMLESS       (SIGBIT(SIGCHLD) | SIGBIT(SIGCONT) | SIGBIT(SIGURG) | SIGBIT(SIGWINCH))

static struct wait_queue nobody = WAIT_QUEUE_INIT(nobody); /* is never woken */

static bool is_default(const struct linux_task *state, int signal)
{
	return state->actions[signal - 1].sa_handler == SIG_DFL;
}

/* Has no effect when delivered. State lock held. */
static bool ignored(struct task *task, int signal)
{
	struct linux_task *state = task->linux_data;

	if (state->actions[signal - 1].sa_handler == SIG_IGN)
		return true;
	if (task->pid == 1 && is_default(state, signal))
		return true;
	return SIGBIT(signal) & HARMLESS;
}

/* Stop and continue cancel each other, whatever the masks say. State lock held. */
static void cancel_opposite(struct linux_task *state, int signal)
{
	if (SIGBIT(signal) & STOPPING)
		state->pending &= ~SIGBIT(SIGCONT);
	if (signal != SIGCONT && signal != SIGKILL)
		return;
	state->pending &= ~STOPPING;
	atomic_store(&state->stopped, false);
	wake_up(&state->continued);
}

/*
 * To one thread, or to a task and whichever of its threads looks first. An ignored signal
 * is remembered only for a thread that blocks it: it may wait for it. Tree lock held.
 */
static void send(struct task *task, struct task_thread *only, int signal)
{
	struct linux_task *state = task->linux_data;
	u64 bit = SIGBIT(signal), *pending;
	struct task_thread *thread;
	bool dropped;

	if (!state || task->state != TASK_ALIVE)
		return;
	spin_lock(&state->lock);
	cancel_opposite(state, signal);
	dropped = ignored(task, signal);
	if (signal == SIGKILL && !dropped) {
		/* Not only at the next return to user mode: a parent that waits for its
		 * vfork child looks at nothing else. */
		spin_unlock(&state->lock);
		task_kill_locked(task, TASK_KILLED(SIGKILL));
		return;
	}
	pending = only ? &only->linux_data->pending : &state->pending;
	list_for_each (thread, &task->threads, link) {
		struct linux_thread *its = thread->linux_data;

		if ((only && thread != only) || (dropped && !(its->blocked & bit)))
			continue;
		*pending |= bit;
		if (!(its->blocked & bit) || its->waiting & bit)
			task_thread_notify(thread, TASK_WORK_SIGNAL);
	}
	spin_unlock(&state->lock);
}

void signal_send_task(struct task *task, int signal)
{
	send(task, NULL, signal);
}

void signal_send_self(int signal)
{
	mutex_lock(&task_tree_lock);
	send(current_task(), current_thread(), signal);
	mutex_unlock(&task_tree_lock);
}

int signal_send_group(int group, int signal)
{
	struct task *task;
	int result = -ESRCH;

	list_for_each (task, &task_list, all) {
		if (!task->linux_data || task->linux_data->group != group)
			continue;
		if (signal)
			signal_send_task(task, signal);
		result = 0;
	}
	return result;
}

void signal_task_ended(struct task *task)
{
	if (task->parent)
		signal_send_task(task->parent, SIGCHLD);
}

/* A new program starts with default actions where the old one had handlers. */
void signal_exec(struct task *task)
{
	struct linux_task *state = task->linux_data;

	spin_lock(&state->lock);
	for (int signal = 1; signal <= SIGNALS; signal++) {
		struct sigaction *action = &state->actions[signal - 1];

		if (action->sa_handler != SIG_IGN)
			memset(action, 0, sizeof(*action));
	}
	spin_unlock(&state->lock);
}

/* --- delivering --- */

/* Takes the lowest pending signal among `wanted`, the thread's own first; 0: none. */
static int take(u64 wanted)
{
	struct linux_task *state = linux_task();
	struct linux_thread *thread = linux_thread();
	u64 *from = &thread->pending;
	int signal = 0;

	spin_lock(&state->lock);
	if (!(*from & wanted))
		from = &state->pending;
	if (*from & wanted) {
		signal = __builtin_ctzl(*from & wanted) + 1;
		*from &= ~SIGBIT(signal);
	}
	spin_unlock(&state->lock);
	return signal;
}

static void stop_all_threads(void)
{
	struct task *task = current_task();
	struct task_thread *thread;

	atomic_store(&linux_task()->stopped, true);
	mutex_lock(&task_tree_lock);
	list_for_each (thread, &task->threads, link)
		task_thread_notify(thread, TASK_WORK_SIGNAL);
	mutex_unlock(&task_tree_lock);
}

static void act(int signal)
{
	struct task *task = current_task();
	struct linux_task *state = linux_task();
	bool harmless;

	spin_lock(&state->lock);
	harmless = ignored(task, signal);
	spin_unlock(&state->lock);
	if (harmless)
		return;
	if (SIGBIT(signal) & STOPPING)
		stop_all_threads();
	else
		task_exit(TASK_KILLED(signal));
}

/*
 * SAFE(signal_clear_first): the work bit is cleared before the pending bits are looked
 * at. The other way round, a signal that is sent in between would set a bit that we then
 * clear, and nobody would look again. Pairs with task_thread_notify() after the pending
 * bit is set in send().
 */
void signal_deliver(struct regs *regs)
{
	struct task_thread *me = current_thread();
	struct linux_task *state = linux_task();
	int signal;

	for (;;) {
		atomic_and(&me->thread.info.work, ~TASK_WORK_SIGNAL);
		TRACE_POINT(signal_look);
		while ((signal = take(~linux_thread()->blocked)))
			act(signal);
		if (!atomic_load(&state->stopped) ||
			atomic_load(&me->thread.info.work) & TASK_WORK_LEAVE)
			return;
		(void)wait_event_killable(
			&state->continued, !atomic_load(&state->stopped));
	}
}

/* What the program did cannot be repeated or skipped, so masks do not count. */
void signal_fault(struct regs *regs, enum user_fault what, unsigned long address)
{
	static const u8 signals[] = {
		[FAULT_SEGV] = SIGSEGV,
		[FAULT_ILLEGAL] = SIGILL,
		[FAULT_BUS] = SIGBUS,
		[FAULT_FPE] = SIGFPE,
		[FAULT_TRAP] = SIGTRAP,
	};

	task_report_fault(regs, what, address);
	task_exit(TASK_KILLED(signals[what]));
}

/* --- the calls --- */

static bool is_signal(int signal)
{
	return signal >= 1 && signal <= SIGNALS;
}

/* Pending bits of a signal that is now ignored are forgotten. */
static void set_action(int signal, const struct sigaction *action)
{
	struct task *task = current_task();
	struct linux_task *state = linux_task();
	struct task_thread *thread;

	mutex_lock(&task_tree_lock);
	spin_lock(&state->lock);
	state->actions[signal - 1] = *action;
	if (ignored(task, signal)) {
		state->pending &= ~SIGBIT(signal);
		list_for_each (thread, &task->threads, link)
			thread->linux_data->pending &= ~SIGBIT(signal);
	}
	spin_unlock(&state->lock);
	mutex_unlock(&task_tree_lock);
}

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
	if (from && action.sa_handler != SIG_IGN && action.sa_handler != SIG_DFL &&
		signal < SIGRTMIN) /* those are libc's own */
		linux_note_once("signal %d gets a handler, but handlers do not run yet: "
				"it has its default action",
			signal);
	spin_lock(&state->lock);
	previous = state->actions[signal - 1];
	spin_unlock(&state->lock);
	if (from)
		set_action(signal, &action);
	return to ? user_put(to, &previous, sizeof(previous)) : 0;
}

/* What was pending behind the old mask is looked at before the call returns. */
static void set_blocked(u64 blocked)
{
	struct linux_task *state = linux_task();
	struct linux_thread *thread = linux_thread();
	bool ready;

	spin_lock(&state->lock);
	thread->blocked = blocked & ~UNBLOCKABLE;
	ready = (thread->pending | state->pending) & ~thread->blocked;
	spin_unlock(&state->lock);
	if (ready)
		task_thread_notify(current_thread(), TASK_WORK_SIGNAL);
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
		set_blocked(previous | set);
	else if (from && how == SIG_UNBLOCK)
		set_blocked(previous & ~set);
	else if (from && how == SIG_SETMASK)
		set_blocked(set);
	else if (from)
		return -EINVAL;
	return to ? user_put(to, &previous, sizeof(previous)) : 0;
}

long sys_rt_sigpending(struct regs *regs)
{
	struct linux_thread *thread = linux_thread();
	u64 set = (thread->pending | linux_task()->pending) & thread->blocked;
	unsigned long size = regs_arg(regs, 1);

	return size > sizeof(set) ? -EINVAL : user_put(regs_arg(regs, 0), &set, size);
}

/* Delivers while the temporary mask holds; only the thread's end breaks the wait. */
static long suspend(struct regs *regs)
{
	while (!(atomic_load(&current_thread()->thread.info.work) & TASK_WORK_LEAVE)) {
		(void)wait_event_killable(&nobody, false);
		signal_deliver(regs);
	}
	return -EINTR;
}

long sys_rt_sigsuspend(struct regs *regs)
{
	u64 set;

	if (regs_arg(regs, 1) != sizeof(set))
		return -EINVAL;
	if (user_get(&set, regs_arg(regs, 0), sizeof(set)))
		return -EFAULT;
	set_blocked(set);
	return suspend(regs);
}

long sys_pause(struct regs *regs)
{
	return suspend(regs);
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
static long wait_for(u64 set, u64 deadline)
{
	struct linux_task *state = linux_task();
	struct linux_thread *thread = linux_thread();
	int error, signal;

	set_waiting(set);
	error = wait_event_full(&nobody,
		set & (READ_ONCE(thread->pending) | READ_ONCE(state->pending)), deadline,
		true);
	set_waiting(0);
	signal = take(set);
	if (signal)
		return signal;
	return error == -EINTR ? -EINTR : -EAGAIN;
}

long sys_rt_sigtimedwait(struct regs *regs)
{
	unsigned long info = regs_arg(regs, 1), timeout = regs_arg(regs, 2);
	struct __kernel_timespec time;
	int text[32] = {0}; /* a siginfo: only its number is known */
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
	signal = wait_for(set & ~UNBLOCKABLE, deadline);
	text[0] = signal;
	if (signal > 0 && info && user_put(info, text, sizeof(text)))
		return -EFAULT;
	return signal;
}

/* kill(-1): everyone but the first process and the caller. */
static int send_all(int signal)
{
	struct task *task;
	int result = -ESRCH;

	list_for_each (task, &task_list, all) {
		if (task->pid == 1 || task == current_task())
			continue;
		if (signal)
			signal_send_task(task, signal);
		result = 0;
	}
	return result;
}

static int send_pid(int pid, int signal)
{
	struct task *task = task_find_locked(pid);

	if (task && signal)
		signal_send_task(task, signal);
	return task ? 0 : -ESRCH;
}

long sys_kill(struct regs *regs)
{
	int pid = regs_arg(regs, 0), signal = regs_arg(regs, 1);
	int result;

	if (signal && !is_signal(signal))
		return -EINVAL;
	mutex_lock(&task_tree_lock);
	if (pid > 0)
		result = send_pid(pid, signal);
	else if (pid == -1)
		result = send_all(signal);
	else
		result = signal_send_group(pid ? -pid : linux_task()->group, signal);
	mutex_unlock(&task_tree_lock);
	return result;
}

static long send_tid(int pid, int tid, int signal)
{
	struct task_thread *thread;

	if (tid <= 0 || (signal && !is_signal(signal)))
		return -EINVAL;
	mutex_lock(&task_tree_lock);
	thread = task_find_thread_locked(tid);
	if (thread && pid && thread->thread.task->pid != pid)
		thread = NULL;
	if (thread && signal)
		send(thread->thread.task, thread, signal);
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
