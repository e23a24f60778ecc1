/*
 * kernel/sched/rwsem.c - the reader/writer lock that sleeps; see wait.h.
 *
 * Data: holders and a queue of those who wait, all under sem->lock. The queue is served
 * in order: who comes while anybody waits queues up behind, so neither readers nor
 * writers starve. An unlock GRANTS: it makes the first waiter (or all readers at the
 * front) a holder on its behalf and then wakes it, so a woken waiter never finds the lock
 * taken.
 */
#include "kernel/base/panic.h"
#include "kernel/sched/wait.h"

struct rwsem_waiter {
	struct list link; /* (l:sem) */
	struct thread *thread;
	bool writes;
	bool granted; /* (a) the last access by the granter, see grant() */
};

void rwsem_init(struct rwsem *sem, const char *name, enum lock_rank rank)
{
	*sem = (struct rwsem){.name = name, .rank = rank};
	spin_init(&sem->lock, name, RANK_WAIT);
	list_init(&sem->waiters);
}

/* Takes it on behalf of `thread` if nobody is in the way; sem->lock is held. */
static bool enter(struct rwsem *sem, struct thread *thread, bool writes)
{
	if (sem->writer || (writes && sem->readers))
		return false;
	if (writes)
		sem->writer = thread;
	else
		sem->readers++;
	return true;
}

/* Lets in as many as can enter, in order; sem->lock is held. */
static void grant(struct rwsem *sem)
{
	struct rwsem_waiter *first;
	struct thread *thread;

	while (!list_empty(&sem->waiters)) {
		first = list_first(&sem->waiters, struct rwsem_waiter, link);
		thread = first->thread;
		if (!enter(sem, thread, first->writes))
			return;
		list_remove(&first->link);
		/* The waiter may see this and return, its stack frame with it: so no
		 * access to `first` after it. The thread stays: it still has to take
		 * sem->lock in lock(). Release: pairs with the acquire there. */
		atomic_store_release(&first->granted, true);
		thread_wake(thread);
	}
}

static void wait_for_grant(struct rwsem *sem, struct rwsem_waiter *waiter)
{
	unsigned long flags;

	for (;;) {
		thread_wait_prepare();
		if (atomic_load_acquire(&waiter->granted))
			break;
		thread_wait();
	}
	thread_wait_cancel();
	/* The granter may still be between `granted` and the end of thread_wake(). It
	 * holds the lock until then; without this wait for it, this thread could exit and
	 * be freed under its hands. */
	flags = spin_lock_irqsave(&sem->lock);
	spin_unlock_irqrestore(&sem->lock, flags);
}

static void lock(struct rwsem *sem, bool writes)
{
	struct rwsem_waiter waiter = {.thread = current(), .writes = writes};
	unsigned long flags;
	bool entered;

	rank_acquire(sem, sem->name, sem->rank);
	flags = spin_lock_irqsave(&sem->lock);
	entered = list_empty(&sem->waiters) && enter(sem, current(), writes);
	if (!entered)
		list_append(&sem->waiters, &waiter.link);
	spin_unlock_irqrestore(&sem->lock, flags);
	if (!entered)
		wait_for_grant(sem, &waiter);
}

static void unlock(struct rwsem *sem, bool writes)
{
	unsigned long flags = spin_lock_irqsave(&sem->lock);

	if (writes) {
		ASSERT(sem->writer == current(), "%s: unlocked by a stranger", sem->name);
		sem->writer = NULL;
	} else {
		ASSERT(sem->readers > 0, "%s: %d readers", sem->name, sem->readers);
		sem->readers--;
	}
	grant(sem);
	spin_unlock_irqrestore(&sem->lock, flags);
	rank_release(sem);
}

void rwsem_read_lock(struct rwsem *sem)
{
	lock(sem, false);
}

void rwsem_read_unlock(struct rwsem *sem)
{
	unlock(sem, false);
}

void rwsem_write_lock(struct rwsem *sem)
{
	lock(sem, true);
}

void rwsem_write_unlock(struct rwsem *sem)
{
	unlock(sem, true);
}

bool rwsem_is_write_held(struct rwsem *sem)
{
	return READ_ONCE(sem->writer) == current();
}
