/*
 * kernel/sched/wait.h - wait queues, and the sleeping locks made of them.
 *
 *     wait_event(&queue, condition)              until the condition holds
 *     wait_event_timeout(&queue, condition, deadline_ns)      false: deadline passed
 * first wait_event_killable(&queue, condition)     -EINTR when wait_interrupted() says so
 *
 * The condition is evaluated again after each wake_up(); who makes it true must do so
 * before calling wake_up(). wake_up() may be called from any context.
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
	struct list link; /* (l:queue lock) */
	struct thread *thread;
};

#define WAIT_QUEUE_INIT(name)                                                            \
	{                                                                                \
		.lock = SPINLOCK_INIT("wait queue", RANK_WAIT),                          \
		.waiters = LIST_INIT((name).waiters)                                     \
	}

void wait_init(struct wait_queue *queue);
void wait_add(struct wait_queue *queue, struct waiter *waiter);    /* + prepare */
void wait_remove(struct wait_queue *queue, struct waiter *waiter); /* + cancel */
void wake_up(struct wait_queue *queue);                            /* all waiters */
void wake_up_one(struct wait_queue *queue);                        /* the first */

/* Set by kernel/task: should this thread's interruptible waits end now (signal, death)?
 */
extern bool (*wait_interrupted)(void);

/* Sleep until the deadline (clock value) or a wake; the caller is prepared. */
void thread_wait_until(u64 deadline);
/* At least until the deadline; -EINTR if interrupted earlier. */
int thread_sleep_until(u64 deadline);

#define WAIT_FOREVER (~0UL)

/* Result: 0, -EINTR (only if killable) or -ETIMEDOUT. */
#define wait_event_full(queue, condition, deadline, killable)                            \
	({                                                                               \
		struct waiter _w;                                                        \
		int _result = 0;                                                         \
		u64 _deadline = (deadline);                                              \
		for (;;) {                                                               \
			wait_add((queue), &_w);                                          \
			if (condition)                                                   \
				break;                                                   \
			if ((killable) && wait_interrupted && wait_interrupted()) {      \
				_result = -EINTR;                                        \
				break;                                                   \
			}                                                                \
			if (_deadline != WAIT_FOREVER && arch_clock_ns() >= _deadline) { \
				_result = -ETIMEDOUT;                                    \
				break;                                                   \
			}                                                                \
			thread_wait_until(_deadline);                                    \
		}                                                                        \
		wait_remove((queue), &_w);                                               \
		_result;                                                                 \
	})
#define wait_event(queue, condition)                                                     \
	((void)wait_event_full(queue, condition, WAIT_FOREVER, false))
#define wait_event_killable(queue, condition)                                            \
	wait_event_full(queue, condition, WAIT_FOREVER, true)
#define wait_event_timeout(queue, condition, deadline)                                   \
	(wait_event_full(queue, condition, deadline, false) == 0)

/* A reader/writer lock that sleeps; writers are not starved. A mutex is its write side.
 */
struct rwsem {
	const char *name;
	enum lock_rank rank;
	struct spinlock lock;
	int readers;                  /* (l:lock) */
	bool writer;                  /* (l:lock) */
	unsigned int writers_waiting; /* (l:lock) */
	struct wait_queue queue;
};

void rwsem_init(struct rwsem *sem, const char *name, enum lock_rank rank);
void rwsem_read_lock(struct rwsem *sem);
void rwsem_read_unlock(struct rwsem *sem);
void rwsem_write_lock(struct rwsem *sem);
void rwsem_write_unlock(struct rwsem *sem);
bool rwsem_is_write_held(struct rwsem *sem);

struct mutex {
	struct rwsem sem;
};

static inline void mutex_init(struct mutex *m, const char *name, enum lock_rank rank)
{
	rwsem_init(&m->sem, name, rank);
}
static inline void mutex_lock(struct mutex *m)
{
	rwsem_write_lock(&m->sem);
}
static inline void mutex_unlock(struct mutex *m)
{
	rwsem_write_unlock(&m->sem);
}
