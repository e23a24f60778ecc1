/*
 * tests/unit/runner.c - runs the unit tests and reports KTAP 1 through print().
 *
 * Tests run one after the other; a test's own threads may fail it too, so what they touch
 * is atomic. Tests named crash_... end in a panic, and so run only when asked for.
 */
#include "tests/unit/unit.h"
#include "kernel/base/atomic.h"
#include "kernel/base/options.h"
#include "kernel/base/print.h"
#include "kernel/base/string.h"

#define FAILURES_SHOWN 10 /* of one test; a loop may fail a million times */

extern const struct unit_test __start_unit_tests[], __stop_unit_tests[];

static u32 failures;        /* (a) of the running test */
static const char *skipped; /* why the running test is skipped, or NULL */

static u64 seed, amount; /* (c) 0: not given */

static bool parse_number(const char *text, u64 *number)
{
	*number = 0;
	for (; *text >= '0' && *text <= '9'; text++)
		*number = *number * 10 + (u64)(*text - '0');
	return !*text && *number;
}

static bool parse_seed(const char *value)
{
	return parse_number(value, &seed);
}
OPTION(test_seed, "seed", "N: the seed of random unit tests", parse_seed);

static bool parse_amount(const char *value)
{
	return parse_number(value, &amount);
}
OPTION(test_amount, "ops", "N: how much random unit tests do", parse_amount);

u64 unit_seed(u64 otherwise)
{
	return seed ? seed : otherwise;
}

u64 unit_amount(u64 otherwise)
{
	return amount ? amount : otherwise;
}

void unit_failed(const char *file, int line, const char *what, unsigned long left,
	unsigned long right)
{
	if (atomic_add(&failures, 1) <= FAILURES_SHOWN)
		print("# %s:%d: %s: %lu != %lu (0x%lx, 0x%lx)\n", file, line, what, left,
			right, left, right);
}

void unit_skip(const char *why)
{
	skipped = why;
}

static bool matches(const char *pattern, const char *name)
{
	size_t length = strlen(pattern);

	if (!strcmp(pattern, "unit"))
		return strncmp(name, "crash_", 6) != 0;
	if (length && pattern[length - 1] == '*')
		return !strncmp(pattern, name, length - 1);
	return !strcmp(pattern, name);
}

static unsigned int count_matches(const char *pattern)
{
	unsigned int count = 0;

	for (const struct unit_test *t = __start_unit_tests; t < __stop_unit_tests; t++)
		count += matches(pattern, t->name);
	return count;
}

static bool run_one(const struct unit_test *test, unsigned int number)
{
	atomic_store(&failures, 0);
	skipped = NULL;
	test->run();
	if (atomic_load(&failures) > FAILURES_SHOWN)
		print("# %u failures in all\n", atomic_load(&failures));
	if (atomic_load(&failures))
		print("not ok %u %s\n", number, test->name);
	else if (skipped)
		print("ok %u %s # SKIP %s\n", number, test->name, skipped);
	else
		print("ok %u %s\n", number, test->name);
	return atomic_load(&failures) == 0;
}

int unit_run(const char *pattern)
{
	unsigned int count = count_matches(pattern), number = 0;
	int failed = 0;

	print("KTAP version 1\n1..%u\n", count);
	for (const struct unit_test *t = __start_unit_tests; t < __stop_unit_tests; t++)
		if (matches(pattern, t->name))
			failed += !run_one(t, ++number);
	if (!count) {
		print("Bail out! no unit test is named %s\n", pattern);
		failed = 1;
	}
	return failed;
}
