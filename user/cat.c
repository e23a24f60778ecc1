/*
 * user/cat.c - print files, or what comes in.
 */
#include "user/box.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int write_all(const char *from, size_t size)
{
	while (size) {
		ssize_t done = write(1, from, size);

		if (done < 0)
			return box_error("cat", "output");
		from += done;
		size -= done;
	}
	return 0;
}

static int copy(int fd, const char *name)
{
	static char buffer[16384];
	ssize_t got;

	while ((got = read(fd, buffer, sizeof(buffer))) > 0) {
		if (write_all(buffer, got))
			return 1;
	}
	return got < 0 ? box_error("cat", name) : 0;
}

int cat_main(int argc, char **argv)
{
	int failed = 0;

	if (argc == 1)
		return copy(0, "input");
	for (int i = 1; i < argc; i++) {
		int fd = strcmp(argv[i], "-") ? open(argv[i], O_RDONLY) : 0;

		if (fd < 0) {
			failed = box_error("cat", argv[i]);
			continue;
		}
		failed |= copy(fd, argv[i]);
		if (fd)
			close(fd);
	}
	return failed;
}
