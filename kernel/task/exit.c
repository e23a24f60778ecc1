/*
 * kernel/task/exit.c - how threads and tasks end; see task.h.
 *
 * A thread that is to end is told so by TASK_WORK_LEAVE and ends itself: nobody can know
 * from outside what it holds. The thread that brings thread_count to 0 ends the task: it
 * gives back what the task holds, hands its children to pid 1, and leaves a zombie. The
 * end of pid 1 is the end of the machine.
 *
 * Lock: task_tree_lock decides who is last and what the exit status is.
 */
#include "kernel/task/task.h"
#include "kernel/base/trace.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/task/start.h"

void task_note_change(struct task *task)
{
	/* Before the wake-up: pairs with task_wait(), which reads the count, looks at
	 * the children, and then sleeps only if the count is still the same. */
	atomic_add(&task->changes, 1);
	wake_up(&task->changed);
}

void task_thread_notify(struct task_thread *thread, u32 work)
{
	/* SAFE(work_before_poke): the bits are set before the thread is woken or poked;
	 * the other way round it could look, find nothing and sleep or return to user
	 * mode, and nobody would tell it again. Pairs with return_to_user() in trap.c
	 * and with wait_event_killable(), which look after they announced the wait. */
	atomic_or(&thread->thread.info.work, work);
	if (thread == current_thread())
		return;
	thread_wake(&thread->thread);
	thread_poke(&thread->thread);
	TRACE_POINT(notify);
}

void task_kill_locked(struct task *task, int status)
{
	struct task_thread *thread;

	if (task->exiting)
		return;
	task->exiting = true;
	task->exit_status = status;
	list_for_each (thread, &task->threads, link)
		task_thread_notify(thread, TASK_WORK_LEAVE);
}

void task_kill(struct task *task, int status)
{
	mutex_lock(&task_tree_lock);
	task_kill_locked(task, status);
	mutex_unlock(&task_tree_lock);
}

int task_end_other_threads(void)
{
	struct task *task = current_task();
	struct task_thread *self = current_thread(), *thread;
	bool leaving;

	mutex_lock(&task_tree_lock);
	leaving = atomic_load(&self->thread.info.work) & TASK_WORK_LEAVE;
	list_for_each (thread, &task->threads, link)
		if (!leaving && thread != self)
			task_thread_notify(thread, TASK_WORK_LEAVE);
	mutex_unlock(&task_tree_lock);
	if (leaving)
		return -EAGAIN;
	wait_event(&task->changed, READ_ONCE(task->thread_count) == 1);
	mutex_lock(&task_tree_lock);
	self->tid = task->pid;
	mutex_unlock(&task_tree_lock);
	return 0;
}

void task_wait_borrower(struct task *child)
{
	wait_event(&child->changed,
		!READ_ONCE(child->borrows_mm) ||
			(atomic_load(&current_thread()->thread.info.work) &
				TASK_WORK_LEAVE));
}

/* What the task held goes back; nobody else uses it any more. */
static void release(struct task *task)
{
	struct mm *mm;

	handles_free(task->handles);
	mutex_lock(&task_tree_lock);
	mm = task->mm;
	task->mm = NULL; /* task_get_mm() comes too late from here on */
	mutex_unlock(&task_tree_lock);
	if (mm)
		mm_put(mm);
}

static void tell_parent_locked(struct task *task)
{
	if (task_hooks.task_ended)
		task_hooks.task_ended(task);
	task_note_change(task->parent);
}

/* The children go to pid 1; it reaps those that have ended already. */
static void orphan_children_locked(struct task *task)
{
	struct task *first = task_find_locked(1), *child, *next;

	list_for_each_safe (child, next, &task->children, sibling) {
		list_remove(&child->sibling);
		list_append(&first->children, &child->sibling);
		child->parent = first;
		WRITE_ONCE(child->parent_pid, 1);
		if (child->state == TASK_ZOMBIE)
			tell_parent_locked(child);
	}
}

/* The last thread has left. */
static void task_end(struct task *task)
{
	if (task->pid == 1)
		task_power_off(TASK_SHELL_STATUS(task->exit_status));
	release(task);
	mutex_lock(&task_tree_lock);
	orphan_children_locked(task);
	task->borrows_mm = false;
	task->state = TASK_ZOMBIE;
	task_note_change(task);
	tell_parent_locked(task);
	mutex_unlock(&task_tree_lock);
}

void task_thread_exit(int status)
{
	struct task *task = current_task();
	struct task_thread *thread = current_thread();
	bool last;

	if (task_hooks.thread_leave)
		task_hooks.thread_leave(thread);
	(void)endpoint_reply(NULL); /* to whom it serves */
	mm_use(NULL);
	mutex_lock(&task_tree_lock);
	list_remove(&thread->link);
	task->runtime_ns += thread_runtime(&thread->thread);
	last = --task->thread_count == 0;
	if (last && !task->exiting) {
		task->exiting = true;
		task->exit_status = status;
	}
	mutex_unlock(&task_tree_lock);
	task_note_change(task); /* exec may wait for us */
	if (last)
		task_end(task);
	thread_exit(); /* which drops this thread's reference to the task */
}

void task_exit(int status)
{
	task_kill(current_task(), status);
	task_thread_exit(status);
}
