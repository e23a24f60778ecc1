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

static bool is_free(void *lock)
{
	return !((struct spinlock *)lock)->locked;
}

void spin_lock(struct spinlock *lock)
{
	preempt_disable();
	rank_acquire(lock, lock->name, lock->rank);
	actor_wait(lock->name, is_free, lock);
	lock->locked = 1;
	lock->holder = (s8)(sim_me.cpu + 1);
}

static void unlock(struct spinlock *lock)
{
	actor_stop();
	spin_assert_held(lock);
	lock->locked = 0;
	lock->holder = 0;
	rank_release(lock);
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

void rwsem_lock(struct rwsem *sem, bool writes)
{
	rank_acquire(sem, sem->name, sem->rank);
	actor_wait(sem->name, writes ? may_write : may_read, sem);
	if (writes)
		sem->writer = current();
	else
		sem->state++;
}

void rwsem_unlock(struct rwsem *sem, bool writes)
{
	actor_stop();
	ASSERT(writes ? sem->writer == current() : sem->state > 0, "%s is not held",
		sem->name);
	if (writes)
		sem->writer = NULL;
	else
		sem->state--;
	rank_release(sem);
}
