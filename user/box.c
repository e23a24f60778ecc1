/*
 * user/box.c - one binary for all small programs; see user/box.h.
 */
#include "user/box.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct applet {
	const char *name;
	const char *help;
	int (*main)(int argc, char **argv);
} applets[] = {
#define APPLET_ROW(ident, text) {.name = #ident, .help = text, .main = ident##_main},
	APPLETS(APPLET_ROW)
#undef APPLET_ROW
};

#define APPLET_COUNT (sizeof(applets) / sizeof(applets[0]))

char *box_read_file(const char *path)
{
	size_t size = 0, room = 4096;
	char *text = malloc(room);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = -1;

	while (fd >= 0 && text && (got = read(fd, text + size, room - size - 1)) > 0) {
		size += got;
		if (size + 1 == room)
			text = realloc(text, room *= 2);
	}
	if (fd >= 0)
		close(fd);
	if (fd < 0 || got < 0 || !text) {
		free(text);
		return NULL;
	}
	text[size] = '\0';
	return text;
}

int box_error(const char *program, const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program, what, strerror(errno));
	return 1;
}

static int ready = -1; /* a pipe to the parent, or -1 */

int box_detach(void)
{
	int ends[2];
	char byte;
	pid_t pid;

	if (pipe(ends))
		return -1;
	pid = fork();
	if (pid > 0) {
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) == 1 ? 0 : 1);
	}
	close(ends[0]);
	ready = ends[1];
	return pid;
}

void box_ready(void)
{
	if (ready >= 0 && write(ready, "", 1) == 1)
		close(ready);
}

int box_is_pid(const char *word)
{
	return !strcmp(word, "self") ||
	       (*word && strspn(word, "0123456789") == strlen(word));
}

int box_number(const char *word, int base, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(word, &end, base);
	return !errno && end != word && !*end && *word != '-';
}

int box_status(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return 128 + WTERMSIG(wait_status);
	return WEXITSTATUS(wait_status);
}

int true_main(int argc, char **argv)
{
	return 0;
}

int false_main(int argc, char **argv)
{
	return 1;
}

int help_main(int argc, char **argv)
{
	puts("Programs in /bin:");
	for (size_t i = 0; i < APPLET_COUNT; i++)
		printf("  %-8s %s\n", applets[i].name, applets[i].help);
	puts("  hello    a program that knows nothing of this kernel\n"
	     "In the shell:\n"
	     "  cd [directory], exit [status] (ends the machine), $? (last status)\n"
	     "  a && b, a || b, a ; b, a | b, a < file, 'quoted' \"quoted $?\" \\quoted\n"
	     "Keys: ^C interrupts, ^D ends input, ^U erases the line; ^A x leaves QEMU.");
	return 0;
}

int main(int argc, char **argv)
{
	const char *slash = argc ? strrchr(argv[0], '/') : NULL;
	const char *name = slash ? slash + 1 : argc ? argv[0] : "";

	for (size_t i = 0; i < APPLET_COUNT; i++) {
		if (!strcmp(name, applets[i].name))
			return applets[i].main(argc, argv);
	}
	fprintf(stderr, "box: there is no program \"%s\" in here; try help\n", name);
	return 127;
}
