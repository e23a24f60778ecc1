/*
 * kernel/base/trace.c - the rings behind TRACE(); see trace.h.
 *
 * Each CPU writes only its own ring (p). An interrupt between taking a slot and filling
 * it just uses the next slot. Readers run while everything else is stopped (panic).
 */
#include "kernel/base/trace.h"
#include "kernel/base/cpu.h"
#include "kernel/base/percpu.h"
#include "kernel/base/print.h"
#include "arch/contract/irq.h"
#include "arch/contract/timer.h"

#define TRACE_RING 256 /* records per CPU, a power of two */

struct trace_record {
	u64 time; /* ns */
	unsigned long a, b;
	enum trace_event event;
};

struct trace_ring {
	u64 count; /* ever recorded; the last is at (count - 1) % TRACE_RING */
	struct trace_record records[TRACE_RING];
};

static DEFINE_PERCPU(struct trace_ring, trace_ring);

static const char *const event_formats[] = {
#define TRACE_EVENT(name, format) #name ": " format,
#include "kernel/base/events.h"
#undef TRACE_EVENT
};

void trace_record_at(u64 time, enum trace_event event, unsigned long a, unsigned long b)
{
	struct trace_ring *ring = &this_cpu(trace_ring);

	ring->records[ring->count++ % TRACE_RING] =
		(struct trace_record){time, a, b, event};
}

void trace_record(enum trace_event event, unsigned long a, unsigned long b)
{
	unsigned long flags = arch_irq_save();

	trace_record_at(arch_clock_ns(), event, a, b);
	arch_irq_restore(flags);
	if (IS_LAB && unlikely(READ_ONCE(parks_armed)))
		park_pass(event);
}

/* The CPU whose next unprinted record is the oldest; -1: none left. */
static int oldest(const u64 *cursor)
{
	int best = -1;
	u64 best_time = 0;

	for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
		struct trace_ring *ring = &per_cpu(trace_ring, cpu);
		u64 time = ring->records[cursor[cpu] % TRACE_RING].time;

		if (cursor[cpu] < ring->count && (best < 0 || time < best_time)) {
			best = (int)cpu;
			best_time = time;
		}
	}
	return best;
}

static void print_record(int cpu, const struct trace_record *record)
{
	char text[120];

	format_text(
		text, sizeof(text), event_formats[record->event], record->a, record->b);
	print("  %6lu.%06lu ms cpu %d %s\n", record->time / 1000000,
		record->time % 1000000, cpu, text);
}

void trace_print_tail(unsigned int records)
{
	u64 cursor[NR_CPUS], left = 0;
	int cpu;

	for (unsigned int i = 0; i < cpu_count; i++) {
		u64 count = per_cpu(trace_ring, i).count;

		cursor[i] = count > TRACE_RING ? count - TRACE_RING : 0;
		left += count - cursor[i];
	}
	while ((cpu = oldest(cursor)) >= 0) {
		struct trace_ring *ring = &per_cpu(trace_ring, cpu);

		if (left-- <= records)
			print_record(cpu, &ring->records[cursor[cpu] % TRACE_RING]);
		cursor[cpu]++;
	}
}
