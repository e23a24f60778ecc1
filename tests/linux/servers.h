/*
 * tests/linux/servers.h - for programs: starting servers (docs/ipc.md), and whether a
 * page was lost by all that they do.
 */
#pragma once

#include "user/native.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

extern char **environ;

/* Runs "<program> <name>". */
static inline pid_t server_start(const char *program, const char *name)
{
	char *argv[] = {(char *)program, (char *)name, NULL}, path[32];
	pid_t pid;

	sprintf(path, "/bin/%s", program);
	if (posix_spawn(&pid, path, NULL, NULL, argv, environ))
		exit(1);
	return pid;
}

/* A handle to call whoever has this name; negative: nobody has. */
static inline long server_find(const char *name)
{
	return native_call(NATIVE_NAME, NATIVE_NAME_FIND, (long)name, strlen(name), 0);
}

static inline void server_wait_for(const char *name)
{
	long handle;

	while ((handle = server_find(name)) < 0)
		usleep(1000);
	close(handle);
}

/* The same, and waits until it has its name. */
static inline pid_t server_ready(const char *program, const char *name)
{
	pid_t pid = server_start(program, name);

	server_wait_for(name);
	return pid;
}

static inline unsigned long free_pages(void)
{
	struct sysinfo info;

	sysinfo(&info);
	return info.freeram * info.mem_unit / 4096;
}

/* Are so many pages free again? Who has ended is still being freed for a while. */
static inline int pages_come_back(unsigned long pages)
{
	for (int i = 0; i < 300 && free_pages() < pages; i++)
		usleep(10000);
	if (free_pages() < pages)
		printf("# %lu pages were free, now %lu\n", pages, free_pages());
	return free_pages() >= pages;
}
