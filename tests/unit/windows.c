/*
 * tests/unit/windows.c - windows of the scheduler and of RCU, held open by parking.
 *
 * Each test stops one party between two steps whose order matters, lets the other do what
 * it must not do unseen, and looks. That an order is right shows every time, and so does
 * a wrong one.
 */
#include "kernel/sched/rcu.h"
#include "kernel/sched/runqueue.h"
#include "tests/unit/crew.h"
#include "tests/unit/unit.h"
#include "arch/contract/irq.h"
#include "kernel/base/counters.h"
#include "kernel/base/park.h"
#include "kernel/task/task.h"

#define A_WHILE 30000000UL   /* ns: for a wrong one to go wrong */
#define AT_MOST 5000000000UL /* ns: a right one needs none of it */

static struct thread *actor; /* (a) */
static struct park *park;    /* (a) */
static u32 word, done;       /* (a) */

/* The test gets CPU 1, and CPU 0 is for its actor; or it is skipped. */
static bool take_cpu_1(void)
{
	if (!(cpus_online & 2)) {
		unit_skip("needs two CPUs");
		return false;
	}
	EXPECT_EQ(thread_set_allowed(current(), 2), 0);
	atomic_store(&actor, NULL);
	atomic_store(&park, NULL);
	word = done = 0;
	return true;
}

static void end(void)
{
	crew_join();
	EXPECT_EQ(thread_set_allowed(current(), ANYWHERE), 0);
	EXPECT_EQ(park_count(), 0);
}

/* In the actor: the next time that it passes `event` it parks. */
static void park_me(enum trace_event event)
{
	atomic_store(&actor, current());
	atomic_store(&park, park_arm(event, current(), PARK_UNTIL_TOLD));
}

static void wait_until_parked(void)
{
	spin_until(atomic_load(&park) && park_taken(park));
}

static void look_then_wait(unsigned long unused)
{
	park_me(TRACE_wait);
	thread_wait_prepare();
	if (!atomic_load(&word))
		thread_wait();
	thread_wait_cancel();
	atomic_store(&done, 1);
}

/* The wake-up comes between the look and the sleep. */
UNIT_TEST(window_between_look_and_wait)
{
	if (!take_cpu_1())
		return;
	crew_start(look_then_wait, 0, 1);
	wait_until_parked();
	atomic_store(&word, 1);
	EXPECT(thread_wake(actor));
	rcu_read_lock(); /* the actor may end before we have seen that it is done */
	park_release(park);
	while (!atomic_load(&done))
		thread_wake(actor);
	rcu_read_unlock();
	end();
}

static struct mutex wanted = MUTEX_INIT(wanted, "window", RANK_MM);

static void want(unsigned long unused)
{
	atomic_store(&park, park_arm(TRACE_rwsem_wait, current(), TRACE_rwsem_hand_over));
	mutex_lock(&wanted);
	atomic_store(&done, 1);
	mutex_unlock(&wanted);
}

/* The lock becomes free after the look of who wants it, if it looks first. */
UNIT_TEST(window_between_announcing_and_looking)
{
	u64 deadline;

	if (!take_cpu_1())
		return;
	mutex_lock(&wanted);
	crew_start(want, 0, 1);
	wait_until_parked();
	mutex_unlock(&wanted);
	park_release(park);
	deadline = arch_clock_ns() + AT_MOST;
	spin_until(atomic_load(&done) || arch_clock_ns() > deadline);
	EXPECT_EQ(atomic_load(&done), 1);
	mutex_lock(&wanted); /* a wrong one has to be woken */
	mutex_unlock(&wanted);
	end();
}

static void wait_for_work(unsigned long unused)
{
	struct task_thread *me = current_thread();

	atomic_store(&actor, current());
	thread_wait_prepare();
	thread_wait();
	atomic_store(&word, atomic_load(&me->thread.info.work));
	park_release(park);
	while (!atomic_load(&me->thread.info.work))
		arch_cpu_relax();
	atomic_store(&me->thread.info.work, 0);
}

/* Whoever is woken looks at once, and sees what for. */
UNIT_TEST(window_between_work_and_poke)
{
	if (!take_cpu_1())
		return;
	park = park_arm(TRACE_notify, current(), PARK_UNTIL_TOLD);
	crew_start(wait_for_work, 0, 1);
	spin_until(atomic_load(&actor) && READ_ONCE(actor->state) == THREAD_WAITING);
	task_thread_notify((struct task_thread *)actor, TASK_WORK_SIGNAL);
	EXPECT_EQ(atomic_load(&word), TASK_WORK_SIGNAL);
	end();
}

/* Beside the actor, so that there is somebody to switch to. */
static void yield_until_done(unsigned long unused)
{
	while (!atomic_load(&done))
		thread_yield();
}

/* Allowed everywhere, but not before nobody else can get it. */
static void leave_and_park(unsigned long unused)
{
	arch_irq_disable();
	EXPECT_EQ(thread_set_allowed(current(), ANYWHERE), 0);
	park_me(TRACE_switch);
	schedule();
	arch_irq_enable();
	atomic_store(&done, 1);
}

