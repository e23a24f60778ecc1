/*
 * kernel/sched/timer.c - each CPU's queue of timers, and its scheduler tick.
 *
 * The machine has one one-shot timer per CPU; it is set to the earlier of the tick and
 * the first timer of the queue. A CPU that idles has no tick, so without timers it sleeps
 * until somebody pokes it: the tick that finds it idle is its last, the switch away from
 * idle starts it again. Locks: each queue's own.
 */
#include "kernel/sched/runqueue.h"

#define NEVER (~0UL)

struct timer_queue {
	struct spinlock lock;
	struct list timers;    /* (l:lock) the earliest first */
	struct timer *running; /* (a) whose function is being called */
	u64 tick;              /* (p) when the next tick is due */
	u64 programmed;        /* (p) what the machine's timer is set to */
};

static DEFINE_PERCPU(struct timer_queue, timer_queue);

void timer_init_cpu(unsigned int cpu)
{
	struct timer_queue *queue = &per_cpu(timer_queue, cpu);

	spin_init(&queue->lock, "timers", RANK_TIMER);
	list_init(&queue->timers);
	queue->tick = queue->programmed = NEVER;
}

void timer_init(struct timer *timer, void (*fn)(struct timer *))
{
	list_init(&timer->link);
	timer->fn = fn;
	timer->cpu = -1;
}

static u64 first_deadline(struct timer_queue *queue)
{
	return list_empty(&queue->timers)
		       ? NEVER
		       : list_first(&queue->timers, struct timer, link)->deadline;
}

/* This CPU's queue; its lock is held. */
static void program(struct timer_queue *queue)
{
	u64 next = min(queue->tick, first_deadline(queue));

	if (next != queue->programmed)
		arch_timer_set(queue->programmed = next);
}

/* Takes it off its queue; true: it was on one. Interrupts off. */
static bool dequeue(struct timer *timer)
{
	int cpu;

	while ((cpu = READ_ONCE(timer->cpu)) >= 0) {
		struct timer_queue *queue = &per_cpu(timer_queue, cpu);
		bool here, pending;

		spin_lock(&queue->lock);
		here = timer->cpu == cpu;
		pending = here && !list_empty(&timer->link);
		if (pending)
			list_remove(&timer->link);
		spin_unlock(&queue->lock);
		if (here)
			return pending;
	}
	return false;
}

static void insert(struct timer_queue *queue, struct timer *timer)
{
	struct list *after =
		queue->timers.prev; /* equal deadlines: in order of arrival */

	while (after != &queue->timers &&
		list_entry(after, struct timer, link)->deadline > timer->deadline)
		after = after->prev;
	list_insert(&timer->link, after);
}

void timer_start(struct timer *timer, u64 deadline)
{
	unsigned long flags = arch_irq_save();
	struct timer_queue *queue = &this_cpu(timer_queue);

	dequeue(timer);
	spin_lock(&queue->lock);
	timer->deadline = deadline;
	timer->cpu = (int)arch_cpu_id();
	insert(queue, timer);
	program(queue);
	spin_unlock(&queue->lock);
	arch_irq_restore(flags);
}

bool timer_stop(struct timer *timer)
{
	unsigned long flags = arch_irq_save();
	bool pending = dequeue(timer);
	unsigned int cpu;

	ASSERT(this_cpu(timer_queue).running != timer, "a timer waits for itself");
	arch_irq_restore(flags);
	/* SAFE(timer_running): off the queue does not mean that its function is not being
	 * called right now, on whatever CPU it was started last time. Without waiting,
	 * the caller would free the timer under it. Pairs with the release in run(). */
	for_each_cpu (cpu, atomic_load(&cpus_online))
		while (atomic_load_acquire(&per_cpu(timer_queue, cpu).running) == timer)
			arch_cpu_relax();
	return pending;
}

/* Calls what is due; queue->lock is held, and given up for each call. */
static void run(struct timer_queue *queue, u64 now)
{
	struct timer *timer;

	while (first_deadline(queue) <= now) {
		timer = list_first(&queue->timers, struct timer, link);
		list_remove(&timer->link);
		atomic_store(&queue->running, timer);
		spin_unlock(&queue->lock);
		timer->fn(timer);
		atomic_store_release(&queue->running, NULL); /* it may be gone now */
		spin_lock(&queue->lock);
	}
}

void timer_interrupt(void)
{
	struct timer_queue *queue = &this_cpu(timer_queue);
	u64 now = arch_clock_ns();

	queue->programmed = NEVER; /* one shot, and it has been fired */
	if (now >= queue->tick)
		queue->tick = sched_tick() ? now + SLICE_NS : NEVER;
	spin_lock(&queue->lock);
	run(queue, now);
	program(queue);
	spin_unlock(&queue->lock);
}

void timer_tick_by(u64 deadline)
{
	struct timer_queue *queue = &this_cpu(timer_queue);

	if (queue->tick <= deadline)
		return;
	queue->tick = deadline;
	spin_lock(&queue->lock);
	program(queue);
	spin_unlock(&queue->lock);
}
