/*
 * tests/linux/pins.c - pages held through /sys/kernel/debug/gup_test stay what they were,
 * whatever the program does to its mappings; and every way to find pages finds the same.
 */
#include "tests/linux/tap.h"
#include "kernel/linux/gup_test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE     4096UL
#define PAGES    16UL
#define SIZE     (PAGES * PAGE)
#define GUP_FILE "/sys/kernel/debug/gup_test"
#define ROUNDS   200
#define REQUESTS 3000
#define SEED     20261121
#define MANY     2048UL

static char copy[SIZE];

static char *map(size_t size)
{
	char *pages = mmap(
		NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED) {
		printf("Bail out! no memory\n");
		exit(1);
	}
	return pages;
}

static void fill(char *pages, unsigned long number, int seed)
{
	for (unsigned long i = 0; i < number; i++)
		for (unsigned long at = 0; at < PAGE; at += 8)
			*(uint64_t *)(pages + i * PAGE + at) = seed + i * PAGE + at;
}

static int filled(const char *pages, unsigned long number, int seed)
{
	for (unsigned long i = 0; i < number; i++)
		for (unsigned long at = 0; at < PAGE; at += 8) {
			uint64_t is = *(const uint64_t *)(pages + i * PAGE + at);

			if (is == seed + i * PAGE + at)
				continue;
			printf("# page %lu at %lu: expected %lx, got %lx\n", i, at,
				seed + i * PAGE + at, (unsigned long)is);
			return 0;
		}
	return 1;
}

/* --- the requests --- */

static int start(int fd, const void *address, size_t size, unsigned int flags)
{
	struct pin_longterm_test pins = {
		.addr = (unsigned long)address, .size = size, .flags = flags};

	return ioctl(fd, PIN_LONGTERM_TEST_START, &pins);
}

static int read_pins(int fd, void *to)
{
	__u64 address = (unsigned long)to;

	return ioctl(fd, PIN_LONGTERM_TEST_READ, &address);
}

/* Frames that were found, or the negative error number. */
static long find(int fd, const void *address, unsigned long pages, unsigned int way,
	unsigned int flags, __u64 *frames)
{
	struct origami_gup gup = {.address = (unsigned long)address,
		.count = pages,
		.way = way,
		.flags = flags,
		.frames = (unsigned long)frames};

	return ioctl(fd, ORIGAMI_GUP, &gup) ? -errno : (long)gup.got;
}

/* --- what is refused --- */

static void errors(int fd)
{
	char *pages = map(SIZE);
	struct gup_test none = {.addr = 0x1000, .size = PAGE, .nr_pages_per_call = 1};

	fill(pages, PAGES, 1);
	test(fails(ioctl(fd, _IO('g', 99)), EINVAL), "a request that does not exist");
	test(fails(ioctl(fd, GUP_BASIC_TEST, 8), EFAULT), "a wild pointer");
	test(fails(read_pins(fd, copy), EINVAL), "nothing to read");
	test(fails(start(fd, pages + 8, SIZE, 0), EINVAL) &&
			fails(start(fd, pages, 100, 0), EINVAL) &&
			fails(start(fd, pages, 0, 0), EINVAL),
		"only whole pages, and some");
	test(fails(start(fd, pages, SIZE, 8), EINVAL), "an unknown flag");
	munmap(pages + PAGE, PAGE);
	test(fails(start(fd, pages + PAGE, PAGE, 0), EFAULT), "nothing is mapped there");
	test(fails(start(fd, pages, SIZE, 0), EFAULT),
		"nor there, behind a page that is");
	mprotect(pages, PAGE, PROT_READ);
	test(fails(start(fd, pages, PAGE, PIN_LONGTERM_USE_WRITE), EFAULT) &&
			fails(start(fd, pages, PAGE, 3), EFAULT) &&
			!start(fd, pages, PAGE, 0),
		"a page that is only read cannot be pinned for writing");
	test(fails(start(fd, pages, PAGE, 0), EINVAL), "one set of pins at a time");
	test(!ioctl(fd, PIN_LONGTERM_TEST_STOP) && !ioctl(fd, PIN_LONGTERM_TEST_STOP),
		"stop, and stop again");
	mprotect(pages, PAGE, PROT_NONE);
	test(fails(start(fd, pages, PAGE, PIN_LONGTERM_USE_FAST), EFAULT), "PROT_NONE");
	test(!ioctl(fd, GUP_BASIC_TEST, &none) && !none.size, "a size says: none found");
	munmap(pages, SIZE);
}

