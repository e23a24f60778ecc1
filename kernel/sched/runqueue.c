/*
 * kernel/sched/runqueue.c - where ready threads stand, and how they get to other CPUs.
 *
 * Data: one struct runqueue per CPU, `cpus_idle`. Locks: each queue's own, never two at
 * once: a thread that changes CPUs is taken off under the old queue's lock, is in flight,
 * and is appended under the new queue's lock. Nothing here can fail.
 */
#include "kernel/sched/runqueue.h"
#include "kernel/base/string.h"
#include "kernel/base/trace.h"
#include "arch/contract/ipi.h"
#include "arch/contract/irq.h"

DEFINE_PERCPU(struct runqueue, runqueue);
cpuset_t cpus_idle;

void runqueue_init(unsigned int cpu, struct thread *idle)
{
	struct runqueue *rq = &per_cpu(runqueue, cpu);

	spin_init(&rq->lock, "run queue", RANK_RUNQUEUE);
	list_init(&rq->ready);
	rq->idle = rq->current = idle;
}

struct runqueue *runqueue_lock_of(struct thread *thread)
{
	for (;;) {
		unsigned int cpu = READ_ONCE(thread->cpu);
		struct runqueue *rq = &per_cpu(runqueue, cpu);

		spin_lock(&rq->lock);
		if (thread->cpu == cpu)
			return rq;
		spin_unlock(&rq->lock); /* it moved meanwhile */
	}
}

void sched_set_need_resched(unsigned int cpu)
{
	atomic_store(&per_cpu(runqueue, cpu).need_resched, true);
}

/* Interrupts off. */
static void poke(unsigned int cpu)
{
	sched_set_need_resched(cpu);
	if (cpu != arch_cpu_id())
		arch_ipi_send(cpu);
}

/* Its last CPU if that idles or nobody does, else one that idles: claimed, so that the
 * next thread to be placed goes to another one. */
unsigned int runqueue_place(const struct thread *thread)
{
	cpuset_t can = READ_ONCE(thread->allowed) & atomic_load(&cpus_online);
	cpuset_t idle = can & atomic_load(&cpus_idle);
	cpuset_t last = 1U << thread->cpu, best = idle ? idle : can;

	/* Acquire: pairs with switch_finish(); see SAFE(on_cpu) there. */
	if (!best || best & last || atomic_load_acquire(&thread->on_cpu))
		best = last;
	if (idle & best)
		atomic_and(&cpus_idle, ~(1U << first_cpu(best)));
	return first_cpu(best);
}

void runqueue_deliver(struct thread *thread)
{
	unsigned long flags = arch_irq_save();
	unsigned int cpu = thread->cpu;
	struct runqueue *rq = &per_cpu(runqueue, cpu);
	cpuset_t helpers = READ_ONCE(thread->allowed);
	bool idle;

	TRACE(wake, thread->id, cpu);
	spin_lock(&rq->lock);
	list_append(&rq->ready, &thread->queue);
	idle = rq->current == rq->idle;
	spin_unlock(&rq->lock);
	/* SAFE(queue_then_ask): without the barrier, this CPU could read cpus_idle before
	 * its append is visible, while a CPU going idle sets its bit and finds the queue
	 * empty: a thread waits beside an idle CPU. Pairs with runqueue_steal(). */
	smp_mb();
	helpers &= atomic_load(&cpus_idle);
	if (idle)
		poke(cpu);
	else if (helpers)
		poke(first_cpu(helpers));
	arch_irq_restore(flags);
}

/* The first thread here that may and can run on one of `cpus`; rq->lock is held. */
static struct thread *movable(struct runqueue *rq, cpuset_t cpus)
{
	struct thread *thread;

	list_for_each (thread, &rq->ready, queue) {
		/* Acquire: pairs with switch_finish(); see SAFE(on_cpu) there. */
		if (thread->allowed & cpus && !atomic_load_acquire(&thread->on_cpu))
			return thread;
	}
	return NULL;
}

static struct thread *steal_from(struct runqueue *rq, unsigned int thief)
{
	struct thread *thread;

	if (list_empty(&rq->ready))
		return NULL;
	spin_lock(&rq->lock);
	thread = movable(rq, 1U << thief);
	if (thread) {
		list_remove(&thread->queue);
		thread->cpu = thief;
	}
	spin_unlock(&rq->lock);
	return thread;
}

struct thread *runqueue_steal(unsigned int thief)
{
	struct thread *thread = NULL;

	/* First say that this CPU idles, then look: pairs with SAFE(queue_then_ask). */
	atomic_or(&cpus_idle, 1U << thief);
	for (unsigned int i = 1; i < cpu_count && !thread; i++) {
		unsigned int victim = (thief + i) % cpu_count;

		if (atomic_load(&cpus_online) & 1U << victim)
			thread = steal_from(&per_cpu(runqueue, victim), thief);
	}
	return thread;
}

void runqueue_call_help(struct runqueue *rq)
{
	cpuset_t idle = atomic_load(&cpus_idle);
	struct thread *thread = NULL;

	if (list_empty(&rq->ready) || !idle)
		return;
	spin_lock(&rq->lock);
	thread = movable(rq, idle);
	if (thread)
		idle &= thread->allowed;
	spin_unlock(&rq->lock);
	if (thread)
		poke(first_cpu(idle));
}

void sched_cpu_name(unsigned int cpu, char *to, size_t size)
{
	struct runqueue *rq = &per_cpu(runqueue, cpu);
	unsigned long flags = spin_lock_irqsave(&rq->lock);

	/* Under the lock `current` cannot change, so it cannot be freed. */
	string_copy(to, rq->current->name, size);
	spin_unlock_irqrestore(&rq->lock, flags);
}
