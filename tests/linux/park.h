/*
 * tests/linux/park.h - for programs: stopping a thread of one's own at a point inside the
 * kernel (kernel/base/park.h). Needs a lab kernel and the boot option park=on.
 */
#pragma once

#include "../../kernel/task/native.h"

#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

enum point {
#define TRACE_EVENT(name, format) POINT_##name,
#include "../../kernel/base/events.h"
#undef TRACE_EVENT
};

/* The calling thread stops when it next passes the point. 0, or -1 and errno. */
static inline int park_me(enum point point)
{
	return syscall(NATIVE_PARK, NATIVE_PARK_ME, (long)point, 0L);
}

/* How many threads have stopped; -1: programs may not park here. */
static inline long park_count(void)
{
	return syscall(NATIVE_PARK, NATIVE_PARK_COUNT, 0L, 0L);
}

static inline void park_go(void)
{
	syscall(NATIVE_PARK, NATIVE_PARK_GO, 0L, 0L);
}

/* A thread that is parked may keep its CPU, so the others must be elsewhere. */
static inline int stay_on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}
