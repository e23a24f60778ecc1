/*
 * tests/conformance/loops.c - for a test of Linux's that never ends: loops N PROGRAM ...
 *
 * Passes on what the program says, and ends it when it has told of N loops, a line for
 * each. The status is 0 if it came so far, and has got huge pages in each.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t start(char **program, int out)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	dup2(out, 2);
	execvp(program[0], program);
	_exit(127);
}

int main(int argc, char **argv)
{
	int ends[2], wanted = argc > 2 ? atoi(argv[1]) : 0, loops = 0, got = 0, good = 0;
	char line[512], *counts;
	FILE *from;
	pid_t pid;

	if (!wanted || pipe(ends))
		return 2;
	pid = start(argv + 2, ends[1]);
	close(ends[1]);
	from = fdopen(ends[0], "r");
	while (from && loops < wanted && fgets(line, sizeof(line), from)) {
		fputs(line, stdout);
		counts = strchr(line, '\t');
		if (!counts || sscanf(counts, "%d succeed", &got) != 1)
			continue;
		loops++;
		good += got > 0;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return loops < wanted || good < loops;
}
