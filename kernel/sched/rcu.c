/*
 * kernel/sched/rcu.c - grace periods: see rcu.h for what they promise.
 *
 * `rcu=merged`. A grace period waits for each CPU to pass a quiescent state, a point
 * where nothing on it depends on what it has read: a context switch, an interrupt that
 * finds it preemptible (user mode always is), or idle. A reader that is met there goes
 * onto a list, with the number of the first grace period that has to wait for it: from
 * then on the thread is waited for, and no longer the CPU.
 *
 * Data: `rcu`, under its lock except where said. One kernel thread takes all queued
 * callbacks, waits for one grace period, and calls them in order. `rcu=counter` replaces
 * only the waiting: rcu_counter.c.
 */
#include "kernel/base/counters.h"
#include "kernel/base/options.h"
#include "kernel/base/panic.h"
#include "kernel/base/print.h"
#include "kernel/base/string.h"
#include "kernel/base/trace.h"
#include "kernel/sched/rcu.h"
#include "kernel/sched/wait.h"
#include "arch/contract/timer.h"

#define NS_PER_SECOND 1000000000UL

static struct {
	struct spinlock lock;
	u64 started;         /* (l:lock) number of the last grace period */
	cpuset_t waiting;    /* (l:lock) not yet quiescent; read without by its CPU */
	cpuset_t idle;       /* (a) CPUs that wait in idle and read nothing */
	struct list readers; /* (l:lock) preempted in a read section */
	struct rcu_head *first, **end; /* (l:lock) callbacks in order of arrival */
	struct wait_queue wait;        /* the grace-period thread, synchronize_rcu() */
} rcu;

static bool counts_readers;      /* (c) rcu=counter */
static u64 stall_seconds = 10;   /* (c) */
static struct thread *gp_thread; /* (c) */

#ifdef ORIGAMI_LAB
static bool parse_flavour(const char *value)
{
	counts_readers = !strcmp(value, "counter");
	return counts_readers || !strcmp(value, "merged");
}

static const char *flavour(void)
{
	return counts_readers ? "counter" : "merged";
}
POLICY(rcu, "rcu", "merged: interrupts-off reads too; counter: it does not",
	parse_flavour, flavour);
#endif

static bool parse_stall(const char *value)
{
	return strcmp(value, "0") && string_to_u64(value, &stall_seconds);
}
OPTION(rcu_stall, "rcu_stall", "seconds until a late grace period is reported",
	parse_stall);

bool rcu_counts_readers(void)
{
	return IS_LAB && counts_readers;
}

/* The counter is the thread's own, and the CPU that looks at it is the one that runs the
 * thread: program order is enough. The barriers keep the compiler from moving the
 * section's accesses out of it. */
void rcu_read_lock(void)
{
	if (rcu_counts_readers() && current_info()->rcu_nesting == 0)
		rcu_counter_lock(current());
	else
		current_info()->rcu_nesting++;
	barrier();
}

/* Is the running grace period over? rcu.lock is held. */
static bool over(void)
{
	struct thread *reader;

	if (rcu.waiting)
		return false;
	list_for_each (reader, &rcu.readers, rcu_blocked) {
		if (reader->rcu_period <= rcu.started)
			return false;
	}
	return true;
}

/* Gives up rcu.lock, and tells the grace-period thread if it waits for nothing more. */
static void unlock_and_tell(unsigned long flags)
{
	bool done = over();

	spin_unlock_irqrestore(&rcu.lock, flags);
	if (done)
		wake_up(&rcu.wait);
}

/* The section that was preempted has ended. */
static void leave_list(struct thread *me)
{
	unsigned long flags = spin_lock_irqsave(&rcu.lock);

	me->rcu_preempted = false;
	list_remove(&me->rcu_blocked);
	unlock_and_tell(flags);
}

