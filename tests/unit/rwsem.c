/*
 * tests/unit/rwsem.c - kernel/sched/rwsem.c: who may be inside together, and in what
 * order they come in.
 */
#include "tests/unit/unit.h"
#include "tests/unit/crew.h"
#include "kernel/sched/wait.h"

static struct mutex mutex = MUTEX_INIT(mutex, "unit", RANK_MM);
#define sem    (mutex.sem)
#define ROUNDS 80

static s32 readers_inside, writers_inside; /* (a) */
static u64 value;                          /* (l:sem) plain on purpose */

static void read_and_write(unsigned long me)
{
	for (unsigned long i = 0; i < ROUNDS; i++) {
		if ((i + me) % 4) {
			rwsem_read_lock(&sem);
			atomic_add(&readers_inside, 1);
			EXPECT_EQ(atomic_load(&writers_inside), 0);
			thread_yield();
			atomic_sub(&readers_inside, 1);
			rwsem_read_unlock(&sem);
		} else {
			rwsem_write_lock(&sem);
			EXPECT_EQ(atomic_add(&writers_inside, 1), 1);
			EXPECT_EQ(atomic_load(&readers_inside), 0);
			value++;
			thread_yield();
			EXPECT_EQ(atomic_sub(&writers_inside, 1), 0);
			rwsem_write_unlock(&sem);
		}
	}
}

UNIT_TEST(rwsem_excludes)
{
	enum {
		THREADS = 8
	};

	value = 0;
	for (unsigned long i = 0; i < THREADS; i++)
		crew_start(read_and_write, i, ANYWHERE);
	crew_join();
	EXPECT_EQ(value, THREADS * ROUNDS / 4);
	EXPECT_EQ(sem.writer, NULL);
	EXPECT_EQ(sem.state, 0);
}

static u32 arrivals; /* (a) */

static void arrive_reading(unsigned long expected)
{
	rwsem_read_lock(&sem);
	EXPECT_EQ(atomic_add(&arrivals, 1), expected);
	rwsem_read_unlock(&sem);
}

static void arrive_writing(unsigned long expected)
{
	rwsem_write_lock(&sem);
	EXPECT_EQ(atomic_add(&arrivals, 1), expected);
	rwsem_write_unlock(&sem);
}

static unsigned int queued(void)
{
	unsigned long flags = spin_lock_irqsave(&sem.lock);
	unsigned int count = 0;
	struct list *p;

	for (p = sem.waiters.next; p != &sem.waiters; p = p->next)
		count++;
	spin_unlock_irqrestore(&sem.lock, flags);
	return count;
}

/* A reader that comes behind a waiting writer waits too: writers do not starve. */
UNIT_TEST(rwsem_serves_in_order)
{
	atomic_store(&arrivals, 0);
	rwsem_read_lock(&sem);
	crew_start(arrive_writing, 1, ANYWHERE);
	while (queued() < 1)
		thread_yield();
	crew_start(arrive_reading, 2, ANYWHERE);
	while (queued() < 2)
		thread_yield();
	crew_start(arrive_writing, 3, ANYWHERE);
	while (queued() < 3)
		thread_yield();
	EXPECT_EQ(atomic_load(&arrivals), 0);
	rwsem_read_unlock(&sem);
	crew_join();
	EXPECT_EQ(arrivals, 3);
}

static u32 together; /* (a) */

static void meet(unsigned long count)
{
	rwsem_read_lock(&sem);
	atomic_add(&together, 1);
	while (atomic_load(&together) < count)
		thread_yield();
	rwsem_read_unlock(&sem);
}

/* Each reader leaves only when all are inside. */
UNIT_TEST(rwsem_readers_share)
{
	atomic_store(&together, 0);
	for (int i = 0; i < 4; i++)
		crew_start(meet, 4, ANYWHERE);
	crew_join();
	EXPECT_EQ(together, 4);
}
