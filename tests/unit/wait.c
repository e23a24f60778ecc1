/*
 * tests/unit/wait.c - kernel/sched/wait.c: no wake-up is lost. If one is, a test hangs.
 */
#include "tests/unit/unit.h"
#include "tests/unit/crew.h"
#include "kernel/sched/wait.h"

static struct wait_queue queue = WAIT_QUEUE_INIT(queue);
static u32 ball; /* (a) whose turn it is */
static u32 rounds;

static void play(unsigned long me)
{
	for (u32 i = 0; i < rounds; i++) {
		wait_event(&queue, atomic_load(&ball) == me);
		atomic_store(&ball, !me);
		wake_up(&queue);
	}
}

/* The same under the queue's own lock. */
static void play_locked(unsigned long me)
{
	spin_lock(&queue.lock);
	for (u32 i = 0; i < rounds; i++) {
		while (ball != me)
			EXPECT_EQ(wait_locked(&queue), 0);
		ball = !me;
		wake_up_locked(&queue);
	}
	spin_unlock(&queue.lock);
}

static struct spinlock court = SPINLOCK_INIT("court", RANK_WAIT);
static struct thread *player[2]; /* (l:court) */

/* And without a queue: who has no turn any more gives the CPU to who has. */
static void play_giving(unsigned long me)
{
	struct thread *next = NULL;

	spin_lock(&court);
	player[me] = current();
	for (u32 i = 0; i < rounds; i++) {
		while (ball != me) {
			thread_wait_prepare();
			thread_wait_unlock(&court, next);
			spin_lock(&court);
			next = NULL;
		}
		ball = !me;
		next = player[!me];
	}
	if (next)
		thread_wake(next);
	player[me] = NULL;
	spin_unlock(&court);
}

static void play_as(void (*fn)(unsigned long), cpuset_t first, cpuset_t second, u32 count)
{
	rounds = count;
	atomic_store(&ball, 0);
	crew_start(fn, 0, first);
	crew_start(fn, 1, second);
	crew_join();
	EXPECT_EQ(atomic_load(&ball), 0);
}

static void play_on(cpuset_t first, cpuset_t second, u32 count)
{
	play_as(play, first, second, count);
	play_as(play_locked, first, second, count);
	play_as(play_giving, first, second, count);
}

UNIT_TEST(wait_handoffs_on_one_cpu)
{
	cpuset_t one = cpus_online & ~(cpus_online - 1);

	play_on(one, one, 4000);
}

UNIT_TEST(wait_handoffs_across_cpus)
{
	cpuset_t one = cpus_online & ~(cpus_online - 1);

	play_on(one, ANYWHERE, 1000);
	play_on(ANYWHERE, ANYWHERE, 1000);
	play_on(one, cpus_online == one ? one : ~one, 100); /* each one an interrupt */
}

/* Tokens for a crowd: all who wait are woken for each, and one gets it. */
static u32 tokens;       /* (a) */
static u32 tokens_taken; /* (a) */

static bool take_token(void)
{
	u32 n;

	while ((n = atomic_load(&tokens)))
		if (atomic_cas(&tokens, n, n - 1))
			return true;
	return false;
}

static void consume(unsigned long count)
{
	for (unsigned long i = 0; i < count; i++) {
		wait_event(&queue, take_token());
		atomic_add(&tokens_taken, 1);
	}
}

UNIT_TEST(wait_crowd_gets_every_token)
{
	enum {
		EATERS = 6,
		EACH = 200
	};

	atomic_store(&tokens, 0);
	atomic_store(&tokens_taken, 0);
	for (int i = 0; i < EATERS; i++)
		crew_start(consume, EACH, ANYWHERE);
	for (int i = 0; i < EATERS * EACH; i++) {
		atomic_add(&tokens, 1);
		wake_up(&queue);
	}
	crew_join();
	EXPECT_EQ(tokens_taken, EATERS * EACH);
	EXPECT_EQ(tokens, 0);
}

UNIT_TEST(wait_timeout)
{
	u64 deadline = arch_clock_ns() + 1000000;

	EXPECT(!wait_event_timeout(&queue, false, deadline));
	EXPECT(arch_clock_ns() >= deadline);
	EXPECT(wait_event_timeout(&queue, true, 0));
}

static bool interrupted_now(void)
{
	return true;
}

UNIT_TEST(wait_killable_ends_when_interrupted)
{
	bool (*saved)(void) = wait_interrupted;

	wait_interrupted = interrupted_now;
	EXPECT_EQ(wait_event_killable(&queue, false), -EINTR);
	EXPECT_EQ(wait_event_killable(&queue, true), 0);
	spin_lock(&queue.lock);
	EXPECT_EQ(wait_locked(&queue), -EINTR);
	spin_unlock(&queue.lock);
	EXPECT_EQ(thread_sleep_until(~0UL - 1), -EINTR);
	wait_interrupted = saved;
	EXPECT(list_empty(&queue.waiters));
}

UNIT_TEST(wait_announced_wake_is_kept)
{
	thread_wait_prepare();
	EXPECT(thread_wake(current()));
	thread_wait(); /* returns at once */
	EXPECT(!thread_wake(current()));
	thread_wait_prepare();
	thread_wait_cancel();
	EXPECT(!thread_wake(current()));
}
