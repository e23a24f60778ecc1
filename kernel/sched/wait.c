/*
 * kernel/sched/wait.c - wait queues.
 *
 * Data: each queue's list of waiters (l:queue), which lie on the sleepers' stacks. A wake
 * takes a waiter off the list; a waiter that goes on waiting queues up again.
 * wait_remove() always takes the lock, so no waker still looks at a waiter that is gone.
 */
#include "kernel/sched/wait.h"

void wait_init(struct wait_queue *queue)
{
	spin_init(&queue->lock, "wait queue", RANK_WAIT);
	list_init(&queue->waiters);
}

void wait_add(struct wait_queue *queue, struct waiter *waiter)
{
	unsigned long flags = spin_lock_irqsave(&queue->lock);

	if (list_empty(&waiter->link))
		list_append(&queue->waiters, &waiter->link);
	thread_wait_prepare();
	spin_unlock_irqrestore(&queue->lock, flags);
}

void wait_remove(struct wait_queue *queue, struct waiter *waiter)
{
	unsigned long flags = spin_lock_irqsave(&queue->lock);

	thread_wait_cancel();
	list_remove(&waiter->link);
	spin_unlock_irqrestore(&queue->lock, flags);
}

void wake_up_locked(struct wait_queue *queue)
{
	struct list *first;

	while ((first = list_pop(&queue->waiters)))
		thread_wake(list_entry(first, struct waiter, link)->thread);
}

void wake_up(struct wait_queue *queue)
{
	unsigned long flags = spin_lock_irqsave(&queue->lock);

	wake_up_locked(queue);
	spin_unlock_irqrestore(&queue->lock, flags);
}