/* A thread that is queued again before it has left its stack is nobody's to take. */
UNIT_TEST(window_between_leave_and_switch)
{
	struct thread *stolen;

	if (!take_cpu_1())
		return;
	crew_start(yield_until_done, 0, 1);
	crew_start(leave_and_park, 0, 1);
	wait_until_parked();
	arch_irq_disable();
	stolen = runqueue_steal(1);
	atomic_and(&cpus_idle, ~2U);
	EXPECT(stolen != actor);
	park_release(park);
	if (stolen)
		runqueue_deliver(stolen);
	arch_irq_enable();
	end();
}

/* Gives way; true: to nobody. */
static bool schedule_alone(void)
{
	s64 switches = this_cpu(counters)[COUNT_SWITCHES];

	schedule();
	return this_cpu(counters)[COUNT_SWITCHES] == switches;
}

/* Only a look that found nobody else to run counts: then it is the same thread that sees
 * what became of the request. Others have to get somewhere first: the requests of the
 * parked looks interrupt them before their first instruction. */
static void look_for_others(unsigned long unused)
{
	bool asked = true, alone;

	arch_irq_disable();
	do {
		while (!schedule_alone())
			;
		park_me(TRACE_look);
		alone = schedule_alone();
		asked = need_resched();
	} while (!alone);
	arch_irq_enable();
	EXPECT(asked);
	atomic_store(&done, 1);
}

/* A request that comes while the scheduler looks is not forgotten. */
UNIT_TEST(window_between_look_and_return)
{
	if (!take_cpu_1())
		return;
	crew_start(look_for_others, 0, 1);
	while (!atomic_load(&done)) {
		if (!atomic_load(&park) || !park_taken(park))
			continue;
		runqueue_poke(0);
		park_release(park);
	}
	end();
}

/* From the look to the wait nothing can be handled, and so nothing be missed. */
UNIT_TEST(window_between_look_and_idle)
{
	if (!take_cpu_1())
		return;
	park = park_arm(TRACE_idle, per_cpu(runqueue, 0).idle, PARK_UNTIL_TOLD);
	runqueue_poke(0);
	wait_until_parked();
	EXPECT(!park_irqs_on(park));
	park_release(park);
	end();
}

static struct rcu_head head;

static void note_done(struct rcu_head *unused)
{
	atomic_store(&done, 1);
}

/* The thread of the grace periods, kept on CPU 0. */
static struct thread *catch_rcu_thread(void)
{
	struct thread *thread;

	park = park_arm(TRACE_rcu_gp, NULL, PARK_UNTIL_TOLD);
	call_rcu(&head, note_done);
	wait_until_parked();
	thread = (struct thread *)park_who(park);
	EXPECT_EQ(thread_set_allowed(thread, 1), 0);
	park_release(park);
	rcu_barrier();
	atomic_store(&done, 0);
	return thread;
}

/* Interrupts are off when this returns, and the next grace period parks when it asks. Off
 * before that: an interrupt would look at who is asked, and wait for the lock that the
 * parked thread holds. And no period is under way that would wait for this CPU: it would
 * never end, and the next one not begin. */
static unsigned long park_next_ask(struct thread *rcu_thread)
{
	for (;;) {
		unsigned long flags = arch_irq_save();

		park = park_arm(TRACE_rcu_ask, rcu_thread, TRACE_rcu_idle);
		if (!rcu_awaits(current(), true))
			return flags;
		park_release(park);
		arch_irq_restore(flags);
		rcu_barrier();
	}
}

/* A CPU goes idle while a grace period begins: it is asked, or it is excused. */
UNIT_TEST(window_between_ask_and_excuse)
{
	struct thread *rcu_thread;
	unsigned long flags;
	u64 limit;

	if (rcu_counts_readers()) {
		unit_skip("rcu=counter asks nobody");
		return;
	}
	if (!take_cpu_1())
		return;
	rcu_thread = catch_rcu_thread();
	flags = park_next_ask(rcu_thread);
	call_rcu(&head, note_done);
	wait_until_parked();
	limit = arch_clock_ns() + AT_MOST;
	rcu_idle_enter();
	while (!atomic_load(&done) && arch_clock_ns() < limit)
		arch_cpu_relax();
	EXPECT(atomic_load(&done));
	rcu_idle_exit();
	arch_irq_restore(flags);
	EXPECT_EQ(thread_set_allowed(rcu_thread, ANYWHERE), 0);
	end();
}

static void read_counted(unsigned long unused)
{
	park_me(TRACE_rcu_index);
	rcu_counter_lock(current());
	atomic_store(&word, 1);
	spin_until(atomic_load(&word) == 2);
	EXPECT(!atomic_load(&done));
	rcu_counter_unlock(current());
}

static void wait_for_counted(unsigned long unused)
{
	rcu_counter_wait();
	atomic_store(&done, 1);
}

/* A reader is delayed between finding the index and counting itself: for a whole grace
 * period, and then it reads. */
UNIT_TEST(window_between_index_and_count)
{
	if (rcu_counts_readers()) {
		unit_skip("rcu=counter uses these counters itself");
		return;
	}
	if (!take_cpu_1())
		return;
	crew_start(read_counted, 0, 1);
	wait_until_parked();
	rcu_counter_wait();
	park_release(park);
	spin_until(atomic_load(&word) == 1);
	crew_start(wait_for_counted, 0, ANYWHERE);
	thread_sleep_until(arch_clock_ns() + A_WHILE);
	EXPECT(!atomic_load(&done));
	atomic_store(&word, 2);
	end();
}
