/*
 * kernel/sched/thread.c - the life of a thread: made, started, waiting, woken, moved,
 * dead.
 *
 * Memory comes from `thread_memory`. A dying thread stands on its own stack to the last,
 * so it is freed by an RCU callback: see switch_finish(). thread_create() can fail for
 * want of memory, nothing else here can.
 */
#include "kernel/sched/runqueue.h"
#include "kernel/base/print.h"

struct thread_memory thread_memory;
static struct thread boot_thread; /* CPU 0's idle thread; its stack is the boot stack */
static u64 last_id;               /* (a) */

static void thread_setup(struct thread *thread, const char *name)
{
	thread->id = atomic_add(&last_id, 1);
	string_copy(thread->name, name, sizeof(thread->name));
	thread->allowed = ~0U;
	list_init(&thread->queue);
	list_init(&thread->rcu_blocked);
}

static void make_idle_thread(struct thread *thread, unsigned int cpu)
{
	struct runqueue *rq = &per_cpu(runqueue, cpu);
	char name[16];

	format_text(name, sizeof(name), "idle/%u", cpu);
	thread_setup(thread, name);
	thread->info.preempt_count = 1; /* for good: it calls schedule() itself */
	thread->state = THREAD_RUNNING;
	thread->on_cpu = true;
	thread->cpu = cpu;
	spin_init(&rq->lock, "run queue", RANK_RUNQUEUE);
	list_init(&rq->ready);
	rq->idle = rq->current = thread;
	timer_init_cpu(cpu);
}

void sched_init(void)
{
	arch_current_set(&boot_thread);
	make_idle_thread(&boot_thread, 0);
}

/* The first code of every thread, interrupts off. */
static void thread_entry(void *arg)
{
	struct thread *me = arg;

	switch_finish();
	arch_irq_enable();
	me->fn(me->arg);
	thread_exit();
}

struct thread *thread_create(const char *name, void (*fn)(void *), void *arg)
{
	struct thread *thread = thread_memory.alloc();

	if (!thread)
		return NULL;
	thread_setup(thread, name);
	thread->fn = fn;
	thread->arg = arg;
	arch_thread_init(&thread->arch, thread->stack_top, thread_entry, thread);
	return thread;
}

void thread_start(struct thread *thread)
{
	cpuset_t can = thread->allowed & atomic_load(&cpus_online);

	ASSERT(can, "thread %s may run nowhere: %x", thread->name, thread->allowed);
	thread->cpu = allowed_on(thread, arch_cpu_id()) ? arch_cpu_id() : first_cpu(can);
	thread->state = THREAD_READY;
	thread->cpu = runqueue_place(thread);
	runqueue_deliver(thread);
}

void thread_exit(void)
{
	rank_assert_may_fault("thread_exit");
	arch_irq_disable();
	switch_away(THREAD_DEAD);
	panic("thread %s runs after its end", current()->name);
}

void sched_init_others(void)
{
	struct thread *thread;

	for (unsigned int cpu = 1; cpu < cpu_count; cpu++) {
		thread = thread_memory.alloc();
		ASSERT(thread, "no memory for the idle thread of cpu %u", cpu);
		make_idle_thread(thread, cpu);
	}
	arch_irq_enable();
}

void thread_yield(void)
{
	unsigned long flags = arch_irq_save();

	schedule();
	arch_irq_restore(flags);
}

void thread_wait_prepare(void)
{
	/* SAFE(announce_then_test): a full barrier. Without it the caller's test of its
	 * condition could be done before the announcement is visible: the waker makes the
	 * condition true, sees no announcement, wakes nobody, and this thread sleeps for
	 * ever. Pairs with thread_wake(). */
	atomic_store(&current()->waiting, true);
}

void thread_wait_cancel(void)
{
	atomic_store(&current()->waiting, false);
}

void thread_wait(void)
{
	unsigned long flags;

	rank_assert_may_sleep("thread_wait");
	TRACE_POINT(wait);
	flags = arch_irq_save();
	switch_away(THREAD_WAITING);
	arch_irq_restore(flags);
}

bool thread_wake(struct thread *thread)
{
	unsigned long flags = arch_irq_save();
	struct runqueue *rq = runqueue_lock_of(thread);
	/* A full barrier; pairs with SAFE(announce_then_test). Under the lock, because
	 * leave() must not read `waiting` and then sleep when this is already past. */
	bool waiting = atomic_exchange(&thread->waiting, false);
	bool asleep = thread->state == THREAD_WAITING;

	if (asleep) {
		thread->state = THREAD_READY;
		thread->cpu = runqueue_place_woken(thread);
	}
	spin_unlock(&rq->lock);
	if (asleep)
		runqueue_deliver(thread);
	arch_irq_restore(flags);
	return waiting;
}

/* If it has left that CPU meanwhile, it has passed through the kernel anyway. */
void thread_poke(struct thread *thread)
{
	runqueue_poke(READ_ONCE(thread->cpu));
}

int thread_set_allowed(struct thread *thread, cpuset_t allowed)
{
	unsigned long flags = arch_irq_save();
	struct runqueue *rq = runqueue_lock_of(thread);
	unsigned int cpu = thread->cpu;
	bool possible = allowed & atomic_load(&cpus_online), evict = false;

	if (possible) {
		WRITE_ONCE(thread->allowed, allowed);
		/* A queued one is moved here; others find out when they switch. */
		evict = !allowed_on(thread, cpu) && thread->state == THREAD_READY &&
			!thread->on_cpu && !list_empty(&thread->queue);
	}
	if (evict) {
		list_remove(&thread->queue);
		thread->cpu = runqueue_place(thread);
	}
	spin_unlock(&rq->lock);
	if (evict)
		runqueue_deliver(thread);
	else
		runqueue_poke(cpu);
	arch_irq_restore(flags);
	while (possible && thread == current() && !allowed_on(thread, arch_cpu_id()))
		thread_yield();
	return possible ? 0 : -EINVAL;
}

u64 thread_runtime(struct thread *thread)
{
	unsigned long flags = arch_irq_save();

	if (thread == current())
		account_runtime(&this_cpu(runqueue));
	arch_irq_restore(flags);
	return READ_ONCE(thread->runtime_ns);
}