/* An ordinary number or an extreme one. */
static uint64_t number(const char *pages)
{
	const uint64_t numbers[] = {0, 1, PAGE, SIZE, (uint64_t)(uintptr_t)pages,
		1UL << 31, 1UL << 42, 1UL << 47, 1UL << 63, ~0UL, ~0UL << 12, 0x7fffffff};

	return numbers[random() % 12];
}

static void random_request(int fd, const char *pages)
{
	int sane = random() % 2;
	struct gup_test test = {.addr = sane ? (unsigned long)pages : number(pages),
		.size = number(pages),
		.nr_pages_per_call = number(pages),
		.gup_flags = number(pages),
		.test_flags = number(pages)};
	struct pin_longterm_test pins = {
		.addr = test.addr, .size = test.size, .flags = random() % 5};
	struct origami_gup gup = {.address = test.addr,
		.count = number(pages),
		.flags = number(pages),
		.way = random() % 4,
		.frames = random() % 2 ? 0 : 1UL << 63,
		.rounds = random() % 3};

	switch (random() % 4) {
	case 0:
		ioctl(fd, PIN_LONGTERM_TEST_START, &pins);
		break;
	case 1:
		ioctl(fd, PIN_LONGTERM_TEST_STOP);
		break;
	case 2:
		ioctl(fd, ORIGAMI_GUP, &gup);
		break;
	default:
		ioctl(fd, _IOWR('g', 1 + random() % 6, struct gup_test), &test);
	}
}

/* Errors or results, and no more than that. */
static void random_requests(int fd, const char *pages)
{
	srandom(SEED);
	for (int i = 0; i < rounds(REQUESTS); i++)
		random_request(fd, pages);
	ioctl(fd, PIN_LONGTERM_TEST_STOP);
}

static void fuzz(int fd)
{
	char *pages = map(SIZE);

	printf("# seed %d\n", SEED);
	fill(pages, PAGES, 9);
	random_requests(fd, pages);
	test(filled(pages, PAGES, 9), "random requests write to no page");
	test(!start(fd, pages, SIZE, 0) && !read_pins(fd, copy) &&
			filled(copy, PAGES, 9) && !ioctl(fd, PIN_LONGTERM_TEST_STOP),
		"and afterwards all is as before");
	munmap(pages, SIZE);
}

/* --- which pages --- */

static void ways(int fd)
{
	__u64 fast[PAGES], slow[PAGES], both[PAGES];
	char *pages = map(SIZE);

	test(find(fd, pages, PAGES, ORIGAMI_GUP_FAST_ONLY, 0, fast) == 0,
		"the fast walk never faults a page in");
	test(find(fd, pages, PAGES, ORIGAMI_GUP_FAST, GUP_FLAG_WRITE, both) == PAGES,
		"the slow way behind it does");
	test(find(fd, pages, PAGES, ORIGAMI_GUP_FAST_ONLY, GUP_FLAG_WRITE, fast) ==
				PAGES &&
			find(fd, pages, PAGES, ORIGAMI_GUP_SLOW, GUP_FLAG_PIN, slow) ==
				PAGES &&
			!memcmp(fast, slow, sizeof(fast)) &&
			!memcmp(fast, both, sizeof(fast)),
		"all ways find the same pages");
	munmap(pages + 5 * PAGE, PAGE);
	test(find(fd, pages, PAGES, ORIGAMI_GUP_FAST_ONLY, 0, fast) == 5 &&
			find(fd, pages, PAGES, ORIGAMI_GUP_SLOW, 0, slow) == 5 &&
			find(fd, pages, PAGES, ORIGAMI_GUP_FAST, 0, both) == 5,
		"up to a hole");
	test(find(fd, pages + 5 * PAGE, 1, ORIGAMI_GUP_FAST, 0, both) == -EFAULT ||
			find(fd, pages + 5 * PAGE, 1, ORIGAMI_GUP_FAST, 0, both) == 0,
		"nothing in the hole");
	munmap(pages, SIZE);
}

