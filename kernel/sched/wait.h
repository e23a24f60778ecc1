/*
 * kernel/sched/wait.h - wait queues, and the sleeping locks made of them.
 *
 *     wait_event(&queue, condition)              until the condition holds
 *     wait_event_timeout(&queue, condition, deadline_ns)      false: deadline passed
 *     wait_event_killable(&queue, condition)     -EINTR when wait_interrupted() says so
 *
 * The condition is evaluated again after each wake_up(); who makes it true must do so
 * before calling wake_up(). wake_up() may be called from any context. A queue must live
 * until the last wake_up() has returned, which the end of a wait does not promise.
 */
#pragma once

#include "kernel/sched/thread.h"
#include "kernel/base/spin.h"
#include "kernel/base/errno.h"
#include "arch/contract/timer.h"

struct wait_queue {
	struct spinlock lock;
	struct list waiters; /* (l:lock) struct waiter */
};

struct waiter {
	struct list link;      /* (l:queue) alone: not queued */
	struct thread *thread; /* (c) */
};

#define WAIT_QUEUE_INIT(name)                                                            \
	{                                                                                \
		.lock = SPINLOCK_INIT("wait queue", RANK_WAIT),                          \
		.waiters = LIST_INIT((name).waiters)                                     \
	}

void wait_init(struct wait_queue *queue);

/* Queue up (once) and announce the wait: a wake_up() from now on ends it. */
void wait_add(struct wait_queue *queue, struct waiter *waiter);
/* Leave the queue and take the announcement back. */
void wait_remove(struct wait_queue *queue, struct waiter *waiter);
void wake_up(struct wait_queue *queue); /* all waiters */

/* For what changes under the queue's own lock, which is held, but not during the wait.
 * -EINTR when wait_interrupted() says so. Not for queues that interrupts wake. */
int wait_locked(struct wait_queue *queue);
void wake_up_locked(struct wait_queue *queue);

/* Set by kernel/task: a signal, or death, ends this thread's killable waits. */
extern bool (*wait_interrupted)(void);

/* Sleep until the deadline (clock value) or a wake; the caller is prepared. */
void thread_wait_until(u64 deadline);
/* At least until the deadline; -EINTR if interrupted earlier. */
int thread_sleep_until(u64 deadline);

#define WAIT_FOREVER (~0UL)

/* Should a wait end although its condition does not hold? 0, -EINTR or -ETIMEDOUT. */
int wait_over(u64 deadline, bool killable);

/* Result: 0, -EINTR (only if killable) or -ETIMEDOUT. */
#define wait_event_full(queue, condition, deadline, killable)                            \
	({                                                                               \
		struct waiter _w = {.link = LIST_INIT(_w.link), .thread = current()};    \
		int _result = 0;                                                         \
		u64 _deadline = (deadline);                                              \
		while (wait_add((queue), &_w),                                           \
			!(condition) && !(_result = wait_over(_deadline, killable)))     \
			thread_wait_until(_deadline);                                    \
		wait_remove((queue), &_w);                                               \
		_result;                                                                 \
	})
#define wait_event(queue, condition)                                                     \
	({                                                                               \
		struct waiter _w = {.link = LIST_INIT(_w.link), .thread = current()};    \
		while (wait_add((queue), &_w), !(condition))                             \
			thread_wait();                                                   \
		wait_remove((queue), &_w);                                               \
	})
#define wait_event_killable(queue, condition)                                            \
	wait_event_full(queue, condition, WAIT_FOREVER, true)
#define wait_event_timeout(queue, condition, deadline)                                   \
	(wait_event_full(queue, condition, deadline, false) == 0)

/*
 * A reader/writer lock that sleeps. First come, first served: nobody starves, and an
 * unlock hands the lock over to whom it wakes. A mutex is its write side.
 */
struct rwsem {
	const char *name;      /* (c) */
	enum lock_rank rank;   /* (c) */
	u32 state;             /* (a) who is inside, and whether anybody waits: rwsem.c */
	struct thread *writer; /* its own, or NULL */
	struct spinlock lock;
	struct list waiters; /* (l:lock) struct rwsem_waiter, in rwsem.c */
};

void rwsem_init(struct rwsem *sem, const char *name, enum lock_rank rank);
void rwsem_lock(struct rwsem *sem, bool writes);
void rwsem_unlock(struct rwsem *sem, bool writes);
#define rwsem_read_lock(sem)    rwsem_lock(sem, false)
#define rwsem_read_unlock(sem)  rwsem_unlock(sem, false)
#define rwsem_write_lock(sem)   rwsem_lock(sem, true)
#define rwsem_write_unlock(sem) rwsem_unlock(sem, true)

struct mutex {
	struct rwsem sem;
};

#define MUTEX_INIT(ident, text, lock_rank)                                               \
	{                                                                                \
		{                                                                        \
			.name = (text), .rank = (lock_rank),                             \
			.lock = SPINLOCK_INIT(text, RANK_WAIT),                          \
			.waiters = LIST_INIT((ident).sem.waiters)                        \
		}                                                                        \
	}
#define mutex_init(mutex, name, rank) rwsem_init(&(mutex)->sem, name, rank)
#define mutex_lock(mutex)             rwsem_write_lock(&(mutex)->sem)
#define mutex_unlock(mutex)           rwsem_write_unlock(&(mutex)->sem)
