/*
 * user/sh.c - the shell: reads lines, runs pipelines, keeps the last status.
 *
 * `sh` reads commands from the console with a prompt, or from a pipe without one; `sh -c
 * text` runs the text. There is no job control: a shell and its programs are one process
 * group, of which the interactive shell alone ignores ^C.
 */
#include "user/sh.h"
#include "user/box.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STATUS_SYNTAX 2

static int last_status;

static bool run_builtin(struct command *command)
{
	char **words = command->words;

	if (!strcmp(words[0], "exit"))
		exit(command->count > 1 ? atoi(words[1]) : last_status);
	if (!strcmp(words[0], "cd")) {
		const char *path = command->count > 1 ? words[1] : "/";

		last_status = chdir(path) ? box_error("cd", path) : 0;
		return true;
	}
	return false;
}

static void run_pipeline(struct pipeline *pipeline)
{
	if (!pipeline->commands[0].count)
		return;
	if (pipeline->count > 1 || !run_builtin(&pipeline->commands[0]))
		last_status = sh_run(pipeline);
}

static bool runs_after(enum connector connector)
{
	return connector == RUN_ALWAYS || (connector == RUN_IF_TRUE) == !last_status;
}

/* Goes through the text pipeline by pipeline; without `run` only the syntax is checked.
 */
static const char *go_through(const char *text, char *words, bool run)
{
	static struct pipeline pipeline;
	enum connector connector = RUN_ALWAYS;

	while (*text) {
		const char *error = sh_parse(&text, words, last_status, &pipeline);

		if (error)
			return error;
		if (run && runs_after(connector))
			run_pipeline(&pipeline);
		if (pipeline.commands[0].count)
			connector = pipeline.connector;
	}
	return connector == RUN_ALWAYS ? NULL : "a command is missing after && or ||";
}

/* A text with a syntax error is not run at all, not even its first commands. */
static void run_text(const char *text)
{
	char *words = malloc(3 * strlen(text) + 1);
	const char *error;

	if (!words) {
		last_status = box_error("sh", "command");
		return;
	}
	error = go_through(text, words, false);
	if (error) {
		fprintf(stderr, "sh: %s\n", error);
		last_status = STATUS_SYNTAX;
	} else {
		go_through(text, words, true);
	}
	free(words);
}

/* ^C does not end an interactive shell. It stays pending: see pass_interrupt(). */
static void hold_interrupts(void)
{
	sigset_t set;

	signal(SIGINT, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* At the prompt: what came until now was about a line that is gone, or about programs
 * that have ended. */
static void forget_interrupts(void)
{
	const struct timespec now = {0, 0};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	while (sigtimedwait(&set, NULL, &now) > 0)
		;
}

static void read_lines(void)
{
	bool prompt = isatty(0);
	char *line = NULL;
	size_t room = 0;

	for (;;) {
		if (prompt) {
			forget_interrupts();
			fputs("origami$ ", stdout);
			fflush(stdout);
		}
		errno = 0;
		if (getline(&line, &room, stdin) < 0) {
			if (errno != EINTR)
				break;
			clearerr(stdin);
			continue;
		}
		run_text(line);
	}
	free(line);
}

int sh_main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "-c")) {
		fprintf(stderr, "usage: sh [-c text]\n");
		return STATUS_SYNTAX;
	}
	if (argc > 2) {
		run_text(argv[2]);
		return last_status;
	}
	if (isatty(0))
		hold_interrupts();
	read_lines();
	return last_status;
}
