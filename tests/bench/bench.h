/*
 * tests/bench/bench.h - what the measurements inside the kernel share (BENCH=y, release).
 *
 * One boot with test=NAME runs one of them; see tests/tools/bench.py, which reads the
 * log.
 */
#pragma once

#include "kernel/base/types.h"

/* `rounds` times the operation; `arg` is what its set-up has made. */
typedef void operation(void *arg, unsigned long rounds);

/* Runs it, and prints "bench NAME INSTRUCTIONS ROUNDS": the median of several tries, less
 * the same loop around nothing. The operation leaves everything as it was. */
void bench(const char *name, operation *run, void *arg, unsigned long rounds);

/* The same for an operation that must be undone, outside the time. */
void bench_undone(const char *name, operation *run, operation *undo, void *arg,
	unsigned long rounds);

/* gup.c: getting user pages. */
void bench_gup_all(void);

#define BENCH_TRIES 11

/* Of BENCH_TRIES values, which it sorts. */
u64 bench_median(u64 *values);

/* wall.c: two CPUs against one, by the host's time. */
void bench_wall(void);

/* scaling.c: operations on all CPUs at once. */
void bench_scaling(void);

/* Empty: what tests/tools/counter.c counts lies between a call of the one and one of the
 * other. */
void bench_begin(void);
void bench_end(void);
