/*
 * tests/unit/percpu.c - kernel/base/percpu.c: everybody has a copy of their own.
 */
#include "tests/unit/unit.h"
#include "tests/unit/crew.h"
#include "kernel/base/counters.h"
#include "kernel/base/percpu.h"

static DEFINE_PERCPU(unsigned long, probe);

static void write_mine(unsigned long cpu)
{
	EXPECT_EQ(arch_cpu_id(), cpu);
	this_cpu(probe) = cpu + 100;
}

UNIT_TEST(percpu_copies_are_apart)
{
	unsigned int cpu;

	crew_on_each_cpu(write_mine);
	for_each_cpu (cpu, cpus_online)
		EXPECT_EQ(per_cpu(probe, cpu), cpu + 100);
}

UNIT_TEST(percpu_counters_sum_up)
{
	s64 before = counter_sum(COUNT_SWITCHES);

	crew_on_each_cpu(write_mine);
	EXPECT(counter_sum(COUNT_SWITCHES) > before);
}
