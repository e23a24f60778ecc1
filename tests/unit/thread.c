/*
 * tests/unit/thread.c - kernel/sched: threads start, end, are preempted, and run where
 * they may.
 */
#include "tests/unit/unit.h"
#include "tests/unit/crew.h"
#include "kernel/base/errno.h"
#include "kernel/sched/wait.h"
#include "arch/contract/irq.h"
#include "arch/contract/page.h"

static u32 flag, stop; /* (a) */
static u32 seen_cpu;   /* (a) CPU + 1 */

static void raise_flag(unsigned long value)
{
	atomic_store(&flag, (u32)value);
}

static cpuset_t here(void)
{
	return cpus_online & ~(cpus_online - 1);
}

static void spin_for_flag(unsigned long unused)
{
	spin_until(atomic_load(&flag));
}

/* Both on one CPU: the second runs only if the first, in a kernel loop, is preempted. */
UNIT_TEST(thread_kernel_loop_is_preempted)
{
	atomic_store(&flag, 0);
	crew_start(spin_for_flag, 0, here());
	crew_start(raise_flag, 1, here());
	crew_join();
	EXPECT_EQ(flag, 1);
}

/* A few ticks go by with preemption off; then the thread that is due runs. */
UNIT_TEST(thread_preempt_disable_holds_the_cpu)
{
	cpuset_t allowed = current()->allowed;
	u64 end;

	thread_set_allowed(current(), here());
	atomic_store(&flag, 0);
	preempt_disable();
	crew_start(raise_flag, 1, here());
	end = arch_clock_ns() + 30000000;
	spin_until(arch_clock_ns() > end);
	EXPECT_EQ(atomic_load(&flag), 0);
	preempt_enable();
	crew_join();
	EXPECT_EQ(flag, 1);
	thread_set_allowed(current(), allowed);
}

static void follow_orders(unsigned long unused)
{
	unsigned int cpu;

	for_each_cpu (cpu, cpus_online) {
		EXPECT_EQ(thread_set_allowed(current(), 1U << cpu), 0);
		for (int i = 0; i < 3; i++) {
			EXPECT_EQ(arch_cpu_id(), cpu);
			thread_yield();
		}
	}
}

UNIT_TEST(thread_moves_itself)
{
	for (int i = 0; i < 8; i++)
		crew_start(follow_orders, 0, ANYWHERE);
	crew_join();
	EXPECT_EQ(thread_set_allowed(current(), ~cpus_online), -EINVAL);
	EXPECT_EQ(thread_set_allowed(current(), 0), -EINVAL);
}

static struct thread *runner; /* (a) */

static void report_cpu(unsigned long sleeps)
{
	atomic_store(&runner, current());
	while (!atomic_load(&stop)) {
		atomic_store(&seen_cpu, arch_cpu_id() + 1);
		if (sleeps)
			thread_sleep_until(arch_clock_ns() + 100000);
	}
}

/* Moves a thread that runs (or sleeps) over all CPUs; a thread that stays hangs this. */
static void move_around(unsigned long sleeps)
{
	unsigned int cpu;

	atomic_store(&stop, 0);
	atomic_store(&runner, NULL);
	crew_start(report_cpu, sleeps, ANYWHERE);
	while (!atomic_load(&runner))
		thread_yield();
	for_each_cpu (cpu, cpus_online) {
		EXPECT_EQ(thread_set_allowed(runner, 1U << cpu), 0);
		while (atomic_load(&seen_cpu) != cpu + 1)
			thread_yield();
	}
	atomic_store(&stop, 1);
	crew_join();
}

UNIT_TEST(thread_is_moved_while_it_runs)
{
	move_around(0);
}

UNIT_TEST(thread_is_moved_while_it_sleeps)
{
	move_around(1);
}

static u32 partners[2]; /* (a) CPU + 1 */

static void look_for_partner(unsigned long me)
{
	while (!atomic_load(&stop)) {
		u32 other = atomic_load(&partners[!me]);

		atomic_store(&partners[me], arch_cpu_id() + 1);
		if (other && other != arch_cpu_id() + 1)
			atomic_store(&stop, 1);
	}
}

/* Two busy threads and at least two CPUs: they must come to run on different ones. */
UNIT_TEST(thread_idle_cpu_takes_work)
{
	if (cpuset_count(cpus_online) < 2) {
		unit_skip("needs two CPUs");
		return;
	}
	atomic_store(&stop, 0);
	for (unsigned long i = 0; i < 2; i++) {
		atomic_store(&partners[i], 0);
		crew_start(look_for_partner, i, ANYWHERE);
	}
	crew_join();
	EXPECT(partners[0] && partners[1]);
}

static void count(unsigned long unused)
{
	atomic_add(&flag, 1);
}

UNIT_TEST(thread_many_come_and_go)
{
	atomic_store(&flag, 0);
	for (int round = 0; round < 4; round++) {
		for (int i = 0; i < 32; i++)
			crew_start(count, 0, ANYWHERE);
		crew_join();
	}
	EXPECT_EQ(flag, 4 * 32);
}

UNIT_TEST(thread_runtime_grows)
{
	u64 before = thread_runtime(current()), after = before;

	while (after == before)
		after = thread_runtime(current());
	EXPECT(after > before);
	EXPECT(current()->id != 0);
	EXPECT(!irq_active() && arch_irq_enabled());
}

/* Below every stack there is a page that nobody has, or an overflow would go unnoticed.
 */
UNIT_TEST(thread_stacks_have_guards)
{
	unsigned long top = (unsigned long)current()->stack_top, pages = 0;

	while (arch_kernel_access(ALIGN_DOWN(top - 1, PAGE_SIZE) - pages * PAGE_SIZE))
		pages++;
	EXPECT_EQ(pages, 4);
}
