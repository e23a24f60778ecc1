/*
 * tests/unit/ipi.c - kernel/base/ipi.c: cross-calls reach everybody, once, and have been
 * finished when the call returns.
 */
#include "tests/unit/unit.h"
#include "tests/unit/crew.h"
#include "kernel/base/ipi.h"
#include "arch/contract/irq.h"

#define ROUNDS (40 / cpuset_count(cpus_online)) /* many CPUs, few cores: slow */

static cpuset_t ran; /* (a) */
static u64 total;    /* (a) */

static void note(void *arg)
{
	EXPECT(!arch_irq_enabled());
	EXPECT(!(atomic_load(&ran) & 1U << arch_cpu_id()));
	atomic_or(&ran, 1U << arch_cpu_id());
	atomic_add((u64 *)arg, 1);
}

UNIT_TEST(ipi_call_reaches_the_set)
{
	unsigned int cpu;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		u64 mine = 0;

		atomic_store(&ran, 0);
		ipi_call(cpus_online, note, &mine);
		EXPECT_EQ(atomic_load(&ran), cpus_online);
		EXPECT_EQ(mine, cpuset_count(cpus_online));
	}
	for_each_cpu (cpu, cpus_online) {
		u64 mine = 0;

		atomic_store(&ran, 0);
		ipi_call(1U << cpu, note, &mine);
		EXPECT_EQ(atomic_load(&ran), 1U << cpu);
	}
}

static void add(void *arg)
{
	atomic_add(&total, 1);
}

static void call_everybody(unsigned long cpu)
{
	for (unsigned int i = 0; i < ROUNDS; i++)
		ipi_call(cpus_online, add, NULL);
}

/* All CPUs call all CPUs at once: who waits must go on serving. */
UNIT_TEST(ipi_calls_cross)
{
	u64 cpus = cpuset_count(cpus_online);

	atomic_store(&total, 0);
	crew_on_each_cpu(call_everybody);
	EXPECT_EQ(total, cpus * cpus * ROUNDS);
}
