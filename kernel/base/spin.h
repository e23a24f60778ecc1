/*
 * kernel/base/spin.h - spinlocks: short critical sections that never sleep.
 *
 * Whoever runs takes it. A FIFO (ticket) lock would be fairer, but hands itself to CPUs
 * that QEMU's host does not run just then, and all others wait for that one.
 * spin_lock() disables preemption while held; data that interrupt handlers also take
 * needs the _irqsave form on every path, else the handler waits for its own CPU for ever
 * (lab builds check this: a lock once taken in an interrupt must always be taken with
 * interrupts off). Ranks: rank.h.
 */
#pragma once

#include "kernel/base/types.h"
#include "kernel/base/rank.h"

struct spinlock {
	u32 locked; /* (a) */
#ifdef ORIGAMI_LAB
	const char *name;    /* (c) */
	enum lock_rank rank; /* (c) */
	u8 irq_use;          /* (a) sticky: in what contexts it was taken, see spin.c */
	s8 holder;           /* (a) CPU + 1; 0: free */
#endif
};

#ifdef ORIGAMI_LAB
#define SPINLOCK_INIT(lock_name, lock_rank)                                              \
	{                                                                                \
		.name = (lock_name), .rank = (lock_rank)                                 \
	}
#else
#define SPINLOCK_INIT(lock_name, lock_rank)                                              \
	{                                                                                \
		0                                                                        \
	}
#endif

void spin_init(struct spinlock *lock, const char *name, enum lock_rank rank);
void spin_lock(struct spinlock *lock);
void spin_unlock(struct spinlock *lock);

/* Takes it if it is free now: true. For those who must not wait for its holder. */
bool spin_trylock(struct spinlock *lock);

/* Returns the interrupt state to give back to spin_unlock_irqrestore(). */
unsigned long spin_lock_irqsave(struct spinlock *lock);
void spin_unlock_irqrestore(struct spinlock *lock, unsigned long flags);

/*
 * Lab builds: bookkeeping of ranks, shared with sleeping locks (kernel/sched), and what
 * can be asked of it. spin_assert_held(): this CPU holds it. rank_assert_may_sleep(): no
 * spinlock is held, preemption and interrupts are on, no RCU read section.
 * rank_assert_may_fault(), before user copies: no lock at all is held.
 */
#ifdef ORIGAMI_LAB
void spin_assert_held(const struct spinlock *lock);
void rank_acquire(const void *lock, const char *name, enum lock_rank rank);
void rank_release(const void *lock);
void rank_assert_may_sleep(const char *what);
void rank_assert_may_fault(const char *what);

/* NULL: a violation panics. Tests of the check itself set it and go on. */
extern void (*rank_violation)(const char *taking, const char *holding);
#else
#define spin_assert_held(lock)         ((void)(lock))
#define rank_acquire(lock, name, rank) ((void)0)
#define rank_release(lock)             ((void)0)
#define rank_assert_may_sleep(what)    ((void)0)
#define rank_assert_may_fault(what)    ((void)0)
#endif
