/*
 * tests/linux/threads.c - futexes and what pthreads make of them: every way to wait and
 * to be woken, time limits, joining, robust locks.
 */
#include "tests/linux/tap.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <linux/futex.h>

static long futex(unsigned int *word, int op, unsigned int value, const void *timeout,
	unsigned int *other, unsigned int last)
{
	return syscall(SYS_futex, word, op, value, timeout, other, last);
}

static long elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 +
	       (now.tv_nsec - since->tv_nsec) / 1000000;
}

/* --- the call itself --- */

static unsigned int words[2];
static int awake;

static void *waiter(void *bits)
{
	futex(&words[0], FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, (long)bits);
	__atomic_add_fetch(&awake, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

/* Until `wanted` threads sleep on the word: moving nobody anywhere counts them. */
static void settle(unsigned int *word, long wanted)
{
	struct timespec time = {0, 1000000};

	for (int i = 0; i < 5000; i++) {
		if (futex(word, FUTEX_REQUEUE_PRIVATE, 0, (void *)(long)INT_MAX, word,
			    0) == wanted)
			return;
		nanosleep(&time, NULL);
	}
}

static void calls(void)
{
	struct timespec soon = {0, 30000000}, before, wrong = {0, 1000000000};
	pthread_t ids[3];

	clock_gettime(CLOCK_MONOTONIC, &before);
	test(futex(&words[0], FUTEX_WAIT, 1, NULL, NULL, 0) == -1 && errno == EAGAIN,
		"waiting for a value that is not there");
	test(futex(&words[0], FUTEX_WAIT, 0, &soon, NULL, 0) == -1 &&
			errno == ETIMEDOUT && elapsed_ms(&before) >= 30,
		"waiting with a limit");
	test(futex(&words[0], FUTEX_WAIT, 0, &wrong, NULL, 0) == -1 && errno == EINVAL,
		"a limit that is no time");
	test(futex(&words[0], FUTEX_WAIT_BITSET, 0, &before, NULL, ~0u) == -1 &&
			errno == ETIMEDOUT,
		"a limit that has passed");
	test(futex((void *)((char *)words + 1), FUTEX_WAKE, 1, NULL, NULL, 0) == -1 &&
			errno == EINVAL,
		"an unaligned word");
	test(futex(&words[0], FUTEX_WAKE, 1, NULL, NULL, 0) == 0, "nobody to wake");

	for (long i = 0; i < 3; i++)
		pthread_create(&ids[i], NULL, waiter, (void *)(i + 1));
	settle(&words[0], 3);
	test(futex(&words[0], FUTEX_WAKE_BITSET_PRIVATE, 9, NULL, NULL, 4) == 0,
		"no waiter has that bit");
	test(futex(&words[0], FUTEX_WAKE_BITSET_PRIVATE, 9, NULL, NULL, 1) == 2,
		"two have this one");
	test(futex(&words[0], FUTEX_CMP_REQUEUE_PRIVATE, 0, (void *)9L, &words[1], 5) ==
				-1 &&
			errno == EAGAIN,
		"requeue compares first");
	test(futex(&words[0], FUTEX_CMP_REQUEUE_PRIVATE, 0, (void *)9L, &words[1], 0) ==
			1,
		"the last one moves to another word");
	test(futex(&words[0], FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0) == 0 &&
			futex(&words[1], FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0) == 1,
		"and is found there");
	for (int i = 0; i < 3; i++)
		pthread_join(ids[i], NULL);
	test(awake == 3, "all have woken");
}

/* --- what is made of it --- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static sem_t full, empty;
static long slot, sum;

static void *producer(void *rounds)
{
	for (long i = 1; i <= (long)rounds; i++) {
		sem_wait(&empty);
		slot = i;
		sem_post(&full);
	}
	return NULL;
}

static void *consumer(void *rounds)
{
	for (long i = 1; i <= (long)rounds; i++) {
		sem_wait(&full);
		sum += slot;
		sem_post(&empty);
	}
	return NULL;
}

static void library(void)
{
	struct timespec until;
	pthread_t a, b;
	int result;

	sem_init(&empty, 0, 1);
	sem_init(&full, 0, 0);
	pthread_create(&a, NULL, producer, (void *)2000L);
	pthread_create(&b, NULL, consumer, (void *)2000L);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	test(sum == 2000L * 2001 / 2, "two semaphores hand over 2000 numbers");

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 20000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&mutex);
	do {
		result = pthread_cond_timedwait(&changed, &mutex, &until);
	} while (!result);
	pthread_mutex_unlock(&mutex);
	test(result == ETIMEDOUT, "a condition nobody signals");
}

static void *die_with_lock(void *lock)
{
	pthread_mutex_lock(lock);
	return NULL;
}

static void robust(void)
{
	pthread_mutexattr_t attributes;
	pthread_mutex_t lock;
	pthread_t id;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&lock, &attributes);
	pthread_create(&id, NULL, die_with_lock, &lock);
	pthread_join(id, NULL);
	test(pthread_mutex_lock(&lock) == EOWNERDEAD, "a robust lock tells of its owner");
	test(pthread_mutex_consistent(&lock) == 0 && pthread_mutex_unlock(&lock) == 0,
		"and can be repaired");
}

/* Lists of locks that a program has made wrong: a circle, and one into nowhere. */
static void *leave_with_list(void *head)
{
	return (void *)syscall(SYS_set_robust_list, head, 3 * sizeof(long));
}

static void bad_lists(void)
{
	static unsigned long circle[4], nowhere[3] = {8, 0, 8};
	pthread_t id;
	void *result;

	circle[0] = circle[3] = (unsigned long)&circle[3];
	circle[1] = 64;
	pthread_create(&id, NULL, leave_with_list, circle);
	test(!pthread_join(id, &result) && !result, "a circle of locks ends");
	pthread_create(&id, NULL, leave_with_list, nowhere);
	test(!pthread_join(id, &result) && !result, "so does a list into nowhere");
}

static void *nothing(void *argument)
{
	return argument;
}

static void many(void)
{
	long wrong = 0;

	for (long i = 0; i < 300; i++) {
		pthread_t id;
		void *result;

		if (pthread_create(&id, NULL, nothing, (void *)i))
			wrong++;
		else if (pthread_join(id, &result) || result != (void *)i)
			wrong++;
	}
	test(!wrong, "300 threads, one after the other");
}

static void affinity(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t all, one, now;
	int last = 0;

	test(!sched_getaffinity(0, sizeof(all), &all) && CPU_COUNT(&all) > 0,
		"the set of CPUs is not empty");
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &all))
			last = cpu;
	CPU_ZERO(&one);
	CPU_SET(last, &one);
	test(!sched_setaffinity(0, sizeof(one), &one) && sched_getcpu() == last,
		"restricted to the last CPU, we run there");
	test(sysconf(_SC_NPROCESSORS_ONLN) == cpus, "as many CPUs are there as before");
	test(!sched_getaffinity(0, sizeof(now), &now) && CPU_EQUAL(&now, &one),
		"and are told so");
	CPU_ZERO(&one);
	test(sched_setaffinity(0, sizeof(one), &one) == -1 && errno == EINVAL,
		"an empty set is refused");
	sched_setaffinity(0, sizeof(all), &all);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	calls();
	library();
	robust();
	bad_lists();
	many();
	affinity();
	printf("1..%d\n", count);
	return failures > 0;
}
