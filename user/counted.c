/*
 * user/counted.c - fold, gup, tlb, rcu, fault: the policies that shape a part of mm, and
 * what the kernel has counted there.
 *
 * Policies are in /proc/policies, one `name=value` a line; counters in /proc/counters,
 * `group_name value`.
 */
#include "user/box.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Is the word one of the list, in which each has a blank before and behind it? */
static int listed(const char *list, const char *word, size_t length)
{
	const char *found = list;

	while ((found = strstr(found, " "))) {
		found++;
		if (!strncmp(found, word, length) && found[length] == ' ')
			return 1;
	}
	return 0;
}

/* The lines of which the name, up to one of `ends`, is listed. */
static void print_lines(const char *text, const char *ends, const char *names)
{
	const char *line = text, *end;

	for (; (end = strchr(line, '\n')); line = end + 1)
		if (listed(names, line, strcspn(line, ends)))
			printf("%.*s\n", (int)(end - line), line);
}

static int show(const char *program, const char *policies, const char *groups)
{
	char *values = box_read_file("/proc/policies");
	char *counters = box_read_file("/proc/counters");

	if (!values || !counters)
		return box_error(program, "/proc");
	print_lines(values, "=", policies);
	print_lines(counters, "_ ", groups);
	free(values);
	free(counters);
	return fflush(stdout) ? box_error(program, "output") : 0;
}

int fold_main(int argc, char **argv)
{
	return show("fold", " fold ", " fold ");
}

int gup_main(int argc, char **argv)
{
	return show("gup", " step reader ", " gup ");
}

int tlb_main(int argc, char **argv)
{
	return show("tlb", " flush ", " tlb ");
}

int fault_main(int argc, char **argv)
{
	return show("fault", " fault ", " pgfault vma spf ");
}

int rcu_main(int argc, char **argv)
{
	return show("rcu", " rcu tables ", " rcu tables ");
}
