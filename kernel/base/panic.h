/*
 * kernel/base/panic.h - the end: a bug, or hardware that we cannot live without.
 *
 * panic() stops the other CPUs, prints the message, CPU, registers (those given, or its
 * own), a symbolised backtrace and the tail of the trace rings, and ends the machine with
 * a failing status. One CPU panics; the others, and a panic inside the panic, just stop.
 */
#pragma once

#include "kernel/base/types.h"

struct regs;

__noreturn void panic(const char *format, ...) __printf(1, 2);
__noreturn void panic_regs(const struct regs *regs, const char *format, ...)
	__printf(2, 3);

/* A bug is an assertion that prints its values: ASSERT(a == b, "a %lx b %lx", a, b). */
#define ASSERT(condition, ...)                                                           \
	do {                                                                             \
		if (unlikely(!(condition)))                                              \
			panic_assert(#condition, __FILE__, __LINE__, "" __VA_ARGS__);    \
	} while (0)

/* Checked in lab builds only: for invariants on hot paths. */
#define LAB_ASSERT(condition, ...)                                                       \
	do {                                                                             \
		if (IS_LAB)                                                              \
			ASSERT(condition, ##__VA_ARGS__);                                \
	} while (0)

__noreturn void panic_assert(const char *condition, const char *file, int line,
	const char *format, ...) __printf(4, 5);