void rcu_read_unlock(void)
{
	struct thread *me = current();

	LAB_ASSERT(me->info.rcu_nesting > 0, "rcu_read_unlock() outside a section");
	barrier();
	if (rcu_counts_readers() && me->info.rcu_nesting == 1)
		rcu_counter_unlock(me);
	else
		me->info.rcu_nesting--;
	barrier();
	if (me->info.rcu_nesting == 0 && unlikely(me->rcu_preempted))
		leave_list(me);
}

static bool is_awaited(void)
{
	return atomic_load_relaxed(&rcu.waiting) & 1U << arch_cpu_id();
}

static __noinline void note_quiescent(void)
{
	/* The lock orders: what this CPU read before is done before the grace period can
	 * end, and it has seen everything that was unlinked before the period began. */
	unsigned long flags = spin_lock_irqsave(&rcu.lock);

	rcu.waiting &= ~(1U << arch_cpu_id());
	unlock_and_tell(flags);
}

static __noinline void note_reader(struct thread *previous)
{
	spin_lock(&rcu.lock);
	/* SAFE(rcu_preempted_reader): the switch makes this CPU quiescent, but the
	 * section goes on. Off this list, nothing would wait for it. If the CPU has been
	 * quiescent in this period already, the section is younger than that, and only
	 * the next period has to wait. Pairs with over(). */
	list_append(&rcu.readers, &previous->rcu_blocked);
	previous->rcu_preempted = true;
	previous->rcu_period = rcu.started + !is_awaited();
	spin_unlock(&rcu.lock);
}

void rcu_note_switch(struct thread *previous)
{
	if (unlikely(previous->info.rcu_nesting) && !previous->rcu_preempted)
		note_reader(previous);
	if (unlikely(is_awaited()))
		note_quiescent();
}

/* A reader that is found here is treated as if it were preempted: a CPU that is found in
 * one short section after another would otherwise never be quiescent. */
void rcu_note_preemptible(void)
{
	if (is_awaited())
		rcu_note_switch(current());
}

void rcu_idle_enter(void)
{
	/* A full barrier between being idle and looking: pairs with SAFE(rcu_idle). */
	atomic_or(&rcu.idle, 1U << arch_cpu_id());
	TRACE_POINT(rcu_idle);
	if (is_awaited())
		note_quiescent();
}

void rcu_idle_exit(void)
{
	/* A full barrier: what an interrupt handler reads now, it reads after everybody
	 * can see that this CPU is a possible reader again. Pairs with SAFE(rcu_idle). */
	atomic_and(&rcu.idle, ~(1U << arch_cpu_id()));
}

static void begin(void)
{
	unsigned long flags = spin_lock_irqsave(&rcu.lock);

	rcu.started++;
	/* SAFE(rcu_idle): ask all CPUs first, then excuse those that idle. The other way
	 * round, a CPU that goes idle in between would be asked, and sleep without
	 * answering. Both sides store, then load, with full barriers. Pairs with
	 * rcu_idle_enter(). */
	atomic_store(&rcu.waiting, atomic_load(&cpus_online));
	TRACE_POINT(rcu_ask);
	atomic_and(&rcu.waiting, ~atomic_load(&rcu.idle));
	spin_unlock_irqrestore(&rcu.lock, flags);
}

static bool is_over(void)
{
	unsigned long flags = spin_lock_irqsave(&rcu.lock);
	bool done = over();

	spin_unlock_irqrestore(&rcu.lock, flags);
	return done;
}

#ifdef ORIGAMI_LAB
bool rcu_awaits(const struct thread *reader, bool keeps_cpu)
{
	if (counts_readers)
		return rcu_counter_awaits(reader);
	if (!list_empty(&reader->rcu_blocked)) /* as over() does it, without the lock */
		return READ_ONCE(reader->rcu_period) <= READ_ONCE(rcu.started);
	return keeps_cpu && atomic_load(&rcu.waiting) & 1U << READ_ONCE(reader->cpu);
}
#endif

