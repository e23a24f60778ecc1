/*
 * arch/sim/threads/crew.c - tests/unit/crew.h with host threads: each member plays one of
 * the CPUs it may run on, a free one if there is one.
 */
#include "tests/unit/crew.h"
#include "arch/sim/threads/threads.h"
#include "kernel/base/panic.h"

#include <pthread.h>

static struct member {
	pthread_t host;
	struct thread thread;
	unsigned int number, cpu;
	void (*fn)(unsigned long);
	unsigned long arg;
} members[SIM_CPUS];

static unsigned int started; /* (p) the test */
static cpuset_t used;        /* (p) the test */

static void *work(void *arg)
{
	struct member *member = arg;

	reader_set(1 + member->number);
	cpu_enter(member->cpu, &member->thread);
	member->fn(member->arg);
	cpu_leave();
	return NULL;
}

static unsigned int choose_cpu(cpuset_t allowed)
{
	cpuset_t choice = allowed & ~used & (BIT(SIM_CPUS) - 1);

	if (!choice)
		choice = allowed & (BIT(SIM_CPUS) - 1);
	return (unsigned int)__builtin_ctz(choice);
}

void crew_start(void (*fn)(unsigned long arg), unsigned long arg, cpuset_t allowed)
{
	struct member *member = &members[started];

	ASSERT(started < SIM_CPUS, "a crew of more than %u", SIM_CPUS);
	if (!started) {
		reclaimer_start();
		cpu_leave(); /* a member may want it */
	}
	*member = (struct member){.number = started++, .fn = fn, .arg = arg};
	member->cpu = choose_cpu(allowed);
	used |= 1U << member->cpu;
	ASSERT(!pthread_create(&member->host, NULL, work, member), "no thread");
}

void crew_join(void)
{
	for (unsigned int i = 0; i < started; i++)
		pthread_join(members[i].host, NULL);
	started = used = 0;
	cpu_enter(0, sim_me.thread);
	reclaimer_stop();
}

void crew_on_each_cpu(void (*fn)(unsigned long cpu))
{
	for (unsigned int cpu = 0; cpu < SIM_CPUS; cpu++)
		crew_start(fn, cpu, 1U << cpu);
	crew_join();
}
