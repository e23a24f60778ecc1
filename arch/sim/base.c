/*
 * arch/sim/base.c - stand-ins for what the guests do with hardware: who runs, where the
 * log goes, the end, cross-calls, traces. The rest of kernel/base (formatting, ranks,
 * spinlocks, counters, per-CPU areas) is the kernel's own source.
 */
#include "arch/sim/sim.h"
#include "arch/contract/irq.h"
#include "arch/contract/pgtable.h"
#include "kernel/base/ipi.h"
#include "kernel/base/panic.h"
#include "kernel/base/percpu.h"
#include "kernel/base/print.h"
#include "kernel/base/trace.h"
#include "kernel/sched/thread.h"
#include "mm/space/frame.h"

#include <sanitizer/common_interface_defs.h>
#include <stdio.h>
#include <stdlib.h>

#define TRACE_MAX 4096

struct trace_record {
	int event;
	unsigned long a, b;
};

int sim_default_root;
unsigned int sim_cpu;
bool sim_irqs_on = true;
static struct thread sim_thread;
void *sim_current = &sim_thread;
void (*sched_switch_mm)(struct mm *previous, struct mm *next);

static struct trace_record trace[TRACE_MAX];
static int trace_count;
static bool in_irq;
static char percpu_areas[SIM_CPUS - 1][PAGE_SIZE] __aligned(PAGE_SIZE);

void sim_init(int levels)
{
	ASSERT(levels >= 3 && levels <= LEVELS, "%d levels", levels);
	sim_boot_root = sim_default_root = levels - 1;
	frame_init();
	cpu_count = SIM_CPUS;
	cpus_online = (1U << SIM_CPUS) - 1;
	ASSERT(percpu_size() == PAGE_SIZE, "%zu bytes per cpu", percpu_size());
	percpu_init(SIM_CPUS, percpu_areas);
}

void sim_on_cpu(unsigned int cpu)
{
	ASSERT(cpu < SIM_CPUS && current_info()->preempt_count == 0 && sim_irqs_on,
		"a thread cannot move to cpu %u now", cpu);
	sim_cpu = cpu;
}

void print(const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	format_text_v(line, sizeof(line), format, args);
	va_end(args);
	fputs(line, stdout);
	fflush(stdout);
}

static __noreturn void end(const char *text)
{
	print("# PANIC on cpu %u: %s\n", sim_cpu, text);
	__sanitizer_print_stack_trace();
	abort();
}

void panic(const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	format_text_v(text, sizeof(text), format, args);
	va_end(args);
	end(text);
}

void panic_assert(
	const char *condition, const char *file, int line, const char *format, ...)
{
	char text[256];
	int length = format_text(text, sizeof(text), "%s:%d: %s ", file, line, condition);
	va_list args;

	va_start(args, format);
	format_text_v(text + length, sizeof(text) - length, format, args);
	va_end(args);
	end(text);
}

void arch_cpu_relax(void)
{
	panic("waiting for another cpu, but nobody else runs");
}

bool irq_active(void)
{
	return in_irq;
}

void preempt_enable(void)
{
	preempt_enable_no_resched();
}

/* Each target in turn takes its interrupt here and now. */
void ipi_call(cpuset_t set, void (*fn)(void *), void *arg)
{
	unsigned int me = sim_cpu, cpu;

	ASSERT(sim_irqs_on, "a cross-call with interrupts off can deadlock");
	TRACE(ipi_send, set, 0);
	sim_irqs_on = false;
	in_irq = true;
	for_each_cpu (cpu, set) {
		sim_cpu = cpu;
		fn(arg);
	}
	sim_cpu = me;
	in_irq = false;
	sim_irqs_on = true;
}

void trace_record(enum trace_event event, unsigned long a, unsigned long b)
{
	if (trace_count < TRACE_MAX)
		trace[trace_count++] = (struct trace_record){event, a, b};
}

int sim_trace_find(int event, int from)
{
	for (int i = from; i < trace_count; i++)
		if (trace[i].event == event)
			return i;
	return -1;
}

void sim_trace_reset(void)
{
	trace_count = 0;
}
