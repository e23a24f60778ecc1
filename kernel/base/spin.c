/*
 * kernel/base/spin.c - spinlocks; see spin.h.
 *
 * One word, taken by CAS; waiters read it until it looks free. The bookkeeping of
 * lab builds stands in functions of its own, empty in release builds.
 */
#include "kernel/base/spin.h"
#include "kernel/base/atomic.h"
#include "kernel/base/panic.h"
#include "kernel/base/thread_info.h"
#include "arch/contract/irq.h"

#ifdef ORIGAMI_LAB

#define IRQ_TAKES_IT   1u /* seen: taken inside an interrupt */
#define IRQ_MAY_HIT_IT 2u /* seen: taken with interrupts on */
#define IRQ_DEADLOCK   3u

void spin_init(struct spinlock *lock, const char *name, enum lock_rank rank)
{
	*lock = (struct spinlock){.name = name, .rank = rank};
}

/* Before waiting: a wrong order is reported, not hung in. */
static void note_acquire(struct spinlock *lock)
{
	u8 use = irq_active() ? IRQ_TAKES_IT : arch_irq_enabled() ? IRQ_MAY_HIT_IT : 0;

	if (use & ~atomic_load_relaxed(&lock->irq_use))
		ASSERT(atomic_or(&lock->irq_use, use) != IRQ_DEADLOCK,
			"lock \"%s\" is taken in interrupts and with interrupts on",
			lock->name);
	rank_acquire(lock, lock->name, lock->rank);
}

static void note_held(struct spinlock *lock)
{
	atomic_store_relaxed(&lock->holder, (s8)(arch_cpu_id() + 1));
}

static void note_release(struct spinlock *lock)
{
	spin_assert_held(lock);
	atomic_store_relaxed(&lock->holder, 0);
	rank_release(lock);
}

void spin_assert_held(const struct spinlock *lock)
{
	s8 holder = atomic_load_relaxed(&lock->holder);

	ASSERT(holder == (s8)(arch_cpu_id() + 1), "lock \"%s\": holder is cpu %d",
		lock->name, holder - 1);
}

#else

void spin_init(struct spinlock *lock, const char *name, enum lock_rank rank)
{
	*lock = (struct spinlock){0};
}

static void note_acquire(struct spinlock *lock)
{
}

static void note_held(struct spinlock *lock)
{
}

static void note_release(struct spinlock *lock)
{
}

#endif

/* Acquire: pairs with the release in unlock(); without it this CPU could read what the
 * lock protects before the previous holder's stores are visible. */
static __always_inline bool try_once(struct spinlock *lock)
{
	return !atomic_load_relaxed(&lock->locked) && atomic_cas(&lock->locked, 0, 1);
}

static __always_inline void take(struct spinlock *lock)
{
	preempt_disable();
	note_acquire(lock);
	while (!try_once(lock))
		arch_cpu_relax();
	note_held(lock);
}

static void unlock(struct spinlock *lock)
{
	note_release(lock);
	/* Release: what was stored under the lock is visible before the lock is free. */
	atomic_store_release(&lock->locked, 0);
}

void spin_lock(struct spinlock *lock)
{
	take(lock);
}

bool spin_trylock(struct spinlock *lock)
{
	preempt_disable();
	if (!try_once(lock)) {
		preempt_enable();
		return false;
	}
	note_acquire(lock);
	note_held(lock);
	return true;
}

void spin_unlock(struct spinlock *lock)
{
	unlock(lock);
	preempt_enable();
}

unsigned long spin_lock_irqsave(struct spinlock *lock)
{
	unsigned long flags = arch_irq_save();

	take(lock);
	return flags;
}

void spin_unlock_irqrestore(struct spinlock *lock, unsigned long flags)
{
	unlock(lock);
	arch_irq_restore(flags);
	preempt_enable(); /* last: with interrupts on again it may reschedule */
}
