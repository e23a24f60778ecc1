/*
 * kernel/task/wait.c - a parent learns how its children ended, and buries them.
 *
 * Lock: task_tree_lock while looking. Sleeping is done without it, on the parent's
 * `changed` queue; see task_note_change() for why no end of a child is missed.
 */
#include "kernel/task/task.h"

/* A zombie that matches, or NULL; *any: there are children to wait for. Tree lock. */
static struct task *find_zombie_locked(
	bool (*matches)(const struct task *child, void *arg), void *arg, bool *any)
{
	struct task *child;

	*any = false;
	list_for_each (child, &current_task()->children, sibling) {
		if (!matches(child, arg))
			continue;
		*any = true;
		if (child->state == TASK_ZOMBIE)
			return child;
	}
	return NULL;
}

static void bury_locked(struct task *zombie)
{
	list_remove(&zombie->sibling);
	list_remove(&zombie->all);
	zombie->state = TASK_GONE;
}

int task_wait(bool (*matches)(const struct task *child, void *arg), void *arg,
	unsigned int flags, struct task_ended *ended)
{
	struct task *self = current_task(), *zombie;
	bool any, bury = !(flags & TASK_WAIT_KEEP);

	for (;;) {
		u32 changes = atomic_load(&self->changes);

		mutex_lock(&task_tree_lock);
		zombie = find_zombie_locked(matches, arg, &any);
		if (zombie) {
			*ended = (struct task_ended){.pid = zombie->pid,
				.status = zombie->exit_status,
				.runtime_ns = zombie->runtime_ns};
			if (bury)
				bury_locked(zombie);
		}
		mutex_unlock(&task_tree_lock);
		if (zombie)
			break;
		if (!any)
			return -ECHILD;
		if (flags & TASK_WAIT_NOHANG)
			return 0;
		if (wait_event_killable(
			    &self->changed, atomic_load(&self->changes) != changes))
			return -ERESTART;
	}
	if (bury)
		task_put(zombie); /* the tree's reference */
	return ended->pid;
}
