/*
 * user/dmesg.c - the kernel's log so far.
 */
#include "user/box.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/klog.h>
#include <unistd.h>

#define SYSLOG_READ_ALL 3
#define SYSLOG_SIZE     10

int dmesg_main(int argc, char **argv)
{
	int size = klogctl(SYSLOG_SIZE, NULL, 0);
	char *text = size > 0 ? malloc(size) : NULL;
	int got = text ? klogctl(SYSLOG_READ_ALL, text, size) : -1;

	if (got < 0)
		return box_error("dmesg", "kernel log");
	fwrite(text, 1, got, stdout);
	free(text);
	return fflush(stdout) ? box_error("dmesg", "output") : 0;
}
