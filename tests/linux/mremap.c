/*
 * tests/linux/mremap.c - mappings that become larger, smaller, or go somewhere else, as
 * programs see them.
 */
#define _GNU_SOURCE
#include "tests/linux/tap.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

#define PAGE    4096UL
#define PAGES   8UL
#define SIZE    (PAGES * PAGE)
#define BIG     (2UL << 20) /* what a table, or two, can map */
#define ROUNDS  300
#define RW      (PROT_READ | PROT_WRITE)
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)
#define MAYMOVE MREMAP_MAYMOVE
#define FIXED   (MREMAP_MAYMOVE | MREMAP_FIXED)
#define KEEP    (MREMAP_MAYMOVE | MREMAP_DONTUNMAP)

static char *map(int flags, int fd, size_t size)
{
	char *at = mmap(NULL, size, RW, flags, fd, 0);

	if (at == MAP_FAILED) {
		printf("Bail out! mmap: %s\n", strerror(errno));
		exit(1);
	}
	return at;
}

/* Free, with free pages around it. */
static char *room(size_t size)
{
	char *at = mmap(NULL, size + 2 * SIZE, PROT_NONE, PRIVATE | MAP_NORESERVE, -1, 0);

	munmap(at, size + 2 * SIZE);
	return at + SIZE;
}

static int is_mapped(char *at)
{
	unsigned char present;

	return mincore(at, PAGE, &present) == 0;
}

static void fill(char *at, unsigned long pages)
{
	for (unsigned long p = 0; p < pages; p++)
		at[p * PAGE] = 'a' + p;
}

/* Pages from, from + 1 ... of what was filled. */
static int is_filled(char *at, unsigned long from, unsigned long pages)
{
	for (unsigned long p = 0; p < pages; p++)
		if (at[p * PAGE] != (char)('a' + from + p))
			return 0;
	return 1;
}

static void test_in_place(void)
{
	char *at = map(PRIVATE, -1, 2 * SIZE);

	fill(at, PAGES);
	test(mremap(at, 2 * SIZE, SIZE, 0) == at && is_filled(at, 0, PAGES),
		"it becomes smaller");
	test(!is_mapped(at + SIZE), "what was cut off is gone");
	test(mremap(at, SIZE, 2 * SIZE, 0) == at && is_filled(at, 0, PAGES) && !at[SIZE],
		"it becomes larger where there is room");
	test(fails((long)mremap(at, SIZE, 2 * SIZE, 0), ENOMEM), "but not over itself");
	test(mremap(at, SIZE, SIZE - 1, 0) == at && is_mapped(at + SIZE - PAGE),
		"sizes are rounded up to pages");
	munmap(at, 2 * SIZE);
}

static void test_moves(void)
{
	char *at = map(PRIVATE, -1, 2 * SIZE), *to;

	fill(at, PAGES);
	to = mremap(at, SIZE, 3 * SIZE, MAYMOVE);
	test(to != MAP_FAILED && (to + 3 * SIZE <= at || to >= at + SIZE),
		"it moves where there is room");
	test(is_filled(to, 0, PAGES) && !to[SIZE] && !to[3 * SIZE - 1],
		"with what is in it; the rest is zeros");
	test(!is_mapped(at) && is_mapped(at + SIZE), "only it has moved");
	munmap(at + SIZE, SIZE);
	munmap(to, 3 * SIZE);
}

static void test_fixed(void)
{
	char *at = map(PRIVATE, -1, SIZE), *to = map(PRIVATE, -1, SIZE);

	fill(at, PAGES);
	memset(to, 'x', SIZE);
	test(mremap(at + 2 * PAGE, 3 * PAGE, 2 * PAGE, FIXED, to + PAGE) == to + PAGE,
		"a part goes to a place of our choice, and becomes smaller");
	test(to[0] == 'x' && is_filled(to + PAGE, 2, 2) && to[3 * PAGE] == 'x',
		"over what was there, and nothing else");
	test(is_filled(at, 0, 2) && !is_mapped(at + 2 * PAGE) &&
			!is_mapped(at + 4 * PAGE) && is_filled(at + 5 * PAGE, 5, 3),
		"around the old place all is as it was");
	test(mremap(at, PAGE, 2 * PAGE, FIXED, to + 5 * PAGE) == to + 5 * PAGE &&
			is_filled(to + 5 * PAGE, 0, 1) && !to[6 * PAGE],
		"another one becomes larger on the way");
	munmap(at, SIZE);
	munmap(to, SIZE);
}

static void test_copies(void)
{
	char *at = map(MAP_SHARED | MAP_ANONYMOUS, -1, SIZE), *to;

	fill(at, PAGES);
	to = mremap(at + PAGE, 0, 2 * PAGE, MAYMOVE);
	test(to != MAP_FAILED && is_filled(to, 1, 2) && is_filled(at, 0, PAGES),
		"shared memory has a second mapping");
	to[PAGE] = 'X';
	test(at[2 * PAGE] == 'X', "of the same pages");
	munmap(to, 2 * PAGE);
	munmap(at, SIZE);
	at = map(PRIVATE, -1, SIZE);
	test(fails((long)mremap(at, 0, SIZE, MAYMOVE), EINVAL), "private memory has not");
	munmap(at, SIZE);
}

