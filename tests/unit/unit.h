/*
 * tests/unit/unit.h - unit tests that run in the guests and on the host.
 *
 *     UNIT_TEST(frame_alloc_is_zeroed)
 *     {
 *             EXPECT_EQ(*word, 0);
 *     }
 *
 * In a guest (lab build) the boot option `test=unit` runs them all in a kernel thread,
 * all machinery up, and reports KTAP on the log console; `test=NAME` runs one,
 * `test=NAME*` those with the prefix. On the host the same source is a TAP program. A
 * failed EXPECT prints file, line and both values, and the test goes on; names are
 * unique.
 */
#pragma once

#include "kernel/base/types.h"

struct unit_test {
	const char *name;
	void (*run)(void);
};

/* Without it the compiler lays the tests of a file out backwards. */
#ifdef __clang__
#define __in_order
#else
#define __in_order __attribute__((no_reorder))
#endif

#define UNIT_TEST(ident)                                                                 \
	static void unit_##ident(void);                                                  \
	static const struct unit_test unit_entry_##ident __used __in_order __aligned(8)  \
		__section("unit_tests") = {.name = #ident, .run = unit_##ident};         \
	static void unit_##ident(void)

void unit_failed(const char *file, int line, const char *what, unsigned long left,
	unsigned long right);
void unit_skip(const char *why); /* the running test counts as skipped, with the reason */

#define EXPECT(condition)                                                                \
	do {                                                                             \
		if (!(condition))                                                        \
			unit_failed(__FILE__, __LINE__, #condition, 0, 1);               \
	} while (0)
#define EXPECT_EQ(a, b)                                                                  \
	do {                                                                             \
		unsigned long _l = (unsigned long)(a), _r = (unsigned long)(b);          \
		if (_l != _r)                                                            \
			unit_failed(__FILE__, __LINE__, #a " == " #b, _l, _r);           \
	} while (0)

/* Runs the tests whose names match the pattern ("unit" = all); returns failures. */
int unit_run(const char *pattern);

/* Options `seed=` and `ops=` of random tests, or what the test takes without them. */
u64 unit_seed(u64 otherwise);
u64 unit_amount(u64 otherwise);
