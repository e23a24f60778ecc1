/*
 * tests/tools/make-exit.c - let `make exec` end with the status of the program it ran.
 *
 * make itself ends with 2 whatever status a recipe failed with. It can load functions
 * from a shared object, though; $(exit-with FILE) reads a number from FILE and ends make
 * with it, when it is not 0.
 */
#include <gnumake.h>
#include <stdio.h>
#include <stdlib.h>

int plugin_is_GPL_compatible; /* make asks for this word: our licence (MIT) is */
int make_exit_gmk_setup(void);

static char *exit_with(const char *name, unsigned int count, char **arguments)
{
	FILE *file = fopen(arguments[0], "r");
	int status = 2; /* make's own */

	if (file && fscanf(file, "%d", &status) != 1)
		status = 2;
	if (file)
		fclose(file);
	remove(arguments[0]);
	if (status)
		exit(status);
	return NULL;
}

int make_exit_gmk_setup(void)
{
	gmk_add_function("exit-with", exit_with, 1, 1, GMK_FUNC_DEFAULT);
	return 0;
}
