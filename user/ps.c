/*
 * user/ps.c - list processes, from /proc/<pid>/stat.
 *
 * The second field of that line is the name in parentheses, which may itself hold blanks
 * and parentheses; so the fields are counted from the last ")".
 */
#include "user/box.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIELD_PARENT  4 /* numbered as in proc(5) */
#define FIELD_THREADS 20
#define FIELD_RSS     24

static const char *field(const char *after_name, int number)
{
	const char *p = after_name;

	for (int i = 2; i < number && p; i++) {
		p = strchr(p, ' ');
		p = p ? p + 1 : NULL;
	}
	return p ? p : "0";
}

static void print_process(const char *pid)
{
	char path[PATH_MAX];
	char *stat, *name, *end;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	stat = box_read_file(path);
	if (!stat)
		return; /* it has ended meanwhile */
	name = strchr(stat, '(');
	end = strrchr(stat, ')');
	if (name && end) {
		*end++ = '\0';
		printf("%5s %5d %c %7d %6ldK %s\n", pid, atoi(field(end, FIELD_PARENT)),
			field(end, 3)[0], atoi(field(end, FIELD_THREADS)),
			atol(field(end, FIELD_RSS)) * (sysconf(_SC_PAGESIZE) / 1024),
			name + 1);
	}
	free(stat);
}

static int is_process(const struct dirent *entry)
{
	return isdigit((unsigned char)entry->d_name[0]);
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	return atoi((*a)->d_name) - atoi((*b)->d_name);
}

int ps_main(int argc, char **argv)
{
	struct dirent **entries;
	int count = scandir("/proc", &entries, is_process, by_number);

	if (count < 0)
		return box_error("ps", "/proc");
	puts("  PID  PPID S THREADS     RSS NAME");
	for (int i = 0; i < count; i++) {
		print_process(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return 0;
}
