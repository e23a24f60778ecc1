/*
 * kernel/sched/rwsem.c - the reader/writer lock that sleeps; see wait.h.
 *
 * Data: `state`, one word (a): how many readers, whether a writer, whether anybody waits.
 * While nobody waits, getting in and out is one CAS. With WAITERS set the word and the
 * queue belong to sem->lock. The queue is served in order: who comes while anybody waits
 * queues up behind, so neither readers nor writers starve. An unlock GRANTS: it makes the
 * first waiter (or all readers at the front) a holder on its behalf, takes it off the
 * queue and wakes it.
 */
#include "kernel/base/panic.h"
#include "kernel/base/trace.h"
#include "kernel/sched/wait.h"

#define WAITERS 1u
#define WRITER  2u
#define READER  4u /* each */

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

/* Lets in as many as can enter, in order; sem->lock is held and WAITERS set. */
static void grant(struct rwsem *sem)
{
	u32 state = atomic_load_relaxed(&sem->state);

	while (!list_empty(&sem->waiters)) {
		struct rwsem_waiter *first =
			list_first(&sem->waiters, struct rwsem_waiter, link);

		if (state & WRITER || (first->writes && state >= READER))
			break;
		state += first->writes ? WRITER : READER;
		list_remove(&first->link);
		if (first->thread != current())
			thread_wake(first->thread);
	}
	if (list_empty(&sem->waiters))
		state &= ~WAITERS;
	atomic_store_release(&sem->state, state);
}

static __noinline void queue_up(struct rwsem *sem, bool writes)
{
	struct rwsem_waiter waiter = {.thread = current(), .writes = writes};
	unsigned long flags = spin_lock_irqsave(&sem->lock);

	list_append(&sem->waiters, &waiter.link);
	/* SAFE(rwsem_announce): announced before looking. The other way round, a holder
	 * that leaves in between sees nobody to hand the lock to, and this thread waits
	 * for ever. Pairs with the look at WAITERS in rwsem_unlock(). */
	atomic_or(&sem->state, WAITERS);
	TRACE_POINT(rwsem_wait);
	grant(sem);
	while (!list_empty(&waiter.link)) {
		thread_wait_prepare(); /* before the lock is free: no grant is missed */
		spin_unlock_irqrestore(&sem->lock, flags);
		thread_wait();
		flags = spin_lock_irqsave(&sem->lock);
	}
	spin_unlock_irqrestore(&sem->lock, flags);
	if (writes)
		WRITE_ONCE(sem->writer, current()); /* lab: others look */
}

static __noinline void leave_and_grant(struct rwsem *sem, bool writes)
{
	unsigned long flags;

	TRACE_POINT(rwsem_hand_over);
	flags = spin_lock_irqsave(&sem->lock);
	/* Whoever waited may have been let in since we looked, and the word be anybody's
	 * again: closed, so that grant() may load and store it. */
	atomic_or(&sem->state, WAITERS);
	atomic_sub(&sem->state, writes ? WRITER : READER);
	grant(sem);
	spin_unlock_irqrestore(&sem->lock, flags);
}

void rwsem_lock(struct rwsem *sem, bool writes)
{
	u32 in_the_way = writes ? ~0U : WAITERS | WRITER, state;

	rank_acquire(sem, sem->name, sem->rank);
	state = atomic_load_relaxed(&sem->state);
	do {
		if (unlikely(state & in_the_way)) {
			queue_up(sem, writes);
			return;
		}
	} while (!atomic_cas_value(
		&sem->state, &state, state + (writes ? WRITER : READER)));
	if (writes)
		WRITE_ONCE(sem->writer, current());
}

void rwsem_unlock(struct rwsem *sem, bool writes)
{
	u32 state = atomic_load_relaxed(&sem->state);

	ASSERT(writes ? sem->writer == current() : state >= READER,
		"%s is not held by who unlocks it", sem->name);
	rank_release(sem);
	if (writes)
		WRITE_ONCE(sem->writer, NULL);
	do {
		if (unlikely(state & WAITERS)) {
			leave_and_grant(sem, writes);
			return;
		}
	} while (!atomic_cas_value(
		&sem->state, &state, state - (writes ? WRITER : READER)));
}
