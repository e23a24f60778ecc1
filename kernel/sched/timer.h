/*
 * kernel/sched/timer.h - call a function at a time. One queue per CPU, ordered by
 * deadline; callbacks run in the timer interrupt, interrupts off, on the CPU where the
 * timer was started, and must not sleep.
 */
#pragma once

#include "kernel/base/types.h"
#include "kernel/base/list.h"

struct timer {
	struct list link;           /* (l:queue) */
	u64 deadline;               /* (l:queue) clock value, ns */
	void (*fn)(struct timer *); /* (c) */
	int cpu; /* (l:queue) whose queue it was put in last; -1: none */
};

void timer_init(struct timer *timer, void (*fn)(struct timer *));
void timer_start(struct timer *timer, u64 deadline);

/* When it returns, fn is not running and will not run. True if it was still pending. */
bool timer_stop(struct timer *timer);

/* This CPU leaves idle: give it a tick again. Interrupts off. */
void timer_start_tick(void);

/* Makes this CPU's queue. Once per CPU, before its first timer. */
void timer_init_cpu(unsigned int cpu);
