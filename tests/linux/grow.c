/*
 * tests/linux/grow.c - five threads in an address space whose root grows under them.
 *
 *     grow TAKEN
 *
 * Two threads map, write, check and unmap; one asks the kernel to find and pin pages, by
 * the lockless walk and by the slow way, and compares; one checks again and again what
 * was written first. Meanwhile the first thread maps memory at ever higher hints, each
 * beyond another level of page tables: TAKEN of them must be granted. All contents must
 * stay.
 */
#include "kernel/linux/gup_test.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE    4096UL
#define PAGES   16UL /* of a region */
#define ROUNDS  8    /* of each thread between two hints */
#define THREADS 4

/* What two, three and four levels can express, on s390x; 47 bits: four on x86_64. */
static const unsigned long hints[] = {1UL << 31, 1UL << 42, 1UL << 47, 1UL << 53};
#define HINTS (sizeof(hints) / sizeof(hints[0]))

static unsigned long *regions[HINTS + 1];
static atomic_uint region_count, rounds[THREADS], errors, pinned;
static atomic_bool stop;
static int gup = -1;

static void wrong(const char *what, unsigned long address)
{
	if (atomic_fetch_add(&errors, 1) < 5)
		printf("%s at %lx\n", what, address);
}

static unsigned long *word_of(unsigned long *region, unsigned long page)
{
	return region + page * PAGE / sizeof(*region);
}

static void fill(unsigned long *region)
{
	for (unsigned long page = 0; page < PAGES; page++)
		*word_of(region, page) = (unsigned long)word_of(region, page);
}

static void check(unsigned long *region)
{
	for (unsigned long page = 0; page < PAGES; page++)
		if (*word_of(region, page) != (unsigned long)word_of(region, page))
			wrong("lost", (unsigned long)word_of(region, page));
}

static void check_all(void)
{
	for (unsigned int i = 0; i < atomic_load(&region_count); i++)
		check(regions[i]);
}

/* A page comes and goes: what one thread unmaps, another must not find. */
static void churn(void)
{
	unsigned long *region = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (region == MAP_FAILED) {
		wrong("no memory", 0);
		return;
	}
	fill(region);
	check(region);
	madvise(region, PAGES / 2 * PAGE, MADV_DONTNEED);
	if (*word_of(region, 1))
		wrong("not zero", (unsigned long)word_of(region, 1));
	munmap(region, PAGES * PAGE);
}

/* Which frames the kernel finds, held by pins. How many. */
static long find(unsigned long *region, unsigned int way, __u64 *frames)
{
	struct origami_gup request = {.address = (unsigned long)region,
		.count = PAGES,
		.flags = GUP_FLAG_WRITE | GUP_FLAG_PIN,
		.way = way,
		.frames = (unsigned long)frames};

	if (ioctl(gup, ORIGAMI_GUP, &request))
		return -1;
	return request.got;
}

static void pin(void)
{
	unsigned int count = atomic_load(&region_count);
	__u64 fast[PAGES] = {0}, slow[PAGES] = {0};

	for (unsigned int i = 0; i < count && gup >= 0; i++) {
		long got = find(regions[i], ORIGAMI_GUP_FAST_ONLY, fast);

		if (find(regions[i], ORIGAMI_GUP_SLOW, slow) != (long)PAGES)
			wrong("not found slowly", (unsigned long)regions[i]);
		if (got != (long)PAGES || memcmp(fast, slow, sizeof(fast)))
			wrong("not found fast", (unsigned long)regions[i]);
		atomic_fetch_add(&pinned, got);
	}
}

static void *run(void *arg)
{
	static void (*const jobs[THREADS])(void) = {churn, churn, pin, check_all};
	unsigned long me = (unsigned long)arg;

	while (!atomic_load(&stop)) {
		jobs[me]();
		atomic_fetch_add(&rounds[me], 1);
	}
	return NULL;
}

/* Every thread has worked a while with the address space as it is. */
static void let_them_work(void)
{
	unsigned int before[THREADS];

	for (int i = 0; i < THREADS; i++)
		before[i] = atomic_load(&rounds[i]);
	for (int i = 0; i < THREADS; i++)
		while (atomic_load(&rounds[i]) - before[i] < ROUNDS)
			sched_yield();
}

/* A region that lies across a border of all page-table levels but the highest. False: the
 * kernel chose another place. */
static int add_region(unsigned long hint)
{
	void *at = (void *)(hint ? hint + (1UL << 31) - PAGES / 2 * PAGE : 0);
	unsigned long *region = mmap(at, PAGES * PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (region == MAP_FAILED)
		wrong("not mapped", hint);
	if (region == MAP_FAILED || (hint && region != at))
		return 0;
	fill(region);
	regions[atomic_load(&region_count)] = region;
	atomic_fetch_add(&region_count, 1);
	return 1;
}

int main(int argc, char **argv)
{
	unsigned int taken = 0, expected = argc > 1 ? atoi(argv[1]) : 0;
	pthread_t threads[THREADS];

	gup = open("/sys/kernel/debug/gup_test", O_RDWR);
	add_region(0);
	for (unsigned long i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, run, (void *)i))
			return 2;
	for (unsigned int i = 0; i < HINTS; i++) {
		let_them_work();
		taken += add_region(hints[i]);
	}
	let_them_work();
	atomic_store(&stop, 1);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	check_all();
	if (gup >= 0 && !atomic_load(&pinned))
		wrong("nothing was pinned", 0);
	printf("%u hints taken, %u errors\n", taken, atomic_load(&errors));
	return taken != expected || atomic_load(&errors);
}
