/*
 * user/echo.c - print the words.
 */
#include "user/box.h"

#include <stdio.h>
#include <string.h>

int echo_main(int argc, char **argv)
{
	int first = argc > 1 && !strcmp(argv[1], "-n") ? 2 : 1;

	for (int i = first; i < argc; i++)
		printf("%s%s", i > first ? " " : "", argv[i]);
	if (first == 1)
		putchar('\n');
	return fflush(stdout) ? box_error("echo", "output") : 0;
}
