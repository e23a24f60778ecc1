/*
 * tests/linux/punch.c - holes in memory files, by fallocate() and MADV_REMOVE, and space
 * that is there before it is used.
 */
#include "tests/linux/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE   4096UL
#define PAGES  8UL
#define SIZE   (PAGES * PAGE)
#define ROUNDS 300
#define RW     (PROT_READ | PROT_WRITE)
#define HOLE   (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

static char *map(int flags, int fd)
{
	void *at = mmap(NULL, SIZE, RW, flags, fd, 0);

	if (at == MAP_FAILED) {
		printf("Bail out! mmap: %s\n", strerror(errno));
		exit(1);
	}
	return at;
}

static int file(void)
{
	int fd = memfd_create("test", 0);

	if (fd < 0 || ftruncate(fd, SIZE)) {
		printf("Bail out! memfd_create: %s\n", strerror(errno));
		exit(1);
	}
	return fd;
}

static off_t size_of(int fd)
{
	struct stat stat;

	return fstat(fd, &stat) ? -1 : stat.st_size;
}

static int only(const char *at, size_t size, char value)
{
	for (size_t i = 0; i < size; i++)
		if (at[i] != value)
			return 0;
	return 1;
}

static void test_hole(void)
{
	int fd = file();
	char *at = map(MAP_SHARED, fd), *mine = map(MAP_PRIVATE, fd), text[8] = "1234567";

	memset(at, 7, SIZE);
	mine[3 * PAGE] = 8;
	test(mine[2 * PAGE] == 7, "a private mapping reads");
	test(!fallocate(fd, HOLE, PAGE + 100, 3 * PAGE), "a hole is made");
	test(only(at, PAGE + 100, 7) && only(at + PAGE + 100, 3 * PAGE, 0) &&
			only(at + 4 * PAGE + 100, 4 * PAGE - 100, 7),
		"it is zeros, and around it nothing has changed");
	test(mine[2 * PAGE] == 0 && mine[3 * PAGE] == 8 && mine[3 * PAGE + 1] == 7,
		"a private mapping sees it, but where it has a copy");
	test(pread(fd, text, 8, 2 * PAGE) == 8 && only(text, 8, 0), "it is read");
	at[2 * PAGE] = 9;
	test(pread(fd, text, 1, 2 * PAGE) == 1 && text[0] == 9,
		"and can be filled again");
	test(size_of(fd) == (off_t)SIZE, "the size stays");
	test(fails(madvise(mine, PAGE, MADV_REMOVE), EACCES), "not of a private mapping");
	munmap(at, SIZE);
	munmap(mine, SIZE);
	close(fd);
}

static void test_remove(void)
{
	char *at = map(MAP_SHARED | MAP_ANONYMOUS, -1);
	char *mine = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);

	memset(at, 7, SIZE);
	test(!madvise(at + PAGE, 2 * PAGE, MADV_REMOVE), "shared memory is removed");
	test(only(at, PAGE, 7) && only(at + PAGE, 2 * PAGE, 0) &&
			only(at + 3 * PAGE, SIZE - 3 * PAGE, 7),
		"it is zeros");
	test(fails(madvise(mine, PAGE, MADV_REMOVE), EINVAL), "what is nobody's file");
	munmap(at + PAGE, PAGE);
	test(fails(madvise(at + PAGE, 2 * PAGE, MADV_REMOVE), ENOMEM) &&
			only(at + 2 * PAGE, PAGE, 0) && only(at + 3 * PAGE, PAGE, 7),
		"what is behind a hole in the mapping");
	munmap(at, SIZE);
	munmap(mine, SIZE);
}

static void test_space(void)
{
	int fd = file();

	test(!fallocate(fd, FALLOC_FL_KEEP_SIZE, PAGE, 100 * PAGE) &&
			size_of(fd) == (off_t)SIZE,
		"space is made, the size stays");
	test(!fallocate(fd, 0, SIZE, PAGE + 1) && size_of(fd) == (off_t)(SIZE + PAGE + 1),
		"space is made, the file is larger");
	test(!fallocate(fd, 0, 0, PAGE) && size_of(fd) == (off_t)(SIZE + PAGE + 1),
		"space that was there");
	close(fd);
}

/* Stores of one thread, holes of the other: what is read is zero, or was stored last; and
 * both views are of one page, whenever it is. */
static char *shared, *other;
static volatile int stop;

static void *punches(void *fd)
{
	for (int i = 0; i < ROUNDS; i++)
		if (fallocate(*(int *)fd, HOLE, i % 2 * PAGE, PAGE + i % 3))
			stop = 2;
	stop |= 1;
	return NULL;
}

static int stores(void)
{
	volatile int *here = (int *)(shared + 64), *there = (int *)(other + 64);
	int bad = 0;

	for (int i = 1; !stop; i++) {
		int seen;

		*here = i;
		seen = *there;
		bad += seen && seen != i;
		*there = -i;
		seen = *here;
		bad += seen && seen != -i;
	}
	return bad;
}

static void test_race(void)
{
	int fd = file(), bad;
	pthread_t id;

	shared = map(MAP_SHARED, fd);
	other = map(MAP_SHARED, fd);
	pthread_create(&id, NULL, punches, &fd);
	bad = stores();
	pthread_join(id, NULL);
	test(!bad && stop == 1, "holes are made under who stores");
	close(fd);
}

static void test_refusals(void)
{
	int fd = file(), ends[2], null = open("/dev/null", O_RDWR);
	int reader = open("/dev/null", O_RDONLY);

	test(fails(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, PAGE), EOPNOTSUPP),
		"a hole that changes the size");
	test(fails(fallocate(fd, 0x100, 0, PAGE), EOPNOTSUPP), "an unknown mode");
	test(fails(fallocate(fd, HOLE, -1, PAGE), EINVAL), "a negative offset");
	test(fails(fallocate(fd, HOLE, 0, 0), EINVAL), "nothing");
	test(fails(fallocate(fd, 0, 1L << 62, 1L << 62), EFBIG), "too far out");
	test(fails(fallocate(999, HOLE, 0, PAGE), EBADF), "no such handle");
	test(fails(fallocate(reader, HOLE, 0, PAGE), EBADF), "a handle for reading");
	test(fails(fallocate(null, HOLE, 0, PAGE), ENODEV), "a device");
	test(pipe(ends) == 0 && fails(fallocate(ends[1], HOLE, 0, PAGE), ESPIPE),
		"a pipe");
	close(fd);
}

int main(void)
{
	test_hole();
	test_remove();
	test_space();
	test_race();
	test_refusals();
	printf("1..%d\n", count);
	return failures != 0;
}
