/*
 * arch/sim/one/sched.c - the build with one host thread: the test says which CPU it
 * plays. A lock that is held is a mistake, grace periods end when the test says so, and a
 * cross-call runs its function as each target in turn.
 */
#include "arch/sim/sim.h"
#include "arch/contract/irq.h"
#include "arch/sim/me.h"
#include "kernel/base/ipi.h"
#include "kernel/base/trace.h"
#include "kernel/base/panic.h"
#include "kernel/sched/rcu.h"
#include "kernel/sched/wait.h"

const bool sim_plays_all_cpus = true;
static struct rcu_head *callbacks, **callbacks_end = &callbacks;

void sim_build_init(void)
{
}

void sim_irqs_closed(void)
{
}

void sim_irqs_opened(void)
{
}

void sim_on_cpu(unsigned int cpu)
{
	ASSERT(cpu < SIM_CPUS && current_info()->preempt_count == 0 && sim_me.irqs_on,
		"a thread cannot move to cpu %u now", cpu);
	sim_me.cpu = cpu;
}

void arch_cpu_relax(void)
{
	panic("waiting for another cpu, but nobody else runs");
}

/* Each target in turn takes its interrupt here and now. */
void ipi_call(cpuset_t set, void (*fn)(void *), void *arg)
{
	struct sim_me me = sim_me;
	unsigned int cpu;

	ASSERT(sim_me.irqs_on, "a cross-call with interrupts off can deadlock");
	TRACE(ipi_send, set, 0);
	for_each_cpu (cpu, set) {
		sim_me =
			(struct sim_me){cpu, me.thread, .irqs_on = false, .in_irq = true};
		fn(arg);
	}
	sim_me = me;
}

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

void wait_init(struct wait_queue *queue)
{
	list_init(&queue->waiters);
}

void wait_add(struct wait_queue *queue, struct waiter *waiter)
{
}

void wait_remove(struct wait_queue *queue, struct waiter *waiter)
{
}

void wake_up(struct wait_queue *queue)
{
}

void thread_wait(void)
{
	panic("a wait queue: would sleep for ever");
}

void rwsem_init(struct rwsem *sem, const char *name, enum lock_rank rank)
{
	*sem = (struct rwsem){.name = name, .rank = rank};
}

void rwsem_lock(struct rwsem *sem, bool writes)
{
	ASSERT(!sem->writer && !(writes && sem->state), "%s: would sleep for ever",
		sem->name);
	rank_acquire(sem, sem->name, sem->rank);
	if (writes)
		sem->writer = current();
	else
		sem->state++;
}

void rwsem_unlock(struct rwsem *sem, bool writes)
{
	ASSERT(writes ? sem->writer == current() : sem->state > 0, "%s is not held",
		sem->name);
	if (writes)
		sem->writer = NULL;
	else
		sem->state--;
	rank_release(sem);
}
