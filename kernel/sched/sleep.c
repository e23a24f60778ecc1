/*
 * kernel/sched/sleep.c - waits that end by themselves: at a time, or for a signal.
 *
 * Data: each sleeper's alarm, on its own stack. Nothing here can fail.
 */
#include "kernel/sched/timer.h"
#include "kernel/sched/wait.h"

bool (*wait_interrupted)(void);

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

int wait_locked(struct wait_queue *queue)
{
	struct waiter waiter = {.thread = current()};
	bool over;

	list_append(&queue->waiters, &waiter.link);
	thread_wait_prepare();
	over = wait_interrupted();
	if (!over) {
		thread_wait_unlock(&queue->lock, NULL);
		spin_lock(&queue->lock);
	}
	thread_wait_cancel();
	list_remove(&waiter.link);
	return over ? -EINTR : 0;
}