/* Across a multiple of every level's span there is one step from each level's table into
 * another: the place where the walk of 2018 went astray. */
static void borders(int fd)
{
	static const unsigned long sizes[] = {
		1UL << 20, 1UL << 21, 1UL << 30, 1UL << 31, 1UL << 39, 1UL << 40};
	__u64 fast[4], slow[4];
	int good = 1;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *want = (char *)(7 * sizes[i] - 2 * PAGE);
		char *pages = mmap(want, 4 * PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

		if (pages == MAP_FAILED && errno == ENOMEM)
			continue; /* above what this table can have */
		memset(fast, 0, sizeof(fast));
		memset(slow, 1, sizeof(slow));
		good &= pages == want;
		if (pages == want)
			memset(pages, 1, 4 * PAGE);
		good &= find(fd, want, 4, ORIGAMI_GUP_FAST_ONLY, 0, fast) == 4;
		good &= find(fd, want, 4, ORIGAMI_GUP_SLOW, 0, slow) == 4;
		if (memcmp(fast, slow, sizeof(fast)))
			good = 0;
		if (!good) {
			printf("# at %p: fast %llx %llx %llx %llx\n", want, fast[0],
				fast[1], fast[2], fast[3]);
			printf("# slow %llx %llx %llx %llx\n", slow[0], slow[1], slow[2],
				slow[3]);
			break;
		}
		munmap(pages, 4 * PAGE);
	}
	test(good, "the same pages across the borders of all levels");
}

/* --- pins stay --- */

/* Takes and writes a lot of memory; none of its frames may be one of these. */
static int meets_none(int fd, const __u64 *frames)
{
	static __u64 others[MANY];
	char *pages = map(MANY * PAGE);
	int met = 0;

	memset(pages, 0xff, MANY * PAGE);
	if (find(fd, pages, MANY, ORIGAMI_GUP_SLOW, 0, others) != MANY)
		met = 1;
	for (unsigned long i = 0; i < MANY; i++)
		for (unsigned long j = 0; j < PAGES; j++)
			if (others[i] == frames[j]) {
				printf("# frame %llx is in use again\n", frames[j]);
				met = 1;
			}
	munmap(pages, MANY * PAGE);
	return !met;
}

static void survive(int fd, unsigned int flags, const char *how)
{
	char *pages = map(SIZE), name[100];
	__u64 frames[PAGES];

	fill(pages, PAGES, 2);
	snprintf(name, sizeof(name), "pinned %s", how);
	test(!start(fd, pages, SIZE, flags) &&
			find(fd, pages, PAGES, ORIGAMI_GUP_SLOW, 0, frames) == PAGES &&
			!read_pins(fd, copy) && filled(copy, PAGES, 2),
		name);
	fill(pages, PAGES, 3);
	test(!read_pins(fd, copy) && filled(copy, PAGES, 3), "what is written arrives");
	munmap(pages, SIZE / 2);
	madvise(pages + SIZE / 2, SIZE / 4, MADV_DONTNEED);
	mmap(pages + SIZE / 2 + SIZE / 4, SIZE / 4, PROT_READ,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	test(meets_none(fd, frames), "nobody else gets the frames of what was unmapped");
	test(!read_pins(fd, copy) && filled(copy, PAGES, 3),
		"and they keep what they held");
	test(pages[SIZE / 2] == 0, "the program has other pages there");
	test(!ioctl(fd, PIN_LONGTERM_TEST_STOP) && fails(read_pins(fd, copy), EINVAL),
		"until the pins are dropped");
	munmap(pages, SIZE);
}

/* A program that ends with pins in its hands. */
static void leave(char *self)
{
	char *const arguments[] = {self, "leave", NULL};
	extern char **environ;
	int status = -1;
	pid_t pid;

	test(!posix_spawn(&pid, "/proc/self/exe", NULL, NULL, arguments, environ) &&
			waitpid(pid, &status, 0) == pid && status == 0,
		"a program may end with pages pinned");
}

/* --- with threads --- */

static int stop;

static void *unmapper(void *unused)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		char *pages = map(SIZE);

		fill(pages, PAGES, 7);
		munmap(pages, SIZE);
	}
	return NULL;
}

