/*
 * user/sh-run.c - starting the programs of a pipeline with posix_spawn().
 *
 * All pipe ends are close-on-exec: a program keeps only the two that were put in the
 * place of its handles 0 and 1. So a reader sees the end of its input as soon as the
 * writer has gone and the shell has closed its copies.
 */
#include "user/sh.h"
#include "user/box.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void close_end(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* < and > are opened here, so that a message can name the file. -1: none; -2: failed. */
static int open_file(const char *path, int flags)
{
	int fd;

	if (!path)
		return -1;
	fd = open(path, flags | O_CLOEXEC, 0666);
	if (fd >= 0)
		return fd;
	box_error("sh", path);
	return -2;
}

/* An interactive shell ignores and blocks ^C; its programs must not. */
static void default_signals(posix_spawnattr_t *attributes)
{
	sigset_t set, none;

	sigemptyset(&none);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	posix_spawnattr_init(attributes);
	posix_spawnattr_setflags(
		attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigdefault(attributes, &set);
	posix_spawnattr_setsigmask(attributes, &none);
}

static int spawn_program(pid_t *pid, char **words, int in, int out)
{
	char path[PATH_MAX];
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error;

	snprintf(path, sizeof(path), "%s%s", strchr(words[0], '/') ? "" : "/bin/",
		words[0]);
	default_signals(&attributes);
	posix_spawn_file_actions_init(&actions);
	if (in >= 0)
		posix_spawn_file_actions_adddup2(&actions, in, 0);
	if (out >= 0)
		posix_spawn_file_actions_adddup2(&actions, out, 1);
	error = posix_spawn(pid, path, &actions, &attributes, words, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return error;
}

/* Returns the pid, or -1 with the exit status that tells why in *status. */
static pid_t start(struct command *command, int in, int out, int *status)
{
	int from = open_file(command->input, O_RDONLY);
	int to = open_file(command->output, O_WRONLY | O_CREAT | O_TRUNC);
	pid_t pid = -1;

	*status = 1;
	if (from != -2 && to != -2) {
		errno = spawn_program(
			&pid, command->words, from >= 0 ? from : in, to >= 0 ? to : out);
		if (errno == ENOENT)
			fprintf(stderr, "sh: %s: not found\n", command->words[0]);
		else if (errno)
			box_error("sh", command->words[0]);
		*status = errno == ENOENT ? 127 : 126;
		if (errno)
			pid = -1;
	}
	close_end(from);
	close_end(to);
	return pid;
}

static int wait_program(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return box_error("sh", "waitpid");
	}
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGPIPE)
		fprintf(stderr, "%s\n", strsignal(WTERMSIG(status)));
	return box_status(status);
}

static void start_all(struct pipeline *pipeline, pid_t *pids, int *status)
{
	int in = -1;

	for (int i = 0; i < pipeline->count; i++) {
		int ends[2] = {-1, -1};

		if (i + 1 < pipeline->count && pipe2(ends, O_CLOEXEC) < 0) {
			box_error("sh", "pipe");
			pipeline->count = i;
			break;
		}
		pids[i] = start(&pipeline->commands[i], in, ends[1], &status[i]);
		close_end(in);
		close_end(ends[1]);
		in = ends[0];
	}
	close_end(in);
}

/* A ^C that came before the programs were there is still pending here: it was for them.
 */
static void pass_interrupt(const struct pipeline *pipeline, const pid_t *pids)
{
	sigset_t pending;

	if (sigpending(&pending) || !sigismember(&pending, SIGINT))
		return;
	for (int i = 0; i < pipeline->count; i++)
		if (pids[i] > 0)
			kill(pids[i], SIGINT);
}

int sh_run(struct pipeline *pipeline)
{
	pid_t pids[COMMANDS_MAX];
	int status[COMMANDS_MAX];

	fflush(stdout);
	start_all(pipeline, pids, status);
	pass_interrupt(pipeline, pids);
	for (int i = 0; i < pipeline->count; i++) {
		if (pids[i] > 0)
			status[i] = wait_program(pids[i]);
	}
	return pipeline->count ? status[pipeline->count - 1] : 1;
}