static void test_keeps(void)
{
	char *at = map(PRIVATE, -1, SIZE), *to;
	int fd = memfd_create("test", 0);

	fill(at, PAGES);
	to = mremap(at, SIZE, SIZE, KEEP, NULL);
	test(to != MAP_FAILED && is_filled(to, 0, PAGES) && !at[0] && !at[SIZE - 1],
		"pages go, and leave an empty mapping");
	fill(at, 1);
	to[0] = 'X';
	test(is_filled(at, 0, 1) && to[0] == 'X', "the two have nothing in common");
	munmap(at, SIZE);
	munmap(to, SIZE);
	ftruncate(fd, SIZE);
	at = map(MAP_SHARED, fd, SIZE);
	fill(at, PAGES);
	to = mremap(at, SIZE, SIZE, KEEP | MREMAP_FIXED, room(SIZE));
	test(to != MAP_FAILED && is_filled(to, 0, PAGES) && is_filled(at, 0, PAGES),
		"of a file it shows the file");
	munmap(at, SIZE);
	munmap(to, SIZE);
	close(fd);
}

/* Pages of one's own and the file's, in one mapping. */
static void test_file(void)
{
	int fd = memfd_create("test", 0);
	char *shared, *at, *to;

	ftruncate(fd, SIZE);
	shared = map(MAP_SHARED, fd, SIZE);
	at = map(MAP_PRIVATE, fd, SIZE);
	fill(shared, PAGES);
	at[PAGE] = 'X';
	to = mremap(at, SIZE, SIZE, FIXED, room(SIZE));
	shared[0] = 'Y';
	shared[PAGE] = 'Z';
	test(to[0] == 'Y' && to[PAGE] == 'X' && is_filled(to + 2 * PAGE, 2, PAGES - 2),
		"a private mapping of a file moves with one's own pages");
	ftruncate(fd, PAGE);
	ftruncate(fd, SIZE);
	test(!to[PAGE] && !to[2 * PAGE] && to[0] == 'Y', "and is cut with the file");
	munmap(to, SIZE);
	to = mremap(shared, PAGE, SIZE, MAYMOVE);
	test(to != MAP_FAILED && to[0] == 'Y' && !to[PAGE],
		"a shared one becomes larger");
	munmap(shared + PAGE, SIZE - PAGE);
	munmap(to, SIZE);
	close(fd);
}

static void test_rights(void)
{
	char *at = map(PRIVATE, -1, SIZE), *to;
	int ends[2];

	fill(at, PAGES);
	mprotect(at, SIZE, PROT_READ);
	to = mremap(at, SIZE, SIZE, FIXED, room(SIZE));
	test(to != MAP_FAILED && is_filled(to, 0, PAGES) && pipe(ends) == 0 &&
			write(ends[1], "x", 1) == 1 && read(ends[0], to, 1) == -1 &&
			errno == EFAULT,
		"what was read-only is so at the new place");
	munmap(to, SIZE);
	close(ends[0]);
	close(ends[1]);
}

static void test_fork(void)
{
	char *at = map(PRIVATE, -1, SIZE), *to;
	int status = -1, turn[2];
	pid_t child;
	char byte;

	fill(at, PAGES);
	if (pipe(turn))
		return;
	child = fork();
	if (!child) {
		int bad = read(turn[0], &byte, 1) != 1 || !is_filled(at, 0, PAGES);

		_exit(bad);
	}
	to = mremap(at, SIZE, SIZE, FIXED, room(SIZE));
	memset(to, 'x', SIZE);
	test(write(turn[1], "x", 1) == 1 && waitpid(child, &status, 0) == child &&
			status == 0,
		"a child's pages stay where they are, and what they are");
	test(to[0] == 'x' && to[SIZE - 1] == 'x', "its parent's have moved");
	munmap(to, SIZE);
	close(turn[0]);
	close(turn[1]);
}

static char *places[2];
static volatile int stop;
static __thread sigjmp_buf back;
static __thread volatile unsigned long stores;

static void caught(int signal)
{
	siglongjmp(back, 1);
}

static void *store_for_ever(void *unused)
{
	while (!stop) {
		sigsetjmp(back, 1);
		stores++;
		*(volatile uint64_t *)places[stores & 1] = stores;
	}
	return NULL;
}

static void *cut_for_ever(void *fd)
{
	while (!stop) {
		ftruncate((intptr_t)fd, 0);
		ftruncate((intptr_t)fd, PAGE);
	}
	return NULL;
}