/* Each with a file of its own; the pages go while they are pinned. */
static void *pinner(void *unused)
{
	char *mine = map(SIZE);
	int fd = open(GUP_FILE, O_RDWR);
	long bad = 0;

	for (int round = 0; round < rounds(ROUNDS); round++) {
		char *pages = map(SIZE);

		fill(pages, PAGES, round);
		bad += start(fd, pages, SIZE, PIN_LONGTERM_USE_FAST | (round & 1)) != 0;
		munmap(pages, SIZE);
		bad += read_pins(fd, mine) != 0 || !filled(mine, PAGES, round);
		ioctl(fd, PIN_LONGTERM_TEST_STOP);
	}
	close(fd);
	return (void *)bad;
}

static void threads(void)
{
	pthread_t pinners[2], unmappers[2];
	void *bad[2];

	for (int i = 0; i < 2; i++) {
		pthread_create(&unmappers[i], NULL, unmapper, NULL);
		pthread_create(&pinners[i], NULL, pinner, NULL);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(pinners[i], &bad[i]);
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 2; i++)
		pthread_join(unmappers[i], NULL);
	test(!bad[0] && !bad[1], "two pin while two map and unmap");
}

static void nothing(int signal)
{
}

static void *teaser(void *whom)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		pthread_kill(*(pthread_t *)whom, SIGUSR1);
	return NULL;
}

/* What is asked for is read by the kernel in a page that it has to fault in first, and
 * for that to wait until others have unmapped something large: time for a signal to come.
 */
static void teased(int fd)
{
	int file = memfd_create("request", 0);
	struct origami_gup *gup;
	pthread_t me = pthread_self(), others[2];
	long missed = 0;

	ftruncate(file, PAGE);
	gup = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	*gup = (struct origami_gup){
		.address = (unsigned long)map(PAGE), .count = 1, .way = ORIGAMI_GUP_FAST};
	signal(SIGUSR1, nothing);
	__atomic_store_n(&stop, 0, __ATOMIC_RELAXED);
	pthread_create(&others[0], NULL, teaser, &me);
	pthread_create(&others[1], NULL, unmapper, NULL);
	for (int round = 0; round < rounds(ROUNDS); round++) {
		gup->got = 0;
		madvise(gup, PAGE, MADV_DONTNEED);
		missed += ioctl(fd, ORIGAMI_GUP, gup) || gup->got != 1;
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 2; i++)
		pthread_join(others[i], NULL);
	if (missed)
		printf("# %ld times none\n", missed);
	test(!missed, "a request that a signal meets finds its pages all the same");
}

int main(int argc, char **argv)
{
	int fd = open(GUP_FILE, O_RDWR);

	if (argc > 1)
		return start(fd, map(SIZE), SIZE, PIN_LONGTERM_USE_WRITE) != 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!test(fd >= 0, GUP_FILE))
		return 1;
	PART(errors(fd));
	PART(fuzz(fd));
	PART(ways(fd));
	PART(borders(fd));
	PART(survive(fd, PIN_LONGTERM_USE_WRITE, "the slow way"));
	PART(survive(fd, PIN_LONGTERM_USE_WRITE | PIN_LONGTERM_USE_FAST, "the fast way"));
	PART(leave(argv[0]));
	PART(threads());
	PART(teased(fd));
	printf("1..%d\n", count);
	return failures > 0;
}
