/*
 * user/init.c - process 1.
 *
 * If /etc/cmd exists (`make exec` puts it there), its text is run by `sh -c` and init
 * ends with its status; the kernel then writes that status on the log and powers off.
 * Otherwise init runs an interactive shell: leaving it by `exit` ends the machine, a
 * shell that was killed is started again. Orphans become children of process 1 and are
 * reaped here.
 */
#include "user/box.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char *const environment[] = {"PATH=/bin", "HOME=/", "TERM=vt100", NULL};

/* The kernel gives handles 0, 1, 2; make sure, since all children inherit them. */
static void open_console(void)
{
	int fd;

	if (fcntl(2, F_GETFD) >= 0)
		return;
	do {
		fd = open("/dev/console", O_RDWR);
	} while (fd >= 0 && fd < 2);
}

/* init itself ignores ^C; the shell starts with the default. */
static pid_t start_shell(char *command)
{
	char *const interactive[] = {"sh", NULL};
	char *const script[] = {"sh", "-c", command, NULL};
	posix_spawnattr_t attributes;
	sigset_t defaults;
	pid_t pid;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGINT);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	errno = posix_spawn(&pid, "/bin/sh", NULL, &attributes,
		command ? script : interactive, environment);
	if (errno) {
		box_error("init", "/bin/sh");
		exit(127);
	}
	return pid;
}

static int wait_for(pid_t shell)
{
	int status;
	pid_t pid;

	do {
		pid = wait(&status);
	} while (pid != shell && (pid > 0 || errno == EINTR));
	return status;
}

int init_main(int argc, char **argv)
{
	char *command = box_read_file("/etc/cmd");
	int status;

	open_console();
	signal(SIGINT, SIG_IGN);
	if (command)
		return box_status(wait_for(start_shell(command)));

	puts("Welcome to Origami. Type help for a list of programs.");
	fflush(stdout);
	do {
		status = wait_for(start_shell(NULL));
	} while (WIFSIGNALED(status));
	return box_status(status);
}
