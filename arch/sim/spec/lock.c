/*
 * arch/sim/spec/lock.c - locks as specifications: who takes one waits, as one step,
 * until it is free. How a lock is made is judged elsewhere (threads, guests). Ranks are
 * checked by kernel/base/rank.c as everywhere.
 */
#include "arch/sim/explore/explore.h"
#include "arch/contract/irq.h"
#include "kernel/base/panic.h"
#include "kernel/base/spin.h"
#include "kernel/sched/wait.h"

void spin_init(struct spinlock *lock, const char *name, enum lock_rank rank)
{
	*lock = (struct spinlock){.name = name, .rank = rank};
}

/* A lock's step touches the lock itself, at `at`, which nobody reads otherwise. */
static void announce(
	enum op_kind kind, const char *name, const void *at, enum touch_mode mode)
{
	op_set(kind, name);
	op_touch((unsigned long)at & ~3UL, 4, mode);
	op_drains();
}

/* The books of held locks mask interrupts for a moment, which is nobody's business. */
static void enter_rank(const void *lock, const char *name, enum lock_rank rank)
{
	bool irqs_on = sim_me.irqs_on;

	sim_me.irqs_on = false;
	rank_acquire(lock, name, rank);
	sim_me.irqs_on = irqs_on;
}

static void leave_rank(const void *lock)
{
	bool irqs_on = sim_me.irqs_on;

	sim_me.irqs_on = false;
	rank_release(lock);
	sim_me.irqs_on = irqs_on;
}

/* Who only tries may come between a lock and its unlock, and tells whether it has: both
 * orders count with either. For those two themselves one order is enough. */
static void announce_to_triers(const struct spinlock *lock, enum touch_mode mode)
{
	op_touch((unsigned long)&lock->name, 4, mode);
}

static bool is_free(void *lock)
{
	return !((struct spinlock *)lock)->locked;
}

void spin_lock(struct spinlock *lock)
{
	preempt_disable();
	enter_rank(lock, lock->name, lock->rank);
	announce(OP_LOCK, lock->name, &lock->locked, TOUCH_WRITE);
	announce_to_triers(lock, TOUCH_READ);
	actor_wait(lock->name, is_free, lock);
	lock->locked = 1;
	lock->holder = (s8)(sim_me.cpu + 1);
}

bool spin_trylock(struct spinlock *lock)
{
	preempt_disable();
	announce(OP_LOCK, lock->name, &lock->locked, TOUCH_WRITE);
	announce_to_triers(lock, TOUCH_WRITE);
	actor_stop();
	if (lock->locked) {
		preempt_enable();
		return false;
	}
	enter_rank(lock, lock->name, lock->rank);
	lock->locked = 1;
	lock->holder = (s8)(sim_me.cpu + 1);
	return true;
}

static void unlock(struct spinlock *lock)
{
	announce(OP_UNLOCK, lock->name, &lock->locked, TOUCH_ENABLE);
	announce_to_triers(lock, TOUCH_READ);
	actor_stop();
	spin_assert_held(lock);
	lock->locked = 0;
	lock->holder = 0;
	leave_rank(lock);
}

void spin_unlock(struct spinlock *lock)
{
	unlock(lock);
	preempt_enable();
}

unsigned long spin_lock_irqsave(struct spinlock *lock)
{
	unsigned long flags = arch_irq_save();

	spin_lock(lock);
	return flags;
}

void spin_unlock_irqrestore(struct spinlock *lock, unsigned long flags)
{
	unlock(lock);
	arch_irq_restore(flags);
	preempt_enable();
}

void spin_assert_held(const struct spinlock *lock)
{
	ASSERT(lock->holder == (s8)(sim_me.cpu + 1), "lock \"%s\": holder is cpu %d",
		lock->name, lock->holder - 1);
}

void rwsem_init(struct rwsem *sem, const char *name, enum lock_rank rank)
{
	*sem = (struct rwsem){.name = name, .rank = rank};
}

/* `state` counts the readers here. */
static bool may_read(void *sem)
{
	return !((struct rwsem *)sem)->writer;
}

static bool may_write(void *sem)
{
	return may_read(sem) && !((struct rwsem *)sem)->state;
}

/* Readers do not get in each other's way: `name` stands for who writes, `state` for who
 * reads. */
void rwsem_lock(struct rwsem *sem, bool writes)
{
	enter_rank(sem, sem->name, sem->rank);
	announce(OP_LOCK, sem->name, &sem->name, writes ? TOUCH_WRITE : TOUCH_READ);
	if (writes)
		op_touch((unsigned long)&sem->state, 4, TOUCH_JOIN);
	actor_wait(sem->name, writes ? may_write : may_read, sem);
	if (writes)
		sem->writer = current();
	else
		sem->state++;
}

void rwsem_unlock(struct rwsem *sem, bool writes)
{
	if (writes)
		announce(OP_UNLOCK, sem->name, &sem->name, TOUCH_ENABLE);
	else
		announce(OP_UNLOCK, sem->name, &sem->state, TOUCH_ENABLE);
	actor_stop();
	ASSERT(writes ? sem->writer == current() : sem->state > 0, "%s is not held",
		sem->name);
	if (writes)
		sem->writer = NULL;
	else
		sem->state--;
	leave_rank(sem);
}
