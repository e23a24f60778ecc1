/*
 * user/bench-smp.c - unmap pages while threads of this process run on all other CPUs.
 *
 * For `make bench`, whose counter (tests/tools/counter.c) counts each CPU's instructions
 * from bench_begin() to bench_end(): around each munmap. The threads only spin, so what
 * their CPUs execute in the kernel meanwhile is what the munmap makes them do.
 */
#include "user/counted.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define ROUNDS   101
#define CPUS_MAX 32
#define PAGE     4096UL

static volatile int running, stop;

static void *spin(void *cpu)
{
	run_on((unsigned long)cpu);
	__atomic_add_fetch(&running, 1, __ATOMIC_SEQ_CST);
	while (!stop)
		relax();
	return NULL;
}

static char *map(void *hint, size_t size, int prot)
{
	char *at = mmap(hint, size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return at;
}

/* In a hole between other mappings, so that tables stay. */
static void unmap_pages(void)
{
	char *room = map(NULL, 3 * PAGE, PROT_READ), *hole = room + PAGE;

	(void)*(volatile char *)room;
	munmap(hole, PAGE);
	for (int i = 0; i < ROUNDS; i++) {
		char *at = map(hole, PAGE, PROT_READ | PROT_WRITE);

		*(volatile char *)at = 1;
		bench_begin();
		munmap(at, PAGE);
		bench_end();
	}
}

int main(void)
{
	unsigned long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t threads[CPUS_MAX];

	run_on(0);
	for (unsigned long cpu = 1; cpu < cpus; cpu++)
		pthread_create(&threads[cpu], NULL, spin, (void *)cpu);
	while (running + 1 < (int)cpus)
		relax();
	unmap_pages();
	stop = 1;
	for (unsigned long cpu = 1; cpu < cpus; cpu++)
		pthread_join(threads[cpu], NULL);
	return 0;
}
