/*
 * user/scale.c - what threads of one process pay for faults and mappings, each on a CPU
 * and on memory of its own.
 *
 *     scale [THREADS [MAPPER]]   threads (1), and microseconds between two mappings of
 *                                one more thread, which has nothing to do with them (0:
 *                                there is none; it sleeps in between)
 *
 *     page_fault1   first writes to anonymous memory
 *     page_fault2   first writes to a private mapping of a file: copies
 *     page_fault3   first writes to a shared mapping of a file
 *     mmap1         anonymous memory is mapped and unmapped, untouched
 *     mmap2         a file is
 *
 * The operations are those of the programs of these names that Linux's developers measure
 * with; this runs on Linux, too. One line for each round, "phase NAME OPERATIONS", and
 * one for each test: how many of the host's nanoseconds an operation took. For `make
 * scale`, bench_begin() and bench_end() are around the operations of all threads, and of
 * nothing else (tests/tools/counter.c).
 */
#include "user/counted.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define THREADS 32
#define PAGES   256L
#define PAGE    4096L
#define SIZE    (PAGES * PAGE)
#define MAPS    64
#define ROUNDS  11

struct worker {
	pthread_t thread;
	int file;
	char *memory;
} __attribute__((aligned(128))); /* nobody writes to a line that is another's */

static struct worker workers[THREADS];
static int threads = 1;
static long pause_us, cpus; /* (there may be less of them than threads) */
static volatile int stop;   /* the mapper */

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* --- meeting without the kernel, which is what is measured --- */

static int arrived, turn; /* atomic */

static void meet(void)
{
	int mine = __atomic_load_n(&turn, __ATOMIC_ACQUIRE);

	if (__atomic_add_fetch(&arrived, 1, __ATOMIC_ACQ_REL) == threads) {
		__atomic_store_n(&arrived, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&turn, mine + 1, __ATOMIC_RELEASE);
	}
	while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) == mine)
		relax();
}

/* --- the tests --- */

static char *map(int flags, int file)
{
	char *at = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, flags, file, 0);

	if (at == MAP_FAILED)
		fail("mmap");
	return at;
}

static void map_anonymous(struct worker *worker)
{
	worker->memory = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static void map_private(struct worker *worker)
{
	worker->memory = map(MAP_PRIVATE, worker->file);
}

static void map_shared(struct worker *worker)
{
	worker->memory = map(MAP_SHARED, worker->file);
}

static void unmap(struct worker *worker)
{
	munmap(worker->memory, SIZE);
}

static void touch(struct worker *worker)
{
	for (long i = 0; i < PAGES; i++)
		worker->memory[i * PAGE] = 1;
}

static void mappings(struct worker *worker)
{
	for (int i = 0; i < MAPS; i++) {
		map_anonymous(worker);
		unmap(worker);
	}
}

static void file_mappings(struct worker *worker)
{
	for (int i = 0; i < MAPS; i++) {
		map_shared(worker);
		unmap(worker);
	}
}

static void nothing(struct worker *worker)
{
}

static const struct test {
	const char *name;
	void (*before)(struct worker *), (*work)(struct worker *),
		(*after)(struct worker *);
	long operations; /* of one thread in a round */
} tests[] = {
	{"page_fault1", map_anonymous, touch, unmap, PAGES},
	{"page_fault2", map_private, touch, unmap, PAGES},
	{"page_fault3", map_shared, touch, unmap, PAGES},
	{"mmap1", nothing, mappings, nothing, MAPS},
	{"mmap2", nothing, file_mappings, nothing, MAPS},
};

#define TESTS (sizeof(tests) / sizeof(tests[0]))

/* --- threads --- */

static long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000 + time.tv_nsec;
}

/* What all threads do in a round; the first one has the marks set meanwhile. */
static long round_of(struct worker *worker, const struct test *test)
{
	long start = 0, end;

	test->before(worker);
	meet();
	if (worker == workers) {
		bench_begin();
		start = now();
	}
	meet();
	test->work(worker);
	meet();
	end = now();
	if (worker == workers)
		bench_end();
	meet();
	test->after(worker);
	return end - start;
}

static void *work(void *arg)
{
	struct worker *worker = arg;

	run_on((worker - workers) % cpus);
	for (unsigned int i = 0; i < TESTS * ROUNDS; i++)
		round_of(worker, &tests[i / ROUNDS]);
	return NULL;
}

static void *map_now_and_then(void *arg)
{
	while (!stop) {
		munmap(map(MAP_PRIVATE | MAP_ANONYMOUS, -1), SIZE);
		usleep(pause_us);
	}
	return NULL;
}

/* Files have all their pages: what is measured is to map them. */
static void start(struct worker *worker)
{
	worker->file = memfd_create("scale", 0);
	if (worker->file < 0 || ftruncate(worker->file, SIZE))
		fail("memfd_create");
	map_shared(worker);
	touch(worker);
	unmap(worker);
	if (worker != workers && pthread_create(&worker->thread, NULL, work, worker))
		fail("pthread_create");
}

static int by_size(const void *one, const void *other)
{
	long a = *(const long *)one, b = *(const long *)other;

	return (a > b) - (a < b);
}

static void run(const struct test *test)
{
	long took[ROUNDS], operations = threads * test->operations;

	for (int i = 0; i < ROUNDS; i++) {
		printf("phase %s %ld\n", test->name, operations);
		took[i] = round_of(workers, test);
	}
	qsort(took, ROUNDS, sizeof(took[0]), by_size);
	printf("wall %s %d threads: best %ld, median %ld ns an operation\n", test->name,
		threads, took[0] / operations, took[ROUNDS / 2] / operations);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	pthread_t mapper;

	threads = argc > 1 ? atoi(argv[1]) : 1;
	pause_us = argc > 2 ? atol(argv[2]) : 0;
	if (threads < 1 || threads > THREADS) {
		fprintf(stderr, "scale: %s threads? 1 to %d\n", argv[1], THREADS);
		return 2;
	}
	cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (pause_us && pthread_create(&mapper, NULL, map_now_and_then, NULL))
		fail("pthread_create");
	run_on(0);
	for (int i = 0; i < threads; i++)
		start(&workers[i]);
	for (unsigned int i = 0; i < TESTS; i++)
		run(&tests[i]);
	for (int i = 1; i < threads; i++)
		pthread_join(workers[i].thread, NULL);
	stop = 1;
	if (pause_us)
		pthread_join(mapper, NULL);
	return 0;
}
