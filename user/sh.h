/*
 * user/sh.h - the parts of the shell: sh-parse.c reads, sh-run.c starts programs, sh.c
 * is the loop.
 */
#pragma once

#include <stdbool.h>

#define COMMANDS_MAX 8   /* in one pipeline */
#define WORDS_MAX    120 /* in one command */

struct command {
	char *words[WORDS_MAX + 1]; /* NULL-terminated argv */
	int count;
	char *input, *output; /* files of < and >, or NULL */
};

/* What stands behind a pipeline decides whether the next one runs. */
enum connector {
	RUN_ALWAYS,
	RUN_IF_TRUE,  /* && */
	RUN_IF_FALSE, /* || */
};

struct pipeline {
	struct command commands[COMMANDS_MAX];
	int count;
	enum connector connector;
};

/*
 * Reads one pipeline from *text and moves *text behind it. Words are written to `words`,
 * which must have room for three times the text. `status` is what $? stands for. Returns
 * NULL, or the message of a syntax error.
 */
const char *sh_parse(
	const char **text, char *words, int status, struct pipeline *pipeline);

/* Starts all commands of the pipeline, waits for all, returns the last one's status. */
int sh_run(struct pipeline *pipeline);
