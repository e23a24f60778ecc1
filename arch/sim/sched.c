/*
 * arch/sim/sched.c - stand-ins for kernel/sched on a machine with one thread: a lock that
 * is held is a mistake, and grace periods end when the test says so.
 */
#include "arch/sim/sim.h"
#include "kernel/base/panic.h"
#include "kernel/sched/rcu.h"
#include "kernel/sched/wait.h"

static struct rcu_head *callbacks, **callbacks_end = &callbacks;

void rcu_read_lock(void)
{
	current_info()->rcu_nesting++;
}

void rcu_read_unlock(void)
{
	current_info()->rcu_nesting--;
}

void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *))
{
	head->fn = fn;
	head->next = NULL;
	*callbacks_end = head;
	callbacks_end = &head->next;
}

unsigned int sim_rcu_run(void)
{
	struct rcu_head *head = callbacks, *next;
	unsigned int count = 0;

	ASSERT(!current_info()->rcu_nesting, "waiting inside a read section");
	callbacks = NULL;
	callbacks_end = &callbacks;
	for (; head; head = next, count++) {
		next = head->next;
		head->fn(head);
	}
	return count;
}

void synchronize_rcu(void)
{
	(void)sim_rcu_run();
}

void rcu_barrier(void)
{
	(void)sim_rcu_run();
}

void rwsem_init(struct rwsem *sem, const char *name, enum lock_rank rank)
{
	*sem = (struct rwsem){.name = name, .rank = rank};
}

void rwsem_lock(struct rwsem *sem, bool writes)
{
	ASSERT(!sem->writer && !(writes && sem->readers), "%s: would sleep for ever",
		sem->name);
	rank_acquire(sem, sem->name, sem->rank);
	if (writes)
		sem->writer = current();
	else
		sem->readers++;
}

void rwsem_unlock(struct rwsem *sem, bool writes)
{
	ASSERT(writes ? sem->writer == current() : sem->readers > 0, "%s is not held",
		sem->name);
	if (writes)
		sem->writer = NULL;
	else
		sem->readers--;
	rank_release(sem);
}
