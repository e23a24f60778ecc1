/*
 * kernel/linux/signal.c - signals on their way: sending, choosing a thread, taking.
 *
 *   send: into the queue of the task or of one thread --> one thread that does not block
 *   it gets TASK_WORK_SIGNAL --> it looks, at its next return to user mode, and takes it
 *
 * A signal for the task is offered to one thread, so that the others' waits go on. If
 * that thread blocks it after all before it has looked, or leaves, it is offered to the
 * next (retarget()).
 *
 * Locks: linux_task->lock for queues, masks and actions; senders hold the tree lock too,
 * to walk the task's threads. The first process dies only of its own faults.
 */
#include "kernel/linux/signal.h"
#include "kernel/base/atomic.h"

#define HARMLESS (SIGBIT(SIGCHLD) | SIGBIT(SIGCONT) | SIGBIT(SIGURG) | SIGBIT(SIGWINCH))

/* --- queues: state lock held --- */

/* -EAGAIN: no room, and what is told of it is what counts. */
static int queue_add(struct signal_queue *queue, const struct signal_info *info)
{
	u64 bit = SIGBIT(info->signal);

	if (queue->pending & bit && info->signal < SIGRTMIN)
		return 0;
	if (queue->count < SIGNAL_QUEUE)
		queue->infos[queue->count++] = *info;
	else if (info->signal >= SIGRTMIN && info->code < 0)
		return -EAGAIN;
	queue->pending |= bit;
	return 0;
}

static void queue_remove(struct signal_queue *queue, unsigned int index)
{
	queue->count--;
	for (; index < queue->count; index++)
		queue->infos[index] = queue->infos[index + 1];
}

static void queue_forget(struct signal_queue *queue, u64 signals)
{
	queue->pending &= ~signals;
	for (unsigned int i = queue->count; i-- > 0;)
		if (SIGBIT(queue->infos[i].signal) & signals)
			queue_remove(queue, i);
}

/* The oldest of that number; it stays pending while there are more. */
static void queue_take(struct signal_queue *queue, int signal, struct signal_info *info)
{
	unsigned int count = 0, oldest = 0;

	for (unsigned int i = queue->count; i-- > 0;) {
		if (queue->infos[i].signal != signal)
			continue;
		oldest = i;
		count++;
	}
	*info = (struct signal_info){.signal = signal};
	if (count) {
		*info = queue->infos[oldest];
		queue_remove(queue, oldest);
	}
	if (count <= 1)
		queue->pending &= ~SIGBIT(signal);
}

/* --- sending --- */

bool signal_ignored(struct task *task, int signal)
{
	const struct linux_task *state = task->linux_data;
	__sighandler_t handler = state->actions[signal - 1].sa_handler;

	if (handler != SIG_DFL)
		return handler == SIG_IGN;
	return task->pid == 1 || SIGBIT(signal) & HARMLESS;
}

/* Stop and continue cancel each other, whatever the masks say. State lock held. */
static void cancel_opposite(struct linux_task *state, int signal)
{
	if (SIGBIT(signal) & STOPPING)
		queue_forget(&state->queue, SIGBIT(SIGCONT));
	if (signal != SIGCONT && signal != SIGKILL)
		return;
	queue_forget(&state->queue, STOPPING);
	atomic_store(&state->stopped, false);
	wake_up(&state->continued);
}

static bool takes(const struct task_thread *thread, u64 bit)
{
	const struct linux_thread *its = thread->linux_data;

	return !(its->blocked & bit) || its->waiting & bit;
}

/* To the sender itself if it will do, so that a signal to oneself comes before the call
 * returns; else to the oldest. Tree and state lock held. */
static void notify_one(struct task *task, u64 bit)
{
	struct task_thread *chosen = NULL, *thread;

	list_for_each (thread, &task->threads, link) {
		if (!takes(thread, bit))
			continue;
		if (!chosen || thread == current_thread())
			chosen = thread;
	}
	if (chosen)
		task_thread_notify(chosen, TASK_WORK_SIGNAL);
}

/* Somebody may still wait for it, or change its action first. */
static bool is_blocked(struct task *task, const struct task_thread *only, u64 bit)
{
	struct task_thread *thread;

	list_for_each (thread, &task->threads, link)
		if ((!only || thread == only) && thread->linux_data->blocked & bit)
			return true;
	return false;
}

/* It is the end of the task, and nothing can change that any more. State lock held. */
static bool ends(struct task *task, const struct task_thread *only, int signal)
{
	const struct linux_task *state = task->linux_data;

	return signal == SIGKILL || (state->actions[signal - 1].sa_handler == SIG_DFL &&
					    !(SIGBIT(signal) & STOPPING) &&
					    !is_blocked(task, only, SIGBIT(signal)));
}

/* To a task, or to one thread of it. An ignored signal is remembered only if it is
 * blocked. Tree lock held. */
static int send(
	struct task *task, struct task_thread *only, const struct signal_info *info)
{
	struct linux_task *state = task->linux_data;
	u64 bit = SIGBIT(info->signal);
	bool dropped;
	int error = 0;

	if (!state || task->state != TASK_ALIVE)
		return 0;
	spin_lock(&state->lock);
	cancel_opposite(state, info->signal);
	dropped = signal_ignored(task, info->signal);
	if (!dropped && ends(task, only, info->signal)) {
		/* Not only at the next return to user mode: who waits for its vfork
		 * child, or for a server that hangs, looks at nothing else. */
		spin_unlock(&state->lock);
		task_kill_locked(task, TASK_KILLED(info->signal));
		return 0;
	}
	if (!dropped || is_blocked(task, only, bit)) {
		error = queue_add(only ? &only->linux_data->queue : &state->queue, info);
		if (!only)
			notify_one(task, bit);
		else if (takes(only, bit))
			task_thread_notify(only, TASK_WORK_SIGNAL);
	}
	spin_unlock(&state->lock);
	return error;
}

