/*
 * kernel/sched/rwsem.c - the reader/writer lock that sleeps; see wait.h.
 *
 * Data: holders and a queue of those who wait, all under sem->lock. The queue is served
 * in order: who comes while anybody waits queues up behind, so neither readers nor
 * writers starve. An unlock GRANTS: it makes the first waiter (or all readers at the
 * front) a holder on its behalf, takes it off the queue and wakes it.
 */
#include "kernel/base/panic.h"
#include "kernel/sched/wait.h"

struct rwsem_waiter {
	struct list link; /* (l:sem) alone: granted */
	struct thread *thread;
	bool writes;
};

void rwsem_init(struct rwsem *sem, const char *name, enum lock_rank rank)
{
	*sem = (struct rwsem){.name = name, .rank = rank};
	spin_init(&sem->lock, name, RANK_WAIT);
	list_init(&sem->waiters);
}

/* Lets in as many as can enter, in order; sem->lock is held. */
static void grant(struct rwsem *sem)
{
	while (!list_empty(&sem->waiters)) {
		struct rwsem_waiter *first =
			list_first(&sem->waiters, struct rwsem_waiter, link);

		if (sem->writer || (first->writes && sem->readers))
			return;
		if (first->writes)
			sem->writer = first->thread;
		else
			sem->readers++;
		list_remove(&first->link);
		if (first->thread != current())
			thread_wake(first->thread);
	}
}

/* Everybody queues up; without a holder or others in front, one is granted at once. */
void rwsem_lock(struct rwsem *sem, bool writes)
{
	struct rwsem_waiter waiter = {.thread = current(), .writes = writes};
	unsigned long flags;

	rank_acquire(sem, sem->name, sem->rank);
	flags = spin_lock_irqsave(&sem->lock);
	list_append(&sem->waiters, &waiter.link);
	grant(sem);
	while (!list_empty(&waiter.link)) {
		thread_wait_prepare(); /* before the lock is free: no grant is missed */
		spin_unlock_irqrestore(&sem->lock, flags);
		thread_wait();
		flags = spin_lock_irqsave(&sem->lock);
	}
	spin_unlock_irqrestore(&sem->lock, flags);
}

void rwsem_unlock(struct rwsem *sem, bool writes)
{
	unsigned long flags = spin_lock_irqsave(&sem->lock);

	ASSERT(writes ? sem->writer == current() : sem->readers > 0,
		"%s is not held by who unlocks it", sem->name);
	if (writes)
		sem->writer = NULL;
	else
		sem->readers--;
	grant(sem);
	spin_unlock_irqrestore(&sem->lock, flags);
	rank_release(sem);
}
