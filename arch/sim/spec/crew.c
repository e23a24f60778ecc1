/*
 * arch/sim/spec/crew.c - tests/unit/crew.h with actors, and the rest of what stands for
 * the kernel's threads. crew_join() follows the schedule of option `schedule=`, whose
 * commas are blanks; a violation ends the program and prints the schedule that leads
 * there.
 */
#include "tests/unit/crew.h"
#include "arch/sim/explore/explore.h"
#include "kernel/base/options.h"
#include "kernel/base/panic.h"
#include "kernel/base/print.h"
#include "kernel/base/string.h"

char crew_schedule[SCHEDULES];

static bool parse_schedule(const char *value)
{
	size_t i;

	for (i = 0; value[i] && i < SCHEDULES - 1; i++)
		crew_schedule[i] = value[i] == ',' ? ' ' : value[i];
	crew_schedule[i] = '\0';
	return !value[i];
}
OPTION(schedule, "schedule", "0x5,1x9,r1x1: who steps when (explore)", parse_schedule);

void sim_build_init(void)
{
}

void sim_on_cpu(unsigned int cpu)
{
	ASSERT(!running && cpu < SIM_CPUS && sim_me.irqs_on &&
			current_info()->preempt_count == 0,
		"a thread cannot move to cpu %u now", cpu);
	sim_me.cpu = cpu;
}

void arch_cpu_relax(void)
{
	actor_spin();
}

void thread_yield(void)
{
	actor_spin();
}

static unsigned int choose_cpu(cpuset_t allowed)
{
	for (unsigned int cpu = 0; cpu < SIM_CPUS; cpu++)
		if ((allowed & 1U << cpu) && !actors[cpu].alive)
			return cpu;
	panic("no cpu of %x is free: an actor has one of its own", allowed);
}

void crew_start(void (*fn)(unsigned long arg), unsigned long arg, cpuset_t allowed)
{
	unsigned int cpu = choose_cpu(allowed);

	actors[cpu].thread = (struct thread){0};
	actor_start(cpu, cpu, &actors[cpu].thread, fn, arg);
}

void crew_join(void)
{
	const char *violation = explore_run(crew_schedule);

	if (!violation)
		return;
	print("# schedule: %s\n", explore_taken);
	explore_fail(violation);
}

void crew_on_each_cpu(void (*fn)(unsigned long cpu))
{
	for (unsigned int cpu = 0; cpu < SIM_CPUS; cpu++)
		crew_start(fn, cpu, 1U << cpu);
	crew_join();
}
