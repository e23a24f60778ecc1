/*
 * arch/sim/spec/wait.c - wait queues as a specification: queueing up and waking are one
 * step each, and compete; a wait ends when its thread was woken. How a wait queue is made
 * is judged elsewhere (threads, guests).
 */
#include "arch/sim/explore/explore.h"
#include "kernel/sched/wait.h"

static const struct wait_queue *queue_of[ACTORS]; /* each one's last */

static const struct wait_queue **my_queue(void)
{
	return &queue_of[running ? running - actors : 0];
}

/* The queue's lock stands for the queue, the list for who was woken from it. */
static void announce(enum op_kind kind, const struct wait_queue *queue)
{
	op_set(kind, "wait queue");
	op_touch((unsigned long)&queue->lock & ~3UL, 4, TOUCH_WRITE);
	op_drains();
}

void wait_init(struct wait_queue *queue)
{
	spin_init(&queue->lock, "wait queue", RANK_WAIT);
	list_init(&queue->waiters);
}

void wait_add(struct wait_queue *queue, struct waiter *waiter)
{
	announce(OP_LOCK, queue);
	actor_stop();
	if (list_empty(&waiter->link))
		list_append(&queue->waiters, &waiter->link);
	current()->waiting = true;
	*my_queue() = queue;
}

void wait_remove(struct wait_queue *queue, struct waiter *waiter)
{
	announce(OP_LOCK, queue);
	actor_stop();
	list_remove(&waiter->link);
	current()->waiting = false;
}

void wake_up(struct wait_queue *queue)
{
	struct list *first;

	announce(OP_UNLOCK, queue);
	op_touch((unsigned long)&queue->waiters, 4, TOUCH_ENABLE);
	actor_stop();
	while ((first = list_pop(&queue->waiters)))
		list_entry(first, struct waiter, link)->thread->waiting = false;
}

static bool woken(void *thread)
{
	return !((struct thread *)thread)->waiting;
}

void thread_wait(void)
{
	op_set(OP_LOCK, "wait queue");
	op_touch((unsigned long)&(*my_queue())->waiters, 4, TOUCH_JOIN);
	op_drains();
	actor_wait("wait queue", woken, current());
}
