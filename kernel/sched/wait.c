/*
 * kernel/sched/wait.c - wait queues, and sleeping for a time.
 *
 * Data: each queue's list of waiters (l:queue), which lie on the sleepers' stacks. A wake
 * takes a waiter off the list; a waiter that goes on waiting queues up again.
 * wait_remove() always takes the lock, so no waker still looks at a waiter that is gone.
 */
#include "kernel/sched/wait.h"
#include "kernel/sched/timer.h"

bool (*wait_interrupted)(void);

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

void wake_up(struct wait_queue *queue)
{
	unsigned long flags = spin_lock_irqsave(&queue->lock);
	struct list *first;

	while ((first = list_pop(&queue->waiters)))
		thread_wake(list_entry(first, struct waiter, link)->thread);
	spin_unlock_irqrestore(&queue->lock, flags);
}

struct alarm {
	struct timer timer;
	struct thread *thread; /* (c) */
};

static void alarm_rings(struct timer *timer)
{
	thread_wake(container_of(timer, struct alarm, timer)->thread);
}

void thread_wait_until(u64 deadline)
{
	struct alarm alarm = {.thread = current()};

	if (deadline == WAIT_FOREVER) {
		thread_wait();
		return;
	}
	timer_init(&alarm.timer, alarm_rings);
	timer_start(&alarm.timer, deadline);
	thread_wait();
	timer_stop(&alarm.timer);
}

int wait_over(u64 deadline, bool killable)
{
	if (killable && wait_interrupted && wait_interrupted())
		return -EINTR;
	return deadline != WAIT_FOREVER && arch_clock_ns() >= deadline ? -ETIMEDOUT : 0;
}

int thread_sleep_until(u64 deadline)
{
	int result;

	while (thread_wait_prepare(), !(result = wait_over(deadline, true)))
		thread_wait_until(deadline);
	thread_wait_cancel();
	return result == -ETIMEDOUT ? 0 : result;
}
