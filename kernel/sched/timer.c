/*
 * kernel/sched/timer.c - each CPU's queue of timers, and its scheduler tick.
 *
 * The machine has one one-shot timer per CPU; it is set to the earlier of the tick and
 * the first timer of the queue. A CPU that idles has no tick, so without timers it sleeps
 * until somebody pokes it: the tick that finds it idle is its last, the switch away from
 * idle starts it again. Locks: timer_lock, for all queues: they are short and rarely
 * used.
 */
#include "kernel/sched/runqueue.h"

#define NEVER (~0UL)

struct timer_queue {
	struct list timers;    /* (l:timer_lock) the earliest first */
	struct timer *running; /* (a) whose function is being called */
	u64 tick;              /* (p) when the next tick is due */
	u64 programmed;        /* (p) what the machine's timer is set to */
};

static DEFINE_PERCPU(struct timer_queue, timer_queue);
static struct spinlock timer_lock = SPINLOCK_INIT("timers", RANK_TIMER);

void timer_init_cpu(unsigned int cpu)
{
	struct timer_queue *queue = &per_cpu(timer_queue, cpu);

	list_init(&queue->timers);
	queue->tick = queue->programmed = NEVER;
}

void timer_init(struct timer *timer, void (*fn)(struct timer *))
{
	list_init(&timer->link);
	timer->fn = fn;
}

static u64 first_deadline(struct timer_queue *queue)
{
	return list_empty(&queue->timers)
		       ? NEVER
		       : list_first(&queue->timers, struct timer, link)->deadline;
}

/* This CPU's queue; timer_lock is held. */
static void program(struct timer_queue *queue)
{
	u64 next = min(queue->tick, first_deadline(queue));

	if (next != queue->programmed)
		arch_timer_set(queue->programmed = next);
}

static void insert(struct timer_queue *queue, struct timer *timer)
{
	struct list *after = queue->timers.prev; /* equal deadlines stay in order */

	while (after != &queue->timers &&
		list_entry(after, struct timer, link)->deadline > timer->deadline)
		after = after->prev;
	list_insert(&timer->link, after);
}

void timer_start(struct timer *timer, u64 deadline)
{
	unsigned long flags = spin_lock_irqsave(&timer_lock);
	struct timer_queue *queue = &this_cpu(timer_queue);

	list_remove(&timer->link);
	timer->deadline = deadline;
	insert(queue, timer);
	program(queue);
	spin_unlock_irqrestore(&timer_lock, flags);
}

bool timer_stop(struct timer *timer)
{
	unsigned long flags = spin_lock_irqsave(&timer_lock);
	bool pending = !list_empty(&timer->link);
	unsigned int cpu;

	list_remove(&timer->link);
	ASSERT(this_cpu(timer_queue).running != timer, "a timer waits for itself");
	spin_unlock_irqrestore(&timer_lock, flags);
	/* SAFE(timer_running): off the queue does not mean that its function is not being
	 * called right now, on whatever CPU it was started last time. Without waiting,
	 * the caller would free the timer under it. Pairs with the release in run(). */
	for_each_cpu (cpu, atomic_load(&cpus_online))
		while (atomic_load_acquire(&per_cpu(timer_queue, cpu).running) == timer)
			arch_cpu_relax();
	return pending;
}

/* Calls what is due; timer_lock is held, and given up for each call. */
static void run(struct timer_queue *queue, u64 now)
{
	struct timer *timer;

	while (first_deadline(queue) <= now) {
		timer = list_first(&queue->timers, struct timer, link);
		list_remove(&timer->link);
		atomic_store(&queue->running, timer);
		spin_unlock(&timer_lock);
		timer->fn(timer);
		atomic_store_release(&queue->running, NULL); /* it may be gone now */
		spin_lock(&timer_lock);
	}
}

void timer_interrupt(void)
{
	struct timer_queue *queue = &this_cpu(timer_queue);
	u64 now = arch_clock_ns();

	queue->programmed = NEVER; /* one shot, and it has been fired */
	if (now >= queue->tick)
		queue->tick = sched_tick() ? now + SLICE_NS : NEVER;
	spin_lock(&timer_lock);
	run(queue, now);
	program(queue);
	spin_unlock(&timer_lock);
}

void timer_tick_by(u64 deadline)
{
	struct timer_queue *queue = &this_cpu(timer_queue);

	if (queue->tick <= deadline)
		return;
	queue->tick = deadline;
	spin_lock(&timer_lock);
	program(queue);
	spin_unlock(&timer_lock);
}
