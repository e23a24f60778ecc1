/*
 * tests/linux/dma.c - a device writes into pinned frames, later: whatever the program has
 * done to the mapping, the data arrive in those frames, and nobody else owned them.
 */
#include "tests/linux/tap.h"
#include "kernel/task/dma.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE  4096UL
#define PAGES 32UL
#define SIZE  (PAGES * PAGE)
#define OTHER 0x0ddba11UL

static int device;

static int command(unsigned int operation, unsigned int tag, void *at,
	unsigned long pages, unsigned long value)
{
	struct dma_command dma = {operation, tag, (unsigned long)at, pages, value};
	ssize_t result = write(device, &dma, sizeof(dma));

	return result == sizeof(dma) ? 0 : errno;
}

static int expect(int got, int expected)
{
	if (got != expected)
		printf("# got %s, expected %s\n", strerror(got), strerror(expected));
	return got == expected;
}

static unsigned long *map(unsigned long size)
{
	void *pages = mmap(
		NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED) {
		printf("Bail out! no memory\n");
		exit(1);
	}
	return pages;
}

static void fill(unsigned long *pages, unsigned long size, unsigned long value)
{
	for (unsigned long i = 0; i < size / sizeof(*pages); i++)
		pages[i] = value;
}

static int holds(const unsigned long *pages, unsigned long size, unsigned long value)
{
	for (unsigned long i = 0; i < size / sizeof(*pages); i++)
		if (pages[i] != value) {
			printf("# word %lu: got %lx, expected %lx\n", i, pages[i], value);
			return 0;
		}
	return 1;
}

static void test_arrives(void)
{
	unsigned long *pages = map(SIZE);
	int right = 1;

	test(expect(command(DMA_START, 1, pages, PAGES, 1000), 0), "start");
	fill(pages, SIZE, OTHER);
	test(expect(command(DMA_CHECK, 1, 0, 0, 0), EIO), "nothing arrives before run");
	test(expect(command(DMA_RUN, 1, 0, 0, 0), 0), "run");
	for (unsigned long i = 0; i < PAGES; i++)
		right &= holds((void *)((char *)pages + i * PAGE), PAGE, 1000 + i);
	test(right, "the data arrive in the program's memory");
	test(expect(command(DMA_FINISH, 1, 0, 0, 0), 0), "finish");
	munmap(pages, SIZE);
}

/* All memory that we touch after the unmapping comes from other frames. */
static void test_survives_unmap(void)
{
	unsigned long *pages = map(SIZE), *later;

	test(expect(command(DMA_START, 2, pages, PAGES, 2000), 0), "start");
	munmap(pages, SIZE);
	later = map(64 * SIZE);
	fill(later, 64 * SIZE, OTHER);
	test(expect(command(DMA_RUN, 2, 0, 0, 0), 0), "run after munmap");
	test(holds(later, 64 * SIZE, OTHER), "nobody else had the frames");
	fill(later, 64 * SIZE, OTHER + 1);
	test(expect(command(DMA_CHECK, 2, 0, 0, 0), 0), "the data stay in the frames");
	test(expect(command(DMA_FINISH, 2, 0, 0, 0), 0), "finish");
	munmap(later, 64 * SIZE);
}

static void test_survives_exit(const char *self)
{
	char *arguments[] = {(char *)self, "start", NULL};
	unsigned long *later;
	int status = -1;
	pid_t child;

	test(posix_spawn(&child, self, NULL, NULL, arguments, NULL) == 0 &&
			waitpid(child, &status, 0) == child && status == 0,
		"another program starts a transfer and ends");
	later = map(64 * SIZE);
	fill(later, 64 * SIZE, OTHER);
	test(expect(command(DMA_RUN, 3, 0, 0, 0), 0), "run after its exit");
	test(holds(later, 64 * SIZE, OTHER), "nobody else had the frames");
	test(expect(command(DMA_CHECK, 3, 0, 0, 0), 0), "the data stay in the frames");
	test(expect(command(DMA_FINISH, 3, 0, 0, 0), 0), "finish");
	munmap(later, 64 * SIZE);
}

/* What is pinned stays the parent's, whatever it writes; a child has what was there. */
static void test_survives_fork(void)
{
	unsigned long *pages = map(SIZE);
	int status = -1, right = 1;
	pid_t child;

	fill(pages, SIZE, OTHER);
	test(expect(command(DMA_START, 8, pages, PAGES, 8000), 0), "start");
	child = fork();
	if (!child) {
		command(DMA_RUN, 8, 0, 0, 0);
		_exit(!holds(pages, SIZE, OTHER));
	}
	test(waitpid(child, &status, 0) == child && status == 0,
		"a child does not see what arrives");
	fill(pages, SIZE, OTHER + 1);
	test(expect(command(DMA_RUN, 8, 0, 0, 0), 0), "run after a fork, and a store");
	for (unsigned long i = 0; i < PAGES; i++)
		right &= holds((void *)((char *)pages + i * PAGE), PAGE, 8000 + i);
	test(right, "the data arrive in the parent's memory");
	test(expect(command(DMA_FINISH, 8, 0, 0, 0), 0), "finish");
	munmap(pages, SIZE);
}

static void test_refusals(void)
{
	unsigned long *pages = map(SIZE);

	mprotect(pages, PAGE, PROT_READ);
	test(expect(command(DMA_START, 4, pages, 2, 0), EFAULT), "a read-only page");
	munmap((char *)pages + SIZE - PAGE, PAGE);
	test(expect(command(DMA_START, 4, (char *)pages + SIZE - 2 * PAGE, 2, 0), EFAULT),
		"a range with a hole");
	test(expect(command(DMA_RUN, 5, 0, 0, 0), ENOENT), "no such tag");
	test(expect(command(DMA_FINISH, 5, 0, 0, 0), ENOENT), "no such tag to finish");
	test(expect(command(DMA_START, 6, (char *)pages + PAGE, 1, 0), 0), "a tag");
	test(expect(command(DMA_START, 6, (char *)pages + PAGE, 1, 0), EEXIST),
		"the same tag");
	test(expect(command(DMA_FINISH, 6, 0, 0, 0), 0), "finish");
	test(expect(command(DMA_START, 7, pages, 0, 0), EINVAL), "no page");
	test(expect(command(DMA_START, 7, pages, 1UL << 60, 0), EINVAL), "too many");
	test(expect(command(99, 7, pages, 1, 0), EINVAL), "no such command");
	test(write(device, "", 1) == -1 && errno == EINVAL, "a short command");
}

int main(int argc, char **argv)
{
	char self[64];

	device = open("/dev/dma", O_WRONLY);
	if (argc > 1)
		return command(DMA_START, 3, map(SIZE), PAGES, 3000);
	test(device >= 0, "open /dev/dma");
	snprintf(self, sizeof(self), "/bin/%s",
		strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0]);
	PART(test_arrives());
	PART(test_survives_unmap());
	PART(test_survives_exit(self));
	PART(test_survives_fork());
	PART(test_refusals());
	printf("1..%d\n", count);
	return failures != 0;
}