static void report_stall(u64 seconds)
{
	unsigned long flags;
	struct thread *reader;
	unsigned int cpu;
	char name[16];

	print("rcu: grace period %lu lasts for %lu s; it waits for\n", rcu.started,
		seconds);
	for_each_cpu (cpu, READ_ONCE(rcu.waiting)) {
		sched_cpu_name(cpu, name, sizeof(name));
		print("rcu:   cpu %u, which runs %s\n", cpu, name);
	}
	flags = spin_lock_irqsave(&rcu.lock);
	list_for_each (reader, &rcu.readers, rcu_blocked) {
		if (reader->rcu_period <= rcu.started)
			print("rcu:   thread %lu %s, preempted in a read section\n",
				reader->id, reader->name);
	}
	spin_unlock_irqrestore(&rcu.lock, flags);
}

static void wait_for_readers(void)
{
	u64 start = arch_clock_ns(), patience = stall_seconds;

	begin();
	while (!wait_event_timeout(
		&rcu.wait, is_over(), start + patience * NS_PER_SECOND)) {
		report_stall(patience);
		patience += stall_seconds;
	}
}

static struct rcu_head *take_callbacks(void)
{
	unsigned long flags = spin_lock_irqsave(&rcu.lock);
	struct rcu_head *first = rcu.first;

	rcu.first = NULL;
	rcu.end = &rcu.first;
	spin_unlock_irqrestore(&rcu.lock, flags);
	return first;
}

static void count(int callbacks)
{
	preempt_disable();
	counter_add(COUNT_RCU_GRACE_PERIODS, 1);
	counter_add(COUNT_RCU_CALLBACKS, callbacks);
	preempt_enable();
}

static void grace_periods(void *unused)
{
	struct rcu_head *batch, *next;
	int callbacks;

	for (;;) {
		wait_event(&rcu.wait, (batch = take_callbacks()) != NULL);
		TRACE(rcu_gp, rcu.started + 1, 0);
		/* SAFE(rcu_grace): readers that found an object before it was unlinked
		 * may still use it. Without this wait the callback frees it under them.
		 * Pairs with rcu_read_lock() ... rcu_read_unlock(). */
		if (rcu_counts_readers())
			rcu_counter_wait();
		else
			wait_for_readers();
		TRACE(rcu_gp, rcu.started, 1);
		for (callbacks = 0; batch; batch = next, callbacks++) {
			next = batch->next; /* fn may free it */
			batch->fn(batch);
		}
		count(callbacks);
	}
}

/* --- the freers' side --- */

void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *))
{
	unsigned long flags;
	bool was_empty;

	head->fn = fn;
	head->next = NULL;
	flags = spin_lock_irqsave(&rcu.lock);
	was_empty = !rcu.first;
	*rcu.end = head;
	rcu.end = &head->next;
	spin_unlock_irqrestore(&rcu.lock, flags);
	if (was_empty)
		wake_up(&rcu.wait);
}

struct rcu_sleeper {
	struct rcu_head head;
	bool done; /* (a) */
};

static void sleeper_done(struct rcu_head *head)
{
	/* From here on the sleeper may be gone; the queue stays. */
	atomic_store_release(&container_of(head, struct rcu_sleeper, head)->done, true);
	wake_up(&rcu.wait);
}

void synchronize_rcu(void)
{
	struct rcu_sleeper sleeper = {.done = false};

	rank_assert_may_sleep("synchronize_rcu");
	ASSERT(current() != gp_thread, "an RCU callback waits for RCU");
	call_rcu(&sleeper.head, sleeper_done);
	wait_event(&rcu.wait, atomic_load_acquire(&sleeper.done));
}

/* Callbacks run in order, so a grace period of one's own comes after all of them. */
void rcu_barrier(void)
{
	synchronize_rcu();
}

void rcu_init(void)
{
	spin_init(&rcu.lock, "rcu", RANK_RCU);
	list_init(&rcu.readers);
	rcu.end = &rcu.first;
	wait_init(&rcu.wait);
}

void rcu_start_thread(void)
{
	gp_thread = thread_create("rcu", grace_periods, NULL);
	ASSERT(gp_thread, "no memory for the RCU thread");
	thread_start(gp_thread);
}
