/*
 * kernel/linux/linux.c - how the layer hooks itself into the task room, and the life of
 * its per-task and per-thread state.
 */
#include "kernel/linux/linux.h"
#include "kernel/linux/start.h"
#include "kernel/base/print.h"
#include "mm/space/cache.h"

void linux_note(const char *format, ...)
{
	char text[128];
	va_list args;

	va_start(args, format);
	format_text_v(text, sizeof(text), format, args);
	va_end(args);
	print("linux: %s[%d]: %s\n", current_task()->name, current_task()->pid, text);
}

/* In pieces that do not cross a page, so that a string may end where memory does. */
ssize_t user_get_string(char *to, unsigned long from, size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t piece = min(size - done, 64 - (from + done) % 64);
		char *end;

		if (arch_copy_from_user(to + done, from + done, piece))
			return -EFAULT;
		end = to + done + strnlen(to + done, piece);
		done += piece;
		if (end < to + done)
			return end - to;
	}
	return -ENAMETOOLONG;
}

/* A child starts with its parent's actions, group and directory; nothing is pending. */
static int attach_task(struct task *task)
{
	struct linux_task *mine = kmalloc(sizeof(*mine));
	struct linux_task *parent = current_task() ? linux_task() : NULL;

	if (!mine)
		return -ENOMEM;
	spin_init(&mine->lock, "signals", RANK_SIGNAL);
	wait_init(&mine->continued);
	itimer_init(&mine->itimer);
	if (parent) {
		spin_lock(&parent->lock);
		memcpy(mine->actions, parent->actions, sizeof(mine->actions));
		memcpy(mine->directory, parent->directory, PATH_LIMIT);
		spin_unlock(&parent->lock);
		mine->group = parent->group;
		mine->session = parent->session;
		mine->umask = parent->umask;
	} else {
		mine->group = mine->session = task->pid;
		mine->umask = 022;
		string_copy(mine->directory, "/", PATH_LIMIT);
	}
	task->linux_data = mine;
	return 0;
}

/* A new thread inherits the signal mask of the one that made it, a new process also its
 * alternate stack. */
static int thread_attach(struct task_thread *thread)
{
	struct task *task = thread->thread.task;
	struct linux_thread *mine = kmalloc(sizeof(*mine));
	struct linux_thread *creator = current_task() ? linux_thread() : NULL;

	if (!mine)
		return -ENOMEM;
	if (!task->linux_data && attach_task(task)) {
		kfree(mine);
		return -ENOMEM;
	}
	if (creator)
		mine->blocked = creator->blocked;
	if (creator && task != current_task())
		mine->alternate = creator->alternate; /* two threads cannot share one */
	thread->linux_data = mine;
	return 0;
}

static void thread_detach(struct task_thread *thread)
{
	kfree(thread->linux_data);
}

static void task_detach(struct task *task)
{
	if (task->linux_data)
		(void)timer_stop(&task->linux_data->itimer.timer);
	kfree(task->linux_data);
}

void linux_init(void)
{
	futex_init();
	task_hooks = (struct task_hooks){
		.thread_attach = thread_attach,
		.thread_leave = process_thread_leave,
		.thread_detach = thread_detach,
		.task_detach = task_detach,
		.task_ended = signal_task_ended,
		.task_exec = process_exec,
		.user_fault = signal_fault,
		.deliver = signal_deliver,
		.console_interrupt = terminal_interrupt,
	};
	thread_start(thread_create("alarm", itimer_thread, NULL));
	trap_ops.syscall = linux_syscall; /* straight from the trap, native calls too */
}
