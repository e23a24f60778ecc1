/*
 * kernel/sched/switch.c - from one thread to the next.
 *
 *   switch_away(): leave()  ->  choose_next()  ->  arch_thread_switch()
 *                                                        |   (on the next stack)
 *                                                  switch_finish()
 *
 * All of it runs with interrupts off and without the run-queue lock across the switch.
 * What the lock would protect there, the stack and registers of a thread that is queued
 * again before it has left them, is protected by `on_cpu`: see switch_finish().
 */
#include "kernel/sched/runqueue.h"
#include "kernel/base/counters.h"

void (*sched_switch_mm)(struct mm *previous, struct mm *next);

void account_runtime(struct runqueue *rq)
{
	u64 now = arch_clock_ns();

	current()->runtime_ns += now - rq->since;
	rq->since = now;
}

/* The queue is locked. False: the wait that `me` announced is over, it runs on. */
static bool leave(struct runqueue *rq, struct thread *me, enum thread_state state)
{
	if (state == THREAD_WAITING && !atomic_load_relaxed(&me->waiting))
		return false;
	if (me == rq->idle)
		return true;
	me->state = state;
	rq->previous_must_move = state == THREAD_READY && !allowed_on(me, me->cpu);
	if (state == THREAD_READY && !rq->previous_must_move)
		list_append(&rq->ready, &me->queue);
	return true;
}

static struct thread *pop(struct runqueue *rq)
{
	struct list *first = list_pop(&rq->ready);

	return first ? list_entry(first, struct thread, queue) : NULL;
}

static void make_current(struct runqueue *rq, struct thread *next)
{
	next->state = THREAD_RUNNING;
	next->on_cpu = true;
	rq->current = next;
}

/* The next thread of this CPU, from now on `current`: its own first one, another CPU's,
 * or the idle thread. The last look at the queue and making the idle thread current are
 * one critical section: who delivers later finds an idle CPU, and pokes it. The queue is
 * locked, but not in between. */
static struct thread *choose_next(struct runqueue *rq)
{
	unsigned int cpu = arch_cpu_id();
	struct thread *next = pop(rq);

	if (!next) {
		spin_unlock(&rq->lock); /* never two queue locks */
		next = runqueue_steal(cpu);
		spin_lock(&rq->lock);
	}
	if (!next)
		next = pop(rq);
	if (!next)
		next = rq->idle;
	make_current(rq, next);
	if (next != rq->idle && atomic_load_relaxed(&cpus_idle) & 1U << cpu)
		atomic_and(&cpus_idle, ~(1U << cpu));
	return next;
}

static void switch_to(struct runqueue *rq, struct thread *me, struct thread *next)
{
	LAB_ASSERT(!arch_irq_enabled(), "switching with interrupts on");
	LAB_ASSERT(me->info.preempt_count == (me == rq->idle), "preempt_count %d in %s",
		me->info.preempt_count, me->name);
	account_runtime(rq);
	trace_record_at(rq->since, TRACE_switch, me->id, next->id);
	TRACE_POINT(switch);
	counter_add(COUNT_SWITCHES, 1);
	rcu_note_switch(me);
	if (me == rq->idle)
		timer_tick_by(rq->since + SLICE_NS);
	if (me->mm != next->mm && sched_switch_mm)
		sched_switch_mm(me->mm, next->mm);
	rq->previous = me;
	arch_thread_switch(&me->arch, &next->arch, next);
	switch_finish();
}

static void thread_free(struct rcu_head *rcu)
{
	thread_memory.free(container_of(rcu, struct thread, rcu));
}

/* In the next thread; this may be another CPU than the one it left long ago. */
void switch_finish(void)
{
	struct runqueue *rq = &this_cpu(runqueue);
	struct thread *previous = rq->previous;
	bool dead = previous->state == THREAD_DEAD;
	bool must_move = rq->previous_must_move;

	rq->previous_must_move = false;
	/* SAFE(on_cpu): from leave() on, other CPUs can wake or steal `previous`. One
	 * that ran it before its registers are saved and its stack is left would have two
	 * CPUs on one stack. They let it be until here; the release makes the saved
	 * registers visible first. Pairs with the acquires in runqueue.c. */
	atomic_store_release(&previous->on_cpu, false);
	if (dead)
		call_rcu(&previous->rcu, thread_free);
	if (must_move) {
		previous->cpu = runqueue_place(previous);
		runqueue_deliver(previous);
	}
}

void switch_away(enum thread_state state)
{
	struct runqueue *rq = &this_cpu(runqueue);
	struct thread *me = current(), *next = me;

	/* SAFE(resched_then_look): cleared before looking. The other way round, a request
	 * that comes between would be lost with the look that it asked for. Pairs with
	 * runqueue_poke(). */
	atomic_store(&rq->need_resched, false);
	spin_lock(&rq->lock);
	if (leave(rq, me, state))
		next = choose_next(rq);
	spin_unlock(&rq->lock);
	TRACE_POINT(look);
	if (next != me)
		switch_to(rq, me, next);
}

void schedule(void)
{
	switch_away(THREAD_READY);
}

/* From one waiting thread to another, past the queue: true if it could be done. `next`
 * sleeps here, so it is this CPU that has left its stack: `on_cpu` is known. */
static bool give_cpu(struct runqueue *rq, struct thread *me, struct thread *next)
{
	bool gives;

	spin_lock(&rq->lock);
	gives = next->cpu == me->cpu && next->state == THREAD_WAITING &&
		allowed_on(next, me->cpu) && leave(rq, me, THREAD_WAITING);
	if (gives) {
		atomic_store_relaxed(&next->waiting, false);
		make_current(rq, next);
	}
	spin_unlock(&rq->lock);
	return gives;
}

void thread_wait_unlock(struct spinlock *lock, struct thread *next)
{
	struct thread *me = current();
	bool gives;

	arch_irq_disable();
	gives = next && give_cpu(&this_cpu(runqueue), me, next);
	if (next && !gives)
		thread_wake(next);
	spin_unlock(lock);
	if (gives)
		switch_to(&this_cpu(runqueue), me, next);
	arch_irq_enable();
	if (!gives)
		thread_wait();
}

bool sched_tick(void)
{
	struct runqueue *rq = &this_cpu(runqueue);
	struct thread *me = current();
	cpuset_t helpers = 0;

	if (me == rq->idle)
		return false;
	account_runtime(rq);
	spin_lock(&rq->lock);
	if (!list_empty(&rq->ready))
		helpers = list_first(&rq->ready, struct thread, queue)->allowed;
	spin_unlock(&rq->lock);
	if (helpers || !allowed_on(me, me->cpu))
		atomic_store(&rq->need_resched, true);
	helpers &= atomic_load(&cpus_idle);
	if (helpers)
		runqueue_poke(first_cpu(helpers)); /* it steals what waits here */
	return true;
}

void sched_idle_loop(void)
{
	struct runqueue *rq = &this_cpu(runqueue);

	for (;;) {
		arch_irq_disable();
		schedule();
		rq->in_idle = true;
		rcu_idle_enter();
		/* SAFE(idle_irqs_off): a poke between the look and the wait stays pending
		 * because interrupts are off, and ends the wait at once. With them on,
		 * its handler would run before the wait, which would then miss it. Pairs
		 * with runqueue_poke(). */
		if (!need_resched()) {
			TRACE_POINT(idle);
			arch_cpu_idle();
		}
		rcu_idle_exit();
		rq->in_idle = false;
	}
}
