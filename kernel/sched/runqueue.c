/*
 * kernel/sched/runqueue.c - where ready threads stand, and how they get to other CPUs.
 *
 * Data: one struct runqueue per CPU, `cpus_idle`. Locks: each queue's own, never two at
 * once: a thread that changes CPUs is taken off under the old queue's lock, is in flight,
 * and is appended under the new queue's lock. Nothing here can fail.
 */
#include "kernel/sched/runqueue.h"
#include "arch/contract/ipi.h"

#define SOON_NS (500 * 1000UL)

DEFINE_PERCPU(struct runqueue, runqueue);
cpuset_t cpus_idle;

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

void runqueue_poke(unsigned int cpu)
{
	unsigned long flags = arch_irq_save();

	atomic_store(&per_cpu(runqueue, cpu).need_resched, true);
	if (cpu != arch_cpu_id())
		arch_ipi_send(cpu);
	arch_irq_restore(flags);
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

/* Who wakes a thread often sleeps next, and poking another CPU costs more than waiting a
 * moment: the first thread woken stays near its waker, and the early tick that comes with
 * it (see runqueue_deliver) has it stolen if the waker runs on. */
unsigned int runqueue_place_woken(const struct thread *thread)
{
	const struct runqueue *here = &this_cpu(runqueue);
	unsigned int cpu = arch_cpu_id();

	if (!irq_active() && current() != here->idle && list_empty(&here->ready) &&
		allowed_on(thread, cpu) && !atomic_load_acquire(&thread->on_cpu))
		return cpu;
	return runqueue_place(thread);
}

void runqueue_deliver(struct thread *thread)
{
	unsigned long flags = arch_irq_save();
	unsigned int cpu = thread->cpu;
	struct runqueue *rq = &per_cpu(runqueue, cpu);
	u64 now = arch_clock_ns();
	bool idle;

	trace_record_at(now, TRACE_wake, thread->id, cpu);
	TRACE_POINT(wake);
	spin_lock(&rq->lock);
	list_append(&rq->ready, &thread->queue);
	idle = rq->current == rq->idle;
	spin_unlock(&rq->lock);
	if (idle)
		runqueue_poke(cpu);
	else if (cpu == arch_cpu_id())
		timer_tick_by(now + SOON_NS);
	arch_irq_restore(flags);
}

static struct thread *steal_from(struct runqueue *rq, unsigned int thief)
{
	struct thread *thread, *stolen = NULL;

	if (list_empty(&rq->ready))
		return NULL;
	spin_lock(&rq->lock);
	list_for_each (thread, &rq->ready, queue) {
		/* Acquire: pairs with switch_finish(); see SAFE(on_cpu) there. */
		if (allowed_on(thread, thief) && !atomic_load_acquire(&thread->on_cpu)) {
			list_remove(&thread->queue);
			thread->cpu = thief;
			stolen = thread;
			break;
		}
	}
	spin_unlock(&rq->lock);
	return stolen;
}

struct thread *runqueue_steal(unsigned int thief)
{
	struct thread *thread = NULL;

	/* First say that this CPU idles, then look. A thread that is queued behind this
	 * look by somebody who has not seen the bit yet is found by that CPU's next tick.
	 */
	atomic_or(&cpus_idle, 1U << thief);
	for (unsigned int i = 1; i < cpu_count && !thread; i++) {
		unsigned int victim = (thief + i) % cpu_count;

		if (atomic_load(&cpus_online) & 1U << victim)
			thread = steal_from(&per_cpu(runqueue, victim), thief);
	}
	return thread;
}

void sched_cpu_name(unsigned int cpu, char *to, size_t size)
{
	struct runqueue *rq = &per_cpu(runqueue, cpu);
	unsigned long flags = spin_lock_irqsave(&rq->lock);

	/* Under the lock `current` cannot change, so it cannot be freed. */
	string_copy(to, rq->current->name, size);
	spin_unlock_irqrestore(&rq->lock, flags);
}
