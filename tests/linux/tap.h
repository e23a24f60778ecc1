/*
 * tests/linux/tap.h - for programs: what a TAP test prints. A program ends with the line
 * "1..<count>", and with a failing status if there are failures.
 */
#pragma once

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int count, failures;

static inline int test(int good, const char *name)
{
	failures += !good;
	printf("%sok %d - %s\n", good ? "" : "not ", ++count, name);
	fflush(stdout); /* or a child would print it again */
	return good;
}

/* A system call's result: has it failed with this error? */
static inline int fails(long result, int error)
{
	if (result == -1 && errno == error)
		return 1;
	printf("# expected %s; got %ld, %s\n", strerror(error), result,
		result < 0 ? strerror(errno) : "success");
	return 0;
}

/* kill() for a child: the -1 of a fork() that failed would mean everybody. */
static inline int kill_child(pid_t pid, int signal)
{
	return pid > 0 ? kill(pid, signal) : -1;
}

/* A part of a program: the parts run one after the other, or the one alone whose number
 * is in $PART. (make failing counts the parts in the source; one line each.) */
#define PART(call)                                                                       \
	do {                                                                             \
		if (part_wanted())                                                       \
			call;                                                            \
	} while (0)

static inline int part_wanted(void)
{
	static int number;
	const char *only = getenv("PART");

	number++;
	return !only || atoi(only) == number;
}

/* How often to do what is done again and again: as usual, or $ROUNDS times. */
static inline long rounds(long usual)
{
	const char *fewer = getenv("ROUNDS");
	long most = fewer ? atol(fewer) : usual;

	return most < usual ? most : usual;
}
