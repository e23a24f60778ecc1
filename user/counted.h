/*
 * user/counted.h - for programs that run under tests/tools/counter.c, which counts what
 * each CPU does from bench_begin() to bench_end(): one program, one file that includes
 * this.
 */
#pragma once

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

/* The counter watches these two addresses. */
void bench_begin(void);
void bench_end(void);

__attribute__((noinline)) void bench_begin(void)
{
	__asm__ volatile("");
}

__attribute__((noinline)) void bench_end(void)
{
	__asm__ volatile("");
}

/* Under icount it gives other CPUs their turn, where there is such an instruction. */
static inline void relax(void)
{
#ifdef __x86_64__
	__asm__ volatile("pause");
#endif
}

static inline void run_on(unsigned long cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set)) {
		perror("sched_setaffinity");
		exit(1);
	}
}
