/*
 * kernel/base/trace.h - TRACE(event, a, b): the one instrumentation macro.
 *
 * Each CPU owns a ring of the last TRACE_RING records (p); an event costs a handful of
 * instructions and takes no lock, so it may stand anywhere, interrupts off included. The
 * tail is printed by panic. Events are declared in events.h, one line each.
 */
#pragma once

#include "kernel/base/types.h"

enum trace_event {
#define TRACE_EVENT(name, format) TRACE_##name,
#include "kernel/base/events.h"
#undef TRACE_EVENT
	TRACE_EVENTS
};

#define TRACE(event, a, b)                                                               \
	trace_record(TRACE_##event, (unsigned long)(a), (unsigned long)(b))

/* A point at which scripts park (park.h), too often passed to be recorded. */
#define TRACE_POINT(event)                                                               \
	do {                                                                             \
		if (IS_LAB && unlikely(READ_ONCE(parks_armed)))                          \
			park_pass(TRACE_##event);                                        \
	} while (0)

extern u32 parks_armed; /* (a) lab: some thread is to park, or is parked */
void park_pass(enum trace_event event);

void trace_record(enum trace_event event, unsigned long a, unsigned long b);
/* For who has the time at hand, and interrupts off; no point to park at. */
void trace_record_at(u64 time, enum trace_event event, unsigned long a, unsigned long b);

/* The last records of all CPUs in time order, oldest first; for panic. */
void trace_print_tail(unsigned int records);
