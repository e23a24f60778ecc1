/*
 * user/counted.c - fold, gup, tlb, rcu: the policies that shape a part of mm, and what
 * the kernel has counted there.
 *
 * Policies are in /proc/policies, one `name=value` a line; counters in /proc/counters,
 * `group_name value`.
 */
#include "user/box.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Is `word` (up to `end`) one of the words of the list, which are separated by blanks? */
static int listed(const char *list, const char *word, const char *end)
{
	size_t length = end - word;
	const char *found = list;

	while ((found = strstr(found, " "))) {
		found++;
		if (!strncmp(found, word, length) && found[length] == ' ')
			return 1;
	}
	return 0;
}

static void print_policies(const char *text, const char *names)
{
	const char *line = text, *equals, *end;

	for (; (end = strchr(line, '\n')); line = end + 1) {
		equals = memchr(line, '=', end - line);
		if (equals && listed(names, line, equals))
			printf("%.*s\n", (int)(end - line), line);
	}
}

static void print_counters(const char *text, const char *group)
{
	const char *line = text, *end;
	size_t length = strlen(group);

	for (; (end = strchr(line, '\n')); line = end + 1)
		if (!strncmp(line, group, length) && line[length] == '_')
			printf("%.*s\n", (int)(end - line), line);
}

/* `policies` has a blank before and behind each name. */
static int show(const char *group, const char *policies)
{
	char *values = box_read_file("/proc/policies");
	char *counters = box_read_file("/proc/counters");

	if (!values || !counters)
		return box_error(group, "/proc");
	print_policies(values, policies);
	print_counters(counters, group);
	free(values);
	free(counters);
	return fflush(stdout) ? box_error(group, "output") : 0;
}

int fold_main(int argc, char **argv)
{
	return show("fold", " fold ");
}

int gup_main(int argc, char **argv)
{
	return show("gup", " step reader ");
}

int tlb_main(int argc, char **argv)
{
	return show("tlb", " flush ");
}

int rcu_main(int argc, char **argv)
{
	return show("rcu", " rcu tables ");
}
