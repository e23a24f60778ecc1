/*
 * user/pt.c - draw a process's page table, all of it or the way to one address.
 *
 * The kernel draws (mm_draw_table()): /proc/<pid>/pt holds the whole table,
 * /proc/<pid>/pt@<hex> the way to one address. Without arguments pt shows its own.
 */
#include "user/box.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static int usage(void)
{
	fprintf(stderr, "usage: pt [pid] [address]\n"
			"  the page table of a process, default pt itself;\n"
			"  with an address (hexadecimal): only the way to it\n");
	return 2;
}

int pt_main(int argc, char **argv)
{
	const char *pid = argc > 1 ? argv[1] : "self";
	char path[PATH_MAX];
	unsigned long address;
	char *text;
	int length;

	if (argc > 3 || !box_is_pid(pid))
		return usage();
	length = snprintf(path, sizeof(path), "/proc/%s/pt", pid);
	if (argc == 3) {
		if (!box_number(argv[2], 16, &address))
			return usage();
		snprintf(path + length, sizeof(path) - length, "@%lx", address);
	}
	text = box_read_file(path);
	if (!text) {
		if (errno == ENOENT || errno == ESRCH)
			fprintf(stderr, "pt: there is no process %s\n", pid);
		else
			box_error("pt", path);
		return 1;
	}
	fputs(text, stdout);
	free(text);
	return fflush(stdout) ? box_error("pt", "output") : 0;
}
