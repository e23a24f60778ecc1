/*
 * kernel/base/rank.c - lab builds: is every lock taken in the order of rank.h?
 *
 * Data: the list of held locks in the running thread's thread_info (p). An interrupt's
 * locks lie on top of those of the thread it interrupted: what a handler takes must rank
 * above everything that a thread may hold with interrupts on, which is just the rule.
 */
#include "kernel/base/spin.h"
#include "kernel/base/panic.h"
#include "kernel/base/thread_info.h"
#include "arch/contract/irq.h"

#ifdef ORIGAMI_LAB

void (*rank_violation)(const char *taking, const char *holding);

static void violation(const char *taking, const char *holding)
{
	if (rank_violation)
		rank_violation(taking, holding);
	else
		panic("lock order: \"%s\" taken while holding \"%s\" (see "
		      "kernel/base/rank.h)",
			taking, holding);
}

void rank_acquire(const void *lock, const char *name, enum lock_rank rank)
{
	struct thread_info *me = current_info();
	unsigned long flags = arch_irq_save(); /* a handler pushes and pops here too */
	struct held_lock *top = me->held_count ? &me->held[me->held_count - 1] : NULL;

	if (top &&
		(top->rank > (int)rank || (top->rank == (int)rank && top->lock >= lock)))
		violation(name, top->name);
	ASSERT(me->held_count < HELD_LOCKS_MAX, "%d locks held, taking %s",
		me->held_count, name);
	me->held[me->held_count++] = (struct held_lock){lock, name, rank};
	arch_irq_restore(flags);
}

/* Locks may be released in any order. */
void rank_release(const void *lock)
{
	struct thread_info *me = current_info();
	unsigned long flags = arch_irq_save();
	int i = me->held_count - 1;

	while (i >= 0 && me->held[i].lock != lock)
		i--;
	ASSERT(i >= 0, "lock %p released by a thread that does not hold it", lock);
	for (me->held_count--; i < me->held_count; i++)
		me->held[i] = me->held[i + 1];
	arch_irq_restore(flags);
}

static const struct held_lock *innermost(void)
{
	struct thread_info *me = current_info();

	return me->held_count ? &me->held[me->held_count - 1] : NULL;
}

void rank_assert_may_sleep(const char *what)
{
	const struct held_lock *top = innermost();

	if (top && top->rank > RANK_LAST_SLEEPING)
		violation(what, top->name);
	ASSERT(current_info()->preempt_count == 0 && arch_irq_enabled(),
		"%s: preempt_count %d, interrupts %d", what,
		current_info()->preempt_count, arch_irq_enabled());
	ASSERT(current_info()->rcu_nesting == 0, "%s: inside an RCU read section", what);
}

void rank_assert_may_fault(const char *what)
{
	const struct held_lock *top = innermost();

	if (top)
		violation(what, top->name);
	rank_assert_may_sleep(what);
}

#endif
