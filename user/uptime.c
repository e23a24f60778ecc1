/*
 * user/uptime.c - how long the machine has been up, with how many CPUs and processes.
 */
#include "user/box.h"

#include <stdio.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

int uptime_main(int argc, char **argv)
{
	struct sysinfo info;
	struct timespec up;

	if (sysinfo(&info) || clock_gettime(CLOCK_MONOTONIC, &up))
		return box_error("uptime", "sysinfo");
	printf("up %ld:%02ld:%02ld.%02ld, %ld CPUs, %u processes\n",
		(long)up.tv_sec / 3600, (long)up.tv_sec / 60 % 60, (long)up.tv_sec % 60,
		up.tv_nsec / 10000000, sysconf(_SC_NPROCESSORS_ONLN), info.procs);
	return 0;
}
