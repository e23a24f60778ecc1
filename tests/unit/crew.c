/*
 * tests/unit/crew.c - see crew.h. Data: the jobs (c) once started, and how many are not
 * done (a).
 */
#include "tests/unit/crew.h"
#include "kernel/base/panic.h"
#include "kernel/sched/wait.h"

static struct job {
	void (*fn)(unsigned long);
	unsigned long arg;
} jobs[CREW_MAX];

static unsigned int started;   /* (p) the test */
static unsigned int remaining; /* (a) */
static struct wait_queue done = WAIT_QUEUE_INIT(done);

static void work(void *arg)
{
	struct job *job = arg;

	job->fn(job->arg);
	if (atomic_sub(&remaining, 1) == 0)
		wake_up(&done);
}

void crew_start(void (*fn)(unsigned long arg), unsigned long arg, cpuset_t allowed)
{
	struct thread *thread = thread_create("crew", work, &jobs[started]);

	ASSERT(thread && started < CREW_MAX, "crew member %u", started);
	jobs[started++] = (struct job){fn, arg};
	thread->allowed = allowed;
	atomic_add(&remaining, 1);
	thread_start(thread);
}

void crew_join(void)
{
	wait_event(&done, atomic_load(&remaining) == 0);
	started = 0;
}

void crew_on_each_cpu(void (*fn)(unsigned long cpu))
{
	unsigned int cpu;

	for_each_cpu (cpu, atomic_load(&cpus_online))
		crew_start(fn, cpu, 1U << cpu);
	crew_join();
}
