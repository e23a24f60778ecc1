/*
 * user/free.c - memory: total, used, free.
 */
#include "user/box.h"

#include <stdio.h>
#include <sys/sysinfo.h>

int free_main(int argc, char **argv)
{
	struct sysinfo info;
	unsigned long long unit;

	if (sysinfo(&info))
		return box_error("free", "sysinfo");
	unit = info.mem_unit ? info.mem_unit : 1;
	printf("%15s %10s %10s\n", "total", "used", "free");
	printf("Mem:%11llu %10llu %10llu KiB\n", info.totalram * unit / 1024,
		(info.totalram - info.freeram) * unit / 1024, info.freeram * unit / 1024);
	return 0;
}
