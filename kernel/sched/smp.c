/*
 * kernel/sched/smp.c - the other CPUs come up, one after the other.
 *
 * Data: `invited`, the CPU that may join now (a). A CPU that answers too late finds its
 * invitation withdrawn and halts, so the set of online CPUs is final when
 * cpu_start_others() returns.
 */
#include "kernel/sched/smp.h"
#include "kernel/base/options.h"
#include "kernel/base/print.h"
#include "kernel/sched/runqueue.h"

#define JOIN_LIMIT_NS (10 * 1000 * 1000 * 1000UL)

static u64 cpu_limit = NR_CPUS; /* (c) */
static unsigned int invited;    /* (a) 0: nobody */

static bool parse_cpus(const char *value)
{
	return strcmp(value, "0") && string_to_u64(value, &cpu_limit);
}
OPTION(cpus, "cpus", "use at most so many CPUs", parse_cpus);

static bool start_cpu(unsigned int cpu)
{
	struct thread *idle = per_cpu(runqueue, cpu).idle;
	u64 limit = arch_clock_ns() + JOIN_LIMIT_NS;

	atomic_store(&invited, cpu);
	if (arch_cpu_start(cpu, idle, idle->stack_top) < 0)
		return false;
	while (!(atomic_load(&cpus_online) & 1U << cpu)) {
		if (arch_clock_ns() > limit && atomic_cas(&invited, cpu, 0))
			return false;
		arch_cpu_relax();
	}
	return true;
}

void cpu_start_others(void)
{
	for (unsigned int cpu = 1; cpu < min((u64)cpu_count, cpu_limit); cpu++) {
		if (!start_cpu(cpu))
			print("cpu %u does not start; going on without it\n", cpu);
	}
	print("%u of %u CPUs online\n", cpuset_count(atomic_load(&cpus_online)),
		cpu_count);
}

void cpu_secondary_main(unsigned int cpu)
{
	if (!atomic_cas(&invited, cpu, 0))
		arch_cpu_halt();
	TRACE(boot, cpu, cpu_count);
	atomic_or(&cpus_online, 1U << cpu);
	sched_idle_loop();
}
