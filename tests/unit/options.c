/*
 * tests/unit/options.c - kernel/base/options.c: values arrive, mistakes are named.
 */
#include "tests/unit/unit.h"
#include "kernel/base/options.h"
#include "kernel/base/print.h"
#include "kernel/base/string.h"
#include "kernel/sched/rcu.h"

static char seen[32];
static unsigned int calls;

static bool parse_probe(const char *value)
{
	calls++;
	string_copy(seen, value, sizeof(seen));
	return strcmp(value, "bad") != 0;
}
OPTION(probe, "unit_probe", "for the unit tests only", parse_probe);

/* Does the log contain `wanted`, from position `from` on? */
static bool logged(u64 from, const char *wanted)
{
	static char text[4096];
	size_t size = print_read_log(&from, text, sizeof(text) - 1);

	for (size_t i = 0; i + strlen(wanted) <= size; i++)
		if (!strncmp(text + i, wanted, strlen(wanted)))
			return true;
	return false;
}

static u64 end_of_log(void)
{
	static char text[512];
	u64 position = 0;

	while (print_read_log(&position, text, sizeof(text)))
		;
	return position;
}

UNIT_TEST(options_pass_values)
{
	calls = 0;
	options_parse("  unit_probe=a=b   unit_probe");
	EXPECT_EQ(calls, 2);
	EXPECT_EQ(seen[0], 0);
	options_parse("unit_probe=a=b");
	EXPECT(!strcmp(seen, "a=b"));
	options_parse("");
	EXPECT_EQ(calls, 3);
}

static void find_rcu(const char *name, const char *value, void *found)
{
	if (!strcmp(name, "rcu"))
		*(const char **)found = value;
	EXPECT(strcmp(name, "unit_probe") != 0);
}

/* A policy tells its value; other options are not listed. */
UNIT_TEST(options_list_policies)
{
	const char *found = NULL;

	options_for_each_policy(find_rcu, &found);
	EXPECT(found && !strcmp(found, rcu_counts_readers() ? "counter" : "merged"));
}

UNIT_TEST(options_name_mistakes)
{
	u64 before = end_of_log();

	options_parse("unit_prob=1 unit_probe=bad");
	EXPECT(logged(before, "unit_prob\""));
	EXPECT(logged(before, "\"bad\" refused"));
}