int signal_send_task(struct task *task, const struct signal_info *info)
{
	return send(task, NULL, info);
}

void signal_send_thread(struct task_thread *thread, const struct signal_info *info)
{
	(void)send(thread->thread.task, thread, info);
}

void signal_send_self(int signal)
{
	const struct signal_info info = {.signal = signal, .code = SI_KERNEL};

	mutex_lock(&task_tree_lock);
	signal_send_thread(current_thread(), &info);
	mutex_unlock(&task_tree_lock);
}

int signal_send_group(int group, const struct signal_info *info)
{
	struct task *task;
	int result = -ESRCH;

	list_for_each (task, &task_list, all) {
		if (!task->linux_data || task->linux_data->group != group)
			continue;
		if (info->signal)
			signal_send_task(task, info);
		result = 0;
	}
	return result;
}

void signal_task_ended(struct task *task)
{
	int status = task->exit_status;
	bool killed = status & 0x7f;
	const struct signal_info info = {.signal = SIGCHLD,
		.code = killed ? CLD_KILLED : CLD_EXITED,
		.pid = task->pid,
		.status = killed ? status & 0x7f : status >> 8};

	if (task->parent)
		signal_send_task(task->parent, &info);
}

void signal_force(const struct signal_info *info)
{
	struct linux_task *state = linux_task();
	struct linux_thread *thread = linux_thread();
	__sighandler_t handler;
	bool blocked;

	spin_lock(&state->lock);
	handler = state->actions[info->signal - 1].sa_handler;
	blocked = thread->blocked & SIGBIT(info->signal);
	thread->queue.count = min(thread->queue.count, SIGNAL_QUEUE - 1u);
	(void)queue_add(&thread->queue, info);
	spin_unlock(&state->lock);
	if (blocked || handler == SIG_DFL || handler == SIG_IGN)
		task_exit(TASK_KILLED(info->signal));
	task_thread_notify(current_thread(), TASK_WORK_SIGNAL);
}

/* --- masks and actions --- */

/*
 * SAFE(signal_retarget): of the task's signals, those that the running thread no longer
 * takes are offered to another one. It may have been the one that was chosen; then nobody
 * else would look, and a signal that another thread takes would stay pending for ever.
 * Pairs with notify_one() in send(): either it sees our new mask, or we see its signal.
 */
static void retarget(u64 hidden)
{
	struct linux_task *state = linux_task();

	mutex_lock(&task_tree_lock);
	spin_lock(&state->lock);
	for (hidden &= state->queue.pending; hidden; hidden &= hidden - 1)
		notify_one(current_task(), hidden & -hidden);
	spin_unlock(&state->lock);
	mutex_unlock(&task_tree_lock);
}

void signal_set_blocked(u64 blocked)
{
	struct linux_task *state = linux_task();
	struct linux_thread *thread = linux_thread();
	u64 hidden;
	bool ready;

	spin_lock(&state->lock);
	hidden = blocked & ~thread->blocked & state->queue.pending;
	thread->blocked = blocked & ~UNBLOCKABLE;
	ready = (thread->queue.pending | state->queue.pending) & ~thread->blocked;
	spin_unlock(&state->lock);
	if (ready)
		task_thread_notify(current_thread(), TASK_WORK_SIGNAL);
	if (hidden)
		retarget(hidden);
}

void signal_thread_leave(struct task_thread *thread)
{
	signal_set_blocked(~0UL);
}

void signal_set_action(int signal, const struct sigaction *action)
{
	struct task *task = current_task();
	struct linux_task *state = linux_task();
	struct task_thread *thread;

	mutex_lock(&task_tree_lock);
	spin_lock(&state->lock);
	state->actions[signal - 1] = *action;
	if (signal_ignored(task, signal)) {
		queue_forget(&state->queue, SIGBIT(signal));
		list_for_each (thread, &task->threads, link)
			queue_forget(&thread->linux_data->queue, SIGBIT(signal));
	}
	spin_unlock(&state->lock);
	mutex_unlock(&task_tree_lock);
}

/* A new program starts with default actions where the old one had handlers, and its stack
 * is the only one. */
void signal_exec(struct task *task)
{
	struct linux_task *state = linux_task();

	spin_lock(&state->lock);
	for (int signal = 1; signal <= SIGNALS; signal++) {
		struct sigaction *action = &state->actions[signal - 1];

		if (action->sa_handler != SIG_IGN)
			memset(action, 0, sizeof(*action));
	}
	spin_unlock(&state->lock);
	linux_thread()->alternate = (stack_t){.ss_flags = SS_DISABLE};
}

/* --- taking --- */

/* What the program itself did comes first: the registers still tell of it. */
static int first_signal(u64 signals)
{
	return __builtin_ctzl(signals & FAULTS ? signals & FAULTS : signals) + 1;
}

bool signal_take(u64 wanted, struct signal_info *info)
{
	struct linux_task *state = linux_task();
	struct signal_queue *queue = &linux_thread()->queue;

	spin_lock(&state->lock);
	if (!(queue->pending & wanted))
		queue = &state->queue;
	wanted &= queue->pending;
	if (wanted)
		queue_take(queue, first_signal(wanted), info);
	spin_unlock(&state->lock);
	return wanted;
}
