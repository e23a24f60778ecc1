/*
 * kernel/sched/timer.h - call a function at a time. One queue per CPU, ordered by
 * deadline; callbacks run in the timer interrupt, interrupts off, on the CPU where the
 * timer was started, and must not sleep.
 */
#pragma once

#include "kernel/base/types.h"
#include "kernel/base/list.h"

struct timer {
	struct list link;           /* (l:timer_lock) */
	u64 deadline;               /* (l:timer_lock) clock value, ns */
	void (*fn)(struct timer *); /* (c) */
};

void timer_init(struct timer *timer, void (*fn)(struct timer *));
void timer_start(struct timer *timer, u64 deadline);

/* When it returns, fn is not running and will not run. True if it was still pending. */
bool timer_stop(struct timer *timer);

#define SLICE_NS (10 * 1000 * 1000UL) /* from tick to tick */

/* This CPU gets a tick by then, if not sooner. Interrupts off. */
void timer_tick_by(u64 deadline);

/* Makes this CPU's queue. Once per CPU, before its first timer. */
void timer_init_cpu(unsigned int cpu);
