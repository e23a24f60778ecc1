/*
 * arch/sim/base.c - stand-ins for what the guests do with hardware: where the log goes,
 * the end, traces. The rest of kernel/base (formatting, ranks, counters, per-CPU areas
 * ...) is the kernel's own source.
 */
#include "arch/sim/sim.h"
#include "arch/contract/irq.h"
#include "arch/contract/pgtable.h"
#include "arch/sim/me.h"
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

static struct trace_record trace[TRACE_MAX] __section("sim_log");
static int trace_count;
static int at_event = -1;
static void (*at_fn)(void);
static char percpu_areas[SIM_CPUS_ALL - 1][PAGE_SIZE] __aligned(PAGE_SIZE);

void sim_init(enum fold_kind fold, int levels)
{
	ASSERT(arch_fold_choose(fold, levels), "fold policy %d of %d levels", fold,
		levels);
	frame_init();
	cpu_count = SIM_CPUS_ALL;
	cpus_online = (1U << SIM_CPUS) - 1;
	ASSERT(percpu_size() == PAGE_SIZE, "%zu bytes per cpu", percpu_size());
	percpu_init(SIM_CPUS_ALL, percpu_areas);
	sim_build_init();
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

void sim_abort(const char *text)
{
	print("# PANIC on cpu %u: %s\n", arch_cpu_id(), text);
	__sanitizer_print_stack_trace();
	abort();
}

__weak void sim_failed(const char *text)
{
	sim_abort(text);
}

void panic(const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	format_text_v(text, sizeof(text), format, args);
	va_end(args);
	sim_failed(text);
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
	sim_failed(text);
}

void sim_at(int event, void (*fn)(void))
{
	at_event = event;
	at_fn = fn;
}

static void run_elsewhere(void (*fn)(void))
{
	static struct thread other;
	struct sim_me me = sim_me;

	sim_me = (struct sim_me){.cpu = SIM_CPUS - 1, .thread = &other, .irqs_on = true};
	fn();
	sim_me = me;
}

u32 parks_armed __section("policy_words") = 1; /* also points that are not recorded */

void park_pass(enum trace_event event)
{
	sim_point(event);
}

__weak void sim_point(int event)
{
}

void trace_record(enum trace_event event, unsigned long a, unsigned long b)
{
	int slot = atomic_fetch_add(&trace_count, 1);

	if (slot < TRACE_MAX)
		trace[slot] = (struct trace_record){event, a, b};
	sim_point(event);
	if ((int)event == at_event) {
		at_event = -1;
		run_elsewhere(at_fn);
	}
}

int sim_trace_find(int event, int from)
{
	for (int i = from; i < min(trace_count, TRACE_MAX); i++)
		if (trace[i].event == event)
			return i;
	return -1;
}

void sim_trace_reset(void)
{
	trace_count = 0;
}
