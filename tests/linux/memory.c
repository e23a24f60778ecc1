/*
 * tests/linux/memory.c - mmap and its kin, brk, stacks and clocks as programs see them.
 */
#include "tests/linux/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define PAGE    4096UL
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)

static int refused(const void *result, int error)
{
	if (result == MAP_FAILED && errno == error)
		return 1;
	printf("# result %p, %s\n", result, strerror(errno));
	return 0;
}

static char *map(void *address, size_t size, int flags)
{
	return mmap(address, size, PROT_READ | PROT_WRITE, PRIVATE | flags, -1, 0);
}

static int is_zero(const char *from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (from[i])
			return 0;
	return 1;
}

static void mapping(void)
{
	char *pages = map(NULL, 4 * PAGE, 0), *other;

	test(pages != MAP_FAILED && is_zero(pages, 4 * PAGE), "fresh memory is zero");
	memset(pages, 1, 4 * PAGE);
	other = map(pages + PAGE, PAGE, MAP_FIXED);
	test(other == pages + PAGE && is_zero(other, PAGE) && pages[0] == 1 &&
			pages[2 * PAGE] == 1,
		"MAP_FIXED replaces just what it covers");
	test(refused(map(pages, PAGE, MAP_FIXED_NOREPLACE), EEXIST),
		"NOREPLACE does not");
	test(!madvise(pages, 4 * PAGE, MADV_DONTNEED) && is_zero(pages, 4 * PAGE),
		"MADV_DONTNEED gives zeros again");
	test(!munmap(pages + PAGE, PAGE), "a hole");
	other = map(pages + PAGE, PAGE, MAP_FIXED_NOREPLACE);
	test(other == pages + PAGE, "can be filled");
	test(!mprotect(pages, PAGE, PROT_READ) &&
			!mprotect(pages, PAGE, PROT_READ | PROT_WRITE),
		"mprotect there and back");
	pages[0] = 2;
	test(!munmap(pages, 4 * PAGE) && !munmap(pages, 4 * PAGE), "munmap, even twice");
	test(mprotect(pages, PAGE, PROT_READ) == -1 && errno == ENOMEM,
		"nothing there to protect");
}

static void dev_zero(void)
{
	int fd = open("/dev/zero", O_RDWR | O_CREAT, 0600);
	char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	char *other;

	test(pages != MAP_FAILED && is_zero(pages, 2 * PAGE), "/dev/zero maps as zeros");
	pages[0] = 1;
	other = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	test(other != MAP_FAILED && !other[0], "which are private");
	close(fd);
	fd = open("/dev/null", O_RDWR);
	test(refused(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0), ENODEV),
		"/dev/null has nothing to map");
	close(fd);
	munmap(pages, 2 * PAGE);
	munmap(other, PAGE);
}

static void errors(void)
{
	test(refused(map(NULL, 0, 0), EINVAL), "nothing to map");
	test(refused(map((void *)1, PAGE, MAP_FIXED), EINVAL), "an unaligned address");
	test(refused(map(NULL, SIZE_MAX - PAGE, 0), ENOMEM), "more than there can be");
	test(refused(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0), EBADF), "no file");
	test(refused(mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL),
		"neither private nor shared");
	test(munmap((void *)1, PAGE) == -1 && errno == EINVAL,
		"munmap of an odd address");
	test(munmap((void *)PAGE, 0) == -1 && errno == EINVAL, "munmap of nothing");
	test(mprotect((void *)1, PAGE, PROT_READ) == -1 && errno == EINVAL,
		"mprotect of an odd address");
	test(madvise((void *)1, PAGE, MADV_DONTNEED) == -1 && errno == EINVAL,
		"madvise of an odd address");
}

static void files(void)
{
	int file = open("/proc/self/exe", O_RDONLY);
	char *bytes = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, file, 0);
	char second[16];

	test(bytes != MAP_FAILED && !memcmp(bytes, "\177ELF", 4), "a file in memory");
	test(pread(file, second, 16, PAGE) == 16 && !memcmp(second, bytes + PAGE, 16),
		"page for page");
	munmap(bytes, 2 * PAGE);
	bytes = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, PAGE);
	test(!memcmp(second, bytes, 16), "from an offset");
	bytes[0]++;
	test(pread(file, second + 1, 1, PAGE) == 1 && second[1] == second[0],
		"writing to a private copy leaves the file alone");
	test(refused(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 100), EINVAL),
		"an unaligned offset");
	close(file);
}

static void heap(void)
{
	char *start = sbrk(0), *big;
	int wrong = 0;

	test(sbrk(3 * PAGE) == start && is_zero(start, 3 * PAGE), "brk grows");
	test(sbrk(-3 * (intptr_t)PAGE) == start + 3 * PAGE && sbrk(0) == start,
		"and shrinks");
	big = malloc(300000);
	memset(big, 7, 300000);
	big = realloc(big, 3000000);
	for (int i = 0; i < 300000; i++)
		wrong += big[i] != 7;
	test(!wrong, "realloc keeps what was there");
	big = realloc(big, 1000);
	test(big && big[999] == 7, "and gives back the rest");
	free(big);
}

static long deep(int levels)
{
	volatile char room[1000];

	room[0] = levels;
	return levels ? deep(levels - 1) + (room[0] == (char)levels) : 0;
}

static void *deep_thread(void *unused)
{
	(void)unused;
	return (void *)deep(1000);
}

static void stacks(void)
{
	pthread_t id;
	void *result;

	test(deep(6000) == 6000, "6 MB of stack");
	pthread_create(&id, NULL, deep_thread, NULL);
	pthread_join(id, &result);
	test(result == (void *)1000, "a thread's stack");
}

static void clocks(void)
{
	struct timespec a, b, nap = {0, 20000000};
	unsigned char random[64] = {0};
	struct utsname name;

	clock_gettime(CLOCK_MONOTONIC, &a);
	test(!nanosleep(&nap, NULL), "nanosleep");
	clock_gettime(CLOCK_MONOTONIC, &b);
	test((b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec >= 20000000,
		"sleeps at least that long");
	nap.tv_nsec = -1;
	test(nanosleep(&nap, NULL) == -1 && errno == EINVAL, "a time that is none");
	clock_gettime(CLOCK_REALTIME, &a);
	test(time(NULL) - a.tv_sec <= 1 && a.tv_sec > 1600000000, "the time of day");
	test(!clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a) && a.tv_sec < 1000, "CPU time");
	test(clock_gettime(99, &a) == -1 && errno == EINVAL, "no such clock");
	test(!clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &b, NULL),
		"sleeping until the past");
	test(getrandom(random, sizeof(random), 0) == sizeof(random) &&
			!is_zero((char *)random, 16) && memcmp(random, random + 32, 32),
		"random bytes");
	test(!uname(&name) && strlen(name.machine) > 3, "uname");
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	mapping();
	dev_zero();
	errors();
	files();
	heap();
	stacks();
	clocks();
	printf("1..%d\n", count);
	return failures > 0;
}
