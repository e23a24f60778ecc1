/*
 * arch/sim/threads/rcu.c - RCU for host threads, as kernel/sched/rcu.h promises it: what
 * runs with interrupts off reads, too.
 *
 * Each thread has a number that is odd inside a read section and moves with each end of
 * one. A grace period waits until every number has been even, or has moved: the load that
 * sees it orders the section before what follows, for the thread sanitizer as well.
 */
#include "arch/sim/threads/threads.h"
#include "kernel/base/panic.h"

#include <pthread.h>
#include <sched.h>

static u64 sections[READERS]; /* (a) */
static __thread u64 *section = &sections[0];
static __thread unsigned int depth;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
static struct rcu_head *callbacks; /* (lock) newest first */
static u64 queued, finished;       /* (lock), (a) */
static bool running;               /* (lock) there is a reclaimer */
static pthread_t reclaimer;

void reader_set(unsigned int number)
{
	ASSERT(number < READERS, "host thread %u", number);
	section = &sections[number];
}

void section_enter(void)
{
	if (!depth++)
		atomic_add(section, 1);
}

void section_leave(void)
{
	if (!--depth)
		atomic_add(section, 1);
}

void rcu_read_lock(void)
{
	current_info()->rcu_nesting++;
	section_enter();
}

void rcu_read_unlock(void)
{
	section_leave();
	current_info()->rcu_nesting--;
}

void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *))
{
	pthread_mutex_lock(&lock);
	head->fn = fn;
	head->next = callbacks;
	callbacks = head;
	queued++;
	pthread_cond_signal(&work);
	pthread_mutex_unlock(&lock);
}

void synchronize_rcu(void)
{
	ASSERT(!depth, "waiting inside a read section");
	for (unsigned int i = 0; i < READERS; i++) {
		u64 seen = atomic_load(&sections[i]);

		while (seen % 2 && atomic_load(&sections[i]) == seen)
			arch_cpu_relax();
	}
}

static struct rcu_head *take_all(void)
{
	struct rcu_head *oldest_first = NULL, *head, *next;

	for (head = callbacks; head; head = next) {
		next = head->next;
		head->next = oldest_first;
		oldest_first = head;
	}
	callbacks = NULL;
	return oldest_first;
}

static unsigned int run_callbacks(struct rcu_head *head)
{
	struct rcu_head *next;
	unsigned int count = 0;

	if (head)
		synchronize_rcu();
	for (; head; head = next, count++) {
		next = head->next;
		head->fn(head);
	}
	atomic_add(&finished, count);
	return count;
}

unsigned int sim_rcu_run(void)
{
	struct rcu_head *head;

	pthread_mutex_lock(&lock);
	head = take_all();
	pthread_mutex_unlock(&lock);
	return run_callbacks(head);
}

void rcu_barrier(void)
{
	u64 target;

	pthread_mutex_lock(&lock);
	target = queued;
	pthread_mutex_unlock(&lock);
	if (!running)
		(void)sim_rcu_run();
	while (atomic_load(&finished) < target)
		arch_cpu_relax();
}

static void *reclaim(void *none)
{
	static struct thread thread;
	struct rcu_head *head;
	bool more;

	cpu_enter(RECLAIMER_CPU, &thread);
	do {
		pthread_mutex_lock(&lock);
		while (running && !callbacks)
			pthread_cond_wait(&work, &lock);
		more = running;
		head = more ? take_all() : NULL; /* the rest waits for sim_rcu_run() */
		pthread_mutex_unlock(&lock);
		run_callbacks(head);
	} while (more);
	cpu_leave();
	return NULL;
}

void reclaimer_start(void)
{
	running = true;
	ASSERT(!pthread_create(&reclaimer, NULL, reclaim, NULL), "no thread");
}

void reclaimer_stop(void)
{
	pthread_mutex_lock(&lock);
	running = false;
	pthread_cond_signal(&work);
	pthread_mutex_unlock(&lock);
	pthread_join(reclaimer, NULL);
}
