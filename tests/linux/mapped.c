/*
 * tests/linux/mapped.c - files as programs map them: their own executable, which nobody
 * writes to, and memory files.
 */
#define _GNU_SOURCE
#include "tests/linux/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define RW   (PROT_READ | PROT_WRITE)

static void *map(size_t size, int prot, int flags, int fd)
{
	void *at = mmap(NULL, size, prot, flags, fd, 0);

	if (at == MAP_FAILED) {
		printf("Bail out! mmap: %s\n", strerror(errno));
		exit(1);
	}
	return at;
}

/* The signal that a child gets for reading there; 0: none. */
static int reading(const volatile char *at)
{
	int status = -1;
	pid_t child = fork();

	if (!child) {
		(void)*at;
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* --- the program's own file --- */

static int same_as_read(int fd, const char *at, size_t size)
{
	char buffer[1000];
	ssize_t some;

	for (size_t done = 0; done < size; done += some) {
		some = pread(fd, buffer, sizeof(buffer), done);
		if (some <= 0 || memcmp(buffer, at + done, some))
			return 0;
	}
	return 1;
}

static int is_zero(const char *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (at[i])
			return 0;
	return 1;
}

static void test_shared(int fd, size_t size)
{
	char *at = map(size + 2 * PAGE, PROT_READ, MAP_SHARED, fd);
	size_t end = (size + PAGE - 1) / PAGE * PAGE;

	test(same_as_read(fd, at, size), "a file is mapped as it is read");
	test(is_zero(at + size, end - size), "behind its end there are zeros");
	test(reading(at + end) == SIGBUS, "and from the next page on nothing at all");
	test(fails((long)mmap(NULL, size, RW, MAP_SHARED, fd, 0), EACCES),
		"it cannot be mapped to be written");
	test(fails(mprotect(at, PAGE, RW), EACCES), "nor can that be allowed later");
	test(!mprotect(at, PAGE, PROT_NONE) && reading(at) == SIGSEGV &&
			!mprotect(at, PAGE, PROT_READ) && !reading(at),
		"other rights can");
	munmap(at, size + 2 * PAGE);
}

static int writes(char *at)
{
	memset(at, 0x5a, 2 * PAGE);
	return !(at[0] == 0x5a && at[2 * PAGE - 1] == 0x5a);
}

static int child_writes(char *at)
{
	int status = -1;
	pid_t child = fork();

	if (!child)
		_exit(writes(at));
	return child > 0 && waitpid(child, &status, 0) == child && !status;
}

static void test_private(int fd, size_t size)
{
	char *at = map(size, RW, MAP_PRIVATE, fd);
	char *other = map(size, PROT_READ, MAP_PRIVATE, fd);

	test(child_writes(at) && same_as_read(fd, at, size),
		"what a child writes to its private mapping is its own");
	test(!writes(at) && same_as_read(fd, other, size),
		"and what we write to ours is");
	test(!madvise(at, 2 * PAGE, MADV_DONTNEED) && same_as_read(fd, at, size),
		"thrown away, it is the file again");
	munmap(at, size);
	munmap(other, size);
}

static void test_own_file(const char *self)
{
	char path[200];
	struct stat info;
	int fd;

	snprintf(path, sizeof(path), "%s%s", strchr(self, '/') ? "" : "/bin/", self);
	fd = open(path, O_RDONLY);
	if (!test(fd >= 0 && !fstat(fd, &info), "the program's own file"))
		return;
	PART(test_shared(fd, info.st_size));
	PART(test_private(fd, info.st_size));
	close(fd);
}

int main(int argc, char **argv)
{
	test_own_file(argv[0]);
	printf("1..%d\n", count);
	return failures != 0;
}
