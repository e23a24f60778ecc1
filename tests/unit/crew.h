/*
 * tests/unit/crew.h - threads for tests: start some, wait for all.
 *
 * crew_start() starts fn(arg) in a thread that may run on the CPUs of `allowed`;
 * crew_join() returns when all of them have returned. At most CREW_MAX at a time; only
 * the thread that runs the test may call these.
 */
#pragma once

#include "kernel/sched/thread.h"

#define CREW_MAX 64
#define ANYWHERE (~0U)

void crew_start(void (*fn)(unsigned long arg), unsigned long arg, cpuset_t allowed);
void crew_join(void);

/* fn(cpu) in a thread of each online CPU, at the same time; returns when all are done. */
void crew_on_each_cpu(void (*fn)(unsigned long cpu));

/* Spin until the condition holds. A broken kernel hangs here, and the hang is the
 * failure that the harness reports. */
#define spin_until(condition)                                                            \
	do                                                                               \
		arch_cpu_relax();                                                        \
	while (!(condition))
