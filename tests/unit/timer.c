/*
 * tests/unit/timer.c - kernel/sched/timer.c. Deadlines are short, but no verdict depends
 * on how long anything takes.
 */
#include "tests/unit/unit.h"
#include "tests/unit/crew.h"
#include "kernel/sched/timer.h"
#include "kernel/sched/wait.h"
#include "arch/contract/irq.h"

#define TIMERS 6

struct probe {
	struct timer timer;
	int number;
};

static struct probe probes[TIMERS];
static int fired[TIMERS];
static unsigned int fired_count; /* (a) */
static struct wait_queue all_fired = WAIT_QUEUE_INIT(all_fired);

static void fire(struct timer *timer)
{
	unsigned int n = fired_count;

	EXPECT(arch_clock_ns() >= timer->deadline);
	EXPECT(irq_active());
	fired[n] = container_of(timer, struct probe, timer)->number;
	atomic_store(&fired_count, n + 1);
	wake_up(&all_fired);
}

UNIT_TEST(timer_fires_in_order_of_deadline)
{
	static const int order[TIMERS] = {3, 0, 5, 1, 4, 2};
	cpuset_t allowed = current()->allowed;
	unsigned long flags;
	u64 now;

	thread_set_allowed(current(), 1U << arch_cpu_id()); /* all in one queue */
	atomic_store(&fired_count, 0);
	flags = arch_irq_save(); /* none fires before all are queued */
	now = arch_clock_ns();
	for (int i = 0; i < TIMERS; i++) {
		struct probe *probe = &probes[order[i]];

		probe->number = order[i];
		timer_init(&probe->timer, fire);
		timer_start(&probe->timer, now + 2000000 + 1000UL * (u64)order[i]);
	}
	arch_irq_restore(flags);
	wait_event(&all_fired, atomic_load(&fired_count) == TIMERS);
	for (int i = 0; i < TIMERS; i++)
		EXPECT_EQ(fired[i], i);
	thread_set_allowed(current(), allowed);
}

UNIT_TEST(timer_stop_says_if_it_was_pending)
{
	struct probe probe = {.number = 0};

	timer_init(&probe.timer, fire);
	EXPECT(!timer_stop(&probe.timer));
	timer_start(&probe.timer, ~0UL - 1);
	EXPECT(timer_stop(&probe.timer));
	EXPECT(!timer_stop(&probe.timer));
	atomic_store(&fired_count, 0);
	timer_start(&probe.timer, ~0UL - 1);
	timer_start(&probe.timer, 0); /* started again: only the new deadline counts */
	wait_event(&all_fired, atomic_load(&fired_count) == 1);
	EXPECT(!timer_stop(&probe.timer));
}

static struct timer racer;
static u32 inside, stopping, stopped; /* (a) */

/* Goes on for a while after somebody has begun to stop it. */
static void race(struct timer *timer)
{
	u64 end;

	atomic_store(&inside, 1);
	spin_until(atomic_load(&stopping));
	end = arch_clock_ns() + 2000000;
	spin_until(arch_clock_ns() > end);
	EXPECT_EQ(atomic_load(&stopped), 0);
	atomic_store(&inside, 0);
}

static void start_racer(unsigned long unused)
{
	timer_start(&racer, 0);
}

/* Stop it on another CPU while it runs: afterwards it does not run any more. */
UNIT_TEST(timer_stop_waits_for_the_function)
{
	cpuset_t allowed = current()->allowed, first = cpus_online & ~(cpus_online - 1);

	if (cpuset_count(cpus_online) < 2) {
		unit_skip("needs two CPUs");
		return;
	}
	thread_set_allowed(current(), cpus_online & ~first);
	timer_init(&racer, race);
	for (int i = 0; i < 5; i++) {
		atomic_store(&stopping, 0);
		atomic_store(&stopped, 0);
		crew_start(start_racer, 0, first);
		spin_until(atomic_load(&inside));
		atomic_store(&stopping, 1);
		EXPECT(!timer_stop(&racer));
		EXPECT_EQ(atomic_load(&inside), 0);
		atomic_store(&stopped, 1);
		crew_join();
	}
	thread_set_allowed(current(), allowed);
}

static void again(struct timer *timer)
{
	if (atomic_add(&fired_count, 1) < 10)
		timer_start(timer, arch_clock_ns());
	else
		wake_up(&all_fired);
}

UNIT_TEST(timer_may_start_itself_again)
{
	struct timer timer;

	atomic_store(&fired_count, 0);
	timer_init(&timer, again);
	timer_start(&timer, 0);
	wait_event(&all_fired, atomic_load(&fired_count) == 10);
	timer_stop(&timer);
	EXPECT_EQ(fired_count, 10);
}

UNIT_TEST(timer_sleep_is_long_enough)
{
	for (u64 ns = 0; ns < 4000000; ns += 1000000) {
		u64 until = arch_clock_ns() + ns;

		EXPECT_EQ(thread_sleep_until(until), 0);
		EXPECT(arch_clock_ns() >= until);
	}
}