/* One thread moves a file's page to and fro, one cuts the file, one stores. */
static void test_threads(void)
{
	intptr_t fd = memfd_create("test", 0);
	struct sigaction action = {.sa_handler = caught};
	pthread_t storer, cutter;
	int bad = 0;

	ftruncate(fd, PAGE);
	/* Between pages of ours: else a thread's stack might come to lie there. */
	places[0] = map(PRIVATE, -1, SIZE) + PAGE;
	places[1] = places[0] + 2 * PAGE;
	mmap(places[0], PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	pthread_create(&storer, NULL, store_for_ever, NULL);
	pthread_create(&cutter, NULL, cut_for_ever, (void *)fd);
	for (int i = 0; i < rounds(ROUNDS); i++)
		bad += mremap(places[i & 1], PAGE, PAGE, FIXED, places[~i & 1]) !=
		       places[~i & 1];
	stop = 1;
	pthread_join(storer, NULL);
	pthread_join(cutter, NULL);
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	test(!bad, "a page moves under who stores to it, and who cuts it off");
	munmap(places[0] - PAGE, SIZE);
	close(fd);
}

static char *volatile big;
static volatile unsigned long added;

static void *add_for_ever(void *unused)
{
	while (!stop) {
		volatile uint64_t *word;

		if (sigsetjmp(back, 1))
			continue; /* it was somewhere else by then */
		word = (uint64_t *)(big + added % 2 * (BIG - PAGE));
		(*word)++;
		added++;
	}
	return NULL;
}

/* All that page tables hold goes to and fro, under who counts in its pages. */
static void test_tables(void)
{
	char *space = mmap(NULL, 4 * BIG, PROT_NONE, PRIVATE | MAP_NORESERVE, -1, 0);
	char *place = (char *)(((uintptr_t)space + BIG - 1) & -BIG),
	     *other = place + 2 * BIG;
	struct sigaction action = {.sa_handler = caught};
	pthread_t adder;
	int bad = 0;

	bad += mprotect(place, BIG, RW);
	for (unsigned long p = 1; p < BIG / PAGE - 1; p++)
		*(uint64_t *)(place + p * PAGE) = p;
	big = place;
	stop = 0;
	sigaction(SIGSEGV, &action, NULL);
	pthread_create(&adder, NULL, add_for_ever, NULL);
	for (int i = 0; i < rounds(ROUNDS); i++) {
		bad += mremap(place, BIG, BIG, FIXED, other) != other;
		big = other;
		other = place;
		place = big;
		usleep(i % 2 * 100);
	}
	stop = 1;
	pthread_join(adder, NULL);
	signal(SIGSEGV, SIG_DFL);
	test(!bad, "whole tables move");
	test(added && *(uint64_t *)place + *(uint64_t *)(place + BIG - PAGE) == added,
		"and no store is lost");
	for (unsigned long p = 1; p < BIG / PAGE - 1; p++)
		bad += *(uint64_t *)(place + p * PAGE) != p;
	test(!bad, "the other pages are what they were");
	munmap(space, 4 * BIG);
}

static void test_refusals(void)
{
	char *at = map(PRIVATE, -1, SIZE), *free = room(SIZE);

	munmap(at + SIZE - PAGE, PAGE);
	test(fails((long)mremap(at + 1, PAGE, PAGE, MAYMOVE), EINVAL), "an odd address");
	test(fails((long)mremap(at, PAGE, 0, MAYMOVE), EINVAL), "to nothing");
	test(fails((long)mremap(at, PAGE, PAGE, 64), EINVAL), "an unknown flag");
	test(fails((long)mremap(at, PAGE, PAGE, MREMAP_FIXED, free), EINVAL),
		"to a place without moving");
	test(fails((long)mremap(at, PAGE, PAGE, FIXED, free + 1), EINVAL),
		"to an odd address");
	test(fails((long)mremap(at, 2 * PAGE, 2 * PAGE, FIXED, at + PAGE), EINVAL),
		"over itself");
	test(fails((long)mremap(at, PAGE, PAGE, FIXED, (void *)~(PAGE - 1)), EINVAL),
		"to where no addresses are");
	test(fails((long)mremap(at, PAGE, PAGE, MREMAP_DONTUNMAP), EINVAL),
		"kept without moving");
	test(fails((long)mremap(at, PAGE, 2 * PAGE, KEEP, NULL), EINVAL),
		"kept, and larger");
	test(fails((long)mremap(free, PAGE, PAGE, MAYMOVE), EFAULT), "nothing is there");
	test(fails((long)mremap(at, SIZE, 2 * SIZE, MAYMOVE), EFAULT),
		"not all is there");
	test(fails((long)mremap(at, PAGE, 127UL << 40, MAYMOVE), ENOMEM),
		"to far too much");
	munmap(at, SIZE);
}

int main(void)
{
	PART(test_in_place());
	PART(test_moves());
	PART(test_fixed());
	PART(test_copies());
	PART(test_keeps());
	PART(test_file());
	PART(test_rights());
	PART(test_fork());
	PART(test_threads());
	PART(test_tables());
	PART(test_refusals());
	printf("1..%d\n", count);
	return failures != 0;
}
