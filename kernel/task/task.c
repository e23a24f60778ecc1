/*
 * kernel/task/task.c - making tasks and threads, and finding them; see task.h.
 *
 * A new thread's user registers are put at the top of its kernel stack before it starts;
 * its first and only kernel function loads them. Everything that can fail is done before
 * the thread is entered into the tree, under task_tree_lock, in one step: whoever looks
 * sees a complete task or none.
 */
#include "kernel/task/task.h"
#include "kernel/base/string.h"
#include "mm/space/cache.h"

struct mutex task_tree_lock;
struct list task_list = LIST_INIT(task_list);
struct task_hooks task_hooks;

static int last_pid;   /* (l:tree) */
static bool pids_wrap; /* (l:tree) numbers may be in use */

void task_get(struct task *task)
{
	atomic_add(&task->refs, 1);
}

void task_put(struct task *task)
{
	if (atomic_sub(&task->refs, 1) > 0)
		return;
	if (task_hooks.task_detach)
		task_hooks.task_detach(task);
	kfree(task->arguments);
	kfree(task);
}

/* --- looking up --- */

struct task *task_find_locked(int pid)
{
	struct task *task;

	list_for_each (task, &task_list, all)
		if (task->pid == pid)
			return task;
	return NULL;
}

struct task *task_find(int pid)
{
	struct task *task;

	mutex_lock(&task_tree_lock);
	task = task_find_locked(pid);
	if (task)
		task_get(task);
	mutex_unlock(&task_tree_lock);
	return task;
}

struct task_thread *task_find_thread_locked(int tid)
{
	struct task *task;
	struct task_thread *thread;

	list_for_each (task, &task_list, all)
		list_for_each (thread, &task->threads, link)
			if (thread->tid == tid)
				return thread;
	return NULL;
}

struct mm *task_get_mm(struct task *task)
{
	struct mm *mm;

	mutex_lock(&task_tree_lock);
	mm = task->mm;
	if (mm)
		mm_get(mm);
	mutex_unlock(&task_tree_lock);
	return mm;
}

/* --- beginning --- */

static int pid_alloc_locked(void)
{
	do {
		if (++last_pid > TASK_PID_MAX) {
			last_pid = 2;
			pids_wrap = true;
		}
	} while (pids_wrap &&
		 (task_find_locked(last_pid) || task_find_thread_locked(last_pid)));
	return last_pid;
}

/* In the new thread, which may have been told to leave already. */
static void user_thread_start(void *unused)
{
	struct regs *regs = arch_thread_regs(current()->stack_top);

	mm_use(current_task()->mm);
	trap_ops.return_to_user(regs);
	arch_user_enter(regs);
}

struct regs *task_thread_regs(struct task_thread *thread)
{
	return arch_thread_regs(thread->thread.stack_top);
}

/* A thread like the running one, but for `regs`; not in the tree yet. */
static int make_thread(
	struct task *task, const struct regs *regs, struct task_thread **thread)
{
	struct thread *made = thread_create(current()->name, user_thread_start, NULL);

	if (!made)
		return -ENOMEM;
	task_get(task);
	made->task = task;
	made->allowed = current()->allowed;
	arch_thread_copy_fp(&made->arch, &current()->arch);
	*thread = (struct task_thread *)made;
	*task_thread_regs(*thread) = *regs;
	if (!task_hooks.thread_attach || !task_hooks.thread_attach(*thread))
		return 0;
	thread_memory.free(made);
	return -ENOMEM;
}

/* One reference, for the caller. Takes over `handles` (NULL: -> NULL). */
static struct task *alloc_task(struct handles *handles)
{
	struct task *task = handles ? kmalloc(sizeof(*task)) : NULL;

	if (!task) {
		if (handles)
			handles_free(handles);
		return NULL;
	}
	task->refs = 1;
	task->handles = handles;
	task->start_ns = arch_clock_ns();
	list_init(&task->children);
	list_init(&task->sibling);
	list_init(&task->threads);
	wait_init(&task->changed);
	return task;
}

/* Arguments and name are the parent's until exec. */
static void inherit_locked(struct task *task, struct task *parent)
{
	if (!task->mm) {
		task->mm = parent->mm;
		mm_get(task->mm);
		task->borrows_mm = true;
	}
	task->program = parent->program;
	string_copy(task->name, parent->name, sizeof(task->name));
	task->arguments = kmalloc(parent->arguments_size + 1);
	if (task->arguments) {
		memcpy(task->arguments, parent->arguments, parent->arguments_size);
		task->arguments_size = parent->arguments_size;
	}
}

/* A task without a pid is new: it becomes the running task's child (or pid 1). */
static void enter_task_locked(struct task *task, struct task *parent)
{
	task->pid = pid_alloc_locked();
	list_append(&task_list, &task->all);
	task_get(task); /* the tree's */
	if (!parent)
		return;
	inherit_locked(task, parent);
	task->parent = parent;
	task->parent_pid = parent->pid;
	list_append(&parent->children, &task->sibling);
}

/* Into the tree, with its task if that is new; or not, and the thread is gone. */
static int enter(struct task *task, struct task_thread *thread)
{
	int error = 0;

	mutex_lock(&task_tree_lock);
	/* Told to leave, the running thread makes no more threads: who waits for all
	 * others to be gone would wait for ever. */
	if ((atomic_load(&current_thread()->thread.info.work) & TASK_WORK_LEAVE) ||
		task->thread_count == TASK_THREADS_MAX) {
		error = -EAGAIN;
	} else {
		if (!task->pid)
			enter_task_locked(task, current_task());
		thread->tid = task->thread_count++ ? pid_alloc_locked() : task->pid;
		list_append(&task->threads, &thread->link);
	}
	mutex_unlock(&task_tree_lock);
	if (error)
		thread_memory.free(&thread->thread);
	return error;
}

int task_add_thread(const struct regs *regs, struct task_thread **thread)
{
	int error = make_thread(current_task(), regs, thread);

	return error ? error : enter(current_task(), *thread);
}

static int start_child(struct task *task, const struct regs *regs, bool fork,
	struct task_thread **thread)
{
	int error;

	if (fork) {
		task->mm = mm_fork(current()->mm);
		if (!task->mm)
			return -ENOMEM;
	}
	error = make_thread(task, regs, thread);
	return error ? error : enter(task, *thread);
}

int task_create_child(const struct regs *regs, bool fork, struct task_thread **thread)
{
	struct task *task = alloc_task(handles_copy(current_task()->handles));
	int error;

	if (!task)
		return -ENOMEM;
	error = start_child(task, regs, fork, thread);
	if (error) {
		handles_free(task->handles);
		if (task->mm)
			mm_put(task->mm);
	}
	task_put(task);
	return error;
}

void task_thread_start(struct task_thread *thread)
{
	thread_start(&thread->thread);
}

int task_adopt_first(void)
{
	struct task *task = alloc_task(handles_create());

	if (!task)
		return -ENOMEM;
	enter(task, current_thread()); /* no limit is in reach yet */
	current()->task = task;        /* with the reference that alloc_task() gave */
	return task_hooks.thread_attach ? task_hooks.thread_attach(current_thread()) : 0;
}
