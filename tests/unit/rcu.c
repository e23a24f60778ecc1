/*
 * tests/unit/rcu.c - kernel/sched/rcu.c and rcu_counter.c: a callback runs after the read
 * sections that had begun, and does run.
 *
 * Where a test shows that a grace period waits, it gives a wrong one some time to end too
 * early; a right one passes however long that takes.
 */
#include "tests/unit/unit.h"
#include "tests/unit/crew.h"
#include "kernel/sched/rcu.h"
#include "kernel/sched/wait.h"

#define A_WHILE 30000000UL /* ns: several ticks */

static u32 inside, freed, leave; /* (a) */
static struct rcu_head head;

static void note_freed(struct rcu_head *unused)
{
	atomic_add(&freed, 1);
}

static cpuset_t one_cpu(void)
{
	return cpus_online & ~(cpus_online - 1);
}

static void reset(void)
{
	atomic_store(&inside, 0);
	atomic_store(&freed, 0);
	atomic_store(&leave, 0);
}

static void read_until_told(unsigned long unused)
{
	rcu_read_lock();
	rcu_read_lock(); /* they nest */
	rcu_read_unlock();
	atomic_store(&inside, 1);
	spin_until(atomic_load(&leave));
	EXPECT_EQ(atomic_load(&freed), 0);
	rcu_read_unlock();
}

/* Runs on the reader's CPU, so the reader has been preempted. */
static void free_under_reader(unsigned long unused)
{
	while (!atomic_load(&inside))
		thread_yield();
	call_rcu(&head, note_freed);
	thread_sleep_until(arch_clock_ns() + A_WHILE);
	EXPECT_EQ(atomic_load(&freed), 0);
	atomic_store(&leave, 1);
	while (!atomic_load(&freed))
		thread_yield();
}

UNIT_TEST(rcu_waits_for_a_preempted_reader)
{
	reset();
	crew_start(read_until_told, 0, one_cpu());
	crew_start(free_under_reader, 0, one_cpu());
	crew_join();
	EXPECT_EQ(freed, 1);
}

static void hold_cpu_until_told(unsigned long unused)
{
	preempt_disable();
	atomic_store(&inside, 1);
	spin_until(atomic_load(&leave));
	if (!rcu_counts_readers())
		EXPECT_EQ(atomic_load(&freed), 0);
	preempt_enable();
}

/* The difference between the flavours: is preemption off a read section? */
UNIT_TEST(rcu_preempt_off_reads_only_if_merged)
{
	if (cpuset_count(cpus_online) < 2) {
		unit_skip("needs two CPUs");
		return;
	}
	reset();
	crew_start(hold_cpu_until_told, 0, one_cpu());
	while (!atomic_load(&inside))
		thread_yield();
	thread_set_allowed(current(), ~one_cpu());
	call_rcu(&head, note_freed);
	if (rcu_counts_readers()) {
		while (!atomic_load(&freed)) /* although that CPU holds on */
			thread_yield();
	} else {
		thread_sleep_until(arch_clock_ns() + A_WHILE);
		EXPECT_EQ(atomic_load(&freed), 0);
	}
	atomic_store(&leave, 1);
	crew_join();
	thread_set_allowed(current(), ANYWHERE);
	rcu_barrier();
	EXPECT_EQ(freed, 1);
}

struct numbered {
	struct rcu_head head;
	u32 number;
};

static u32 next_number;

static void expect_next(struct rcu_head *h)
{
	EXPECT_EQ(container_of(h, struct numbered, head)->number, next_number);
	next_number++;
}

UNIT_TEST(rcu_callbacks_run_in_order)
{
	static struct numbered objects[100];

	next_number = 0;
	for (u32 i = 0; i < ARRAY_SIZE(objects); i++) {
		objects[i].number = i;
		call_rcu(&objects[i].head, expect_next);
		if (i % 16 == 0)
			thread_yield();
	}
	rcu_barrier();
	EXPECT_EQ(next_number, ARRAY_SIZE(objects));
}

static void synchronize(unsigned long cpu)
{
	static struct rcu_head heads[NR_CPUS];

	call_rcu(&heads[cpu], note_freed);
	synchronize_rcu();
	EXPECT(atomic_load(&freed) > 0);
}

UNIT_TEST(rcu_synchronize_from_everywhere)
{
	crew_on_each_cpu(synchronize);
	for (int i = 0; i < 10; i++)
		synchronize(0);
}

/*
 * Readers look at the published object while a writer replaces it and frees the old one:
 * freed objects are poisoned and go back to a small pool, so a reader that is not waited
 * for sees the poison, or another object's number.
 */
#define OBJECTS 8
#define ALIVE   0x600dUL
#define POISON  0xdeadUL

struct object {
	struct rcu_head head;
	unsigned long state;
	u32 free; /* (a) */
	u64 number;
};

static struct object pool[OBJECTS];
static struct object *published; /* (r) */

static void poison(struct rcu_head *h)
{
	struct object *object = container_of(h, struct object, head);

	EXPECT_EQ(object->state, ALIVE);
	object->state = POISON;
	object->number = 0;
	atomic_store_release(&object->free, 1);
}

static void read_published(unsigned long unused)
{
	while (!atomic_load(&leave)) {
		struct object *object;
		u64 number;

		rcu_read_lock();
		object = rcu_dereference(published);
		number = READ_ONCE(object->number);
		for (int i = 0; i < 4; i++) {
			EXPECT_EQ(READ_ONCE(object->state), ALIVE);
			EXPECT_EQ(READ_ONCE(object->number), number);
			if (number % 8 == 0)
				thread_yield(); /* preempted readers count too */
		}
		rcu_read_unlock();
	}
}

static struct object *take_object(u64 number)
{
	for (unsigned int i = 0;; i = (i + 1) % OBJECTS) {
		if (atomic_load_acquire(&pool[i].free)) {
			pool[i].free = 0;
			pool[i].state = ALIVE;
			pool[i].number = number;
			return &pool[i];
		}
		if (i == OBJECTS - 1)
			thread_yield();
	}
}

UNIT_TEST(rcu_readers_never_see_freed_objects)
{
	enum {
		REPLACEMENTS = 100
	};
	unsigned int cpu;

	reset();
	for (int i = 0; i < OBJECTS; i++)
		atomic_store(&pool[i].free, 1);
	rcu_assign_pointer(published, take_object(1));
	for_each_cpu (cpu, cpus_online)
		crew_start(read_published, 0, 1U << cpu);
	for (u64 i = 2; i < REPLACEMENTS; i++) {
		struct object *old = published;

		rcu_assign_pointer(published, take_object(i));
		call_rcu(&old->head, poison);
	}
	atomic_store(&leave, 1);
	crew_join();
	rcu_barrier();
	EXPECT_EQ(published->number, REPLACEMENTS - 1);
}
