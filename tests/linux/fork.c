/*
 * tests/linux/fork.c - fork and copy on write, as programs see them: what one of the two
 * writes the other does not see, whoever writes first, in which thread, and how often.
 */
#include "tests/linux/tap.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE     4096UL
#define PAGES    64UL
#define WORDS    (PAGE / sizeof(uint64_t))
#define CHILDREN 24
#define FORKS    60

static uint64_t *map(unsigned long pages)
{
	void *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		printf("Bail out! no memory\n");
		exit(1);
	}
	return memory;
}

static void fill(uint64_t *pages, unsigned long number, uint64_t value)
{
	for (unsigned long i = 0; i < number; i++)
		pages[i * WORDS] = pages[i * WORDS + WORDS - 1] = value + i;
}

static int holds(const uint64_t *pages, unsigned long number, uint64_t value)
{
	for (unsigned long i = 0; i < number; i++)
		if (pages[i * WORDS] != value + i ||
			pages[i * WORDS + WORDS - 1] != value + i)
			return 0;
	return 1;
}

/* Runs fn(argument) in a child; how it ended, as waitpid() says. */
static int in_child(int (*fn)(uint64_t *argument), uint64_t *argument)
{
	int status = -1;
	pid_t child = fork();

	if (!child)
		_exit(fn(argument));
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return status;
}

/* --- who sees what --- */

static int write_all(uint64_t *pages)
{
	if (!holds(pages, PAGES, 1000))
		return 1;
	fill(pages, PAGES, 2000);
	return !holds(pages, PAGES, 2000);
}

static void test_child_writes(void)
{
	uint64_t *pages = map(PAGES);

	fill(pages, PAGES, 1000);
	test(in_child(write_all, pages) == 0, "a child has its parent's memory");
	test(holds(pages, PAGES, 1000), "what it writes is its own");
	munmap(pages, PAGES * PAGE);
}

static void test_parent_writes(void)
{
	uint64_t *pages = map(PAGES);
	int go[2], status = -1;
	char byte = 0;
	pid_t child;

	fill(pages, PAGES, 1000);
	if (pipe(go))
		exit(1);
	child = fork();
	if (!child) {
		close(go[1]);
		if (read(go[0], &byte, 1) != 1)
			_exit(1);
		_exit(!holds(pages, PAGES, 1000));
	}
	fill(pages, PAGES, 3000);
	test(write(go[1], &byte, 1) == 1 && waitpid(child, &status, 0) == child &&
			status == 0,
		"what the parent writes the child does not see");
	test(holds(pages, PAGES, 3000), "and the parent does");
	close(go[0]);
	close(go[1]);
	munmap(pages, PAGES * PAGE);
}

/* A chain: each child forks the next, and all have different memory. */
static int generation(uint64_t *pages)
{
	uint64_t mine = ++pages[0];

	pages[mine * WORDS] = mine;
	if (mine < 10 && in_child(generation, pages))
		return 1;
	for (uint64_t i = 1; i < 16; i++)
		if (pages[i * WORDS] != (i <= mine ? i : 0))
			return 1;
	return pages[0] != mine;
}

static void test_generations(void)
{
	uint64_t *pages = map(PAGES);

	test(in_child(generation, pages) == 0, "ten generations");
	test(pages[0] == 0, "have left their ancestor alone");
	munmap(pages, PAGES * PAGE);
}

static void test_many(void)
{
	uint64_t *pages = map(PAGES);
	pid_t children[CHILDREN];
	int good = 1, many = rounds(CHILDREN);

	fill(pages, PAGES, 1000);
	for (int i = 0; i < many; i++) {
		children[i] = fork();
		if (!children[i]) {
			fill(pages, PAGES, 5000 + 100 * (uint64_t)i);
			for (int k = 0; k < 20; k++)
				sched_yield();
			_exit(holds(pages, PAGES, 5000 + 100 * (uint64_t)i) ? i : 99);
		}
	}
	for (int i = 0; i < many; i++) {
		int status = -1;

		good &= waitpid(children[i], &status, 0) == children[i] &&
			WIFEXITED(status) && WEXITSTATUS(status) == i;
	}
	test(good, "many children at once");
	test(holds(pages, PAGES, 1000), "and one parent");
	munmap(pages, PAGES * PAGE);
}

/* --- rights --- */

static int protect_and_write(uint64_t *pages)
{
	if (mprotect(pages, PAGES * PAGE, PROT_NONE) ||
		mprotect(pages, PAGES * PAGE, PROT_READ | PROT_WRITE))
		return 1;
	return write_all(pages);
}

static int write_read_only(uint64_t *pages)
{
	if (!holds(pages, PAGES, 1000))
		return 1;
	pages[0] = 1;
	return 2;
}

static void test_rights(void)
{
	uint64_t *pages = map(PAGES);
	int status;

	fill(pages, PAGES, 1000);
	test(in_child(protect_and_write, pages) == 0, "mprotect() of shared pages");
	test(holds(pages, PAGES, 1000), "gives no right to write to the parent's");
	mprotect(pages, PAGES * PAGE, PROT_READ);
	status = in_child(write_read_only, pages);
	test(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV,
		"read-only memory is read-only in a child");
	test(holds(pages, PAGES, 1000), "and can be read");
	munmap(pages, PAGES * PAGE);
}

static int move_break(uint64_t *unused)
{
	char *old = sbrk(64 * PAGE);

	if (old == (void *)-1)
		return 1;
	memset(old, 1, 64 * PAGE);
	return 0;
}

static void test_break(void)
{
	void *before = sbrk(0);

	test(in_child(move_break, NULL) == 0 && sbrk(0) == before,
		"the heap grows in the child alone");
}

/* --- threads --- */

static uint64_t *counters;
static int stop;

/* The last words never run ahead of the first. */
static void *count_up(void *unused)
{
	for (uint64_t n = 1; !__atomic_load_n(&stop, __ATOMIC_RELAXED); n++)
		for (unsigned long i = 0; i < PAGES; i++)
			__atomic_store_n(&counters[i * WORDS], n, __ATOMIC_RELEASE);
	return NULL;
}

/* Nobody writes here any more: the memory stands still. */
static int is_frozen(uint64_t *pages)
{
	uint64_t seen[PAGES];

	for (unsigned long i = 0; i < PAGES; i++)
		seen[i] = pages[i * WORDS];
	for (int k = 0; k < 5; k++)
		sched_yield();
	for (unsigned long i = 0; i < PAGES; i++)
		if (pages[i * WORDS] != seen[i])
			return 1;
	return 0;
}

static void test_threads(void)
{
	pthread_t thread;
	int bad = 0;

	counters = map(PAGES);
	pthread_create(&thread, NULL, count_up, NULL);
	for (int i = 0; i < rounds(FORKS); i++)
		bad += in_child(is_frozen, counters) != 0;
	stop = 1;
	pthread_join(thread, NULL);
	test(bad == 0, "a thread writes on while another one forks");
	for (unsigned long i = 1; i < PAGES; i++)
		bad += counters[i * WORDS] != counters[0];
	test(bad == 0, "and none of its stores is lost");
	munmap(counters, PAGES * PAGE);
}

/* --- who one is --- */

static int has_own_number(uint64_t *parent)
{
	return getpid() == (pid_t)*parent || getppid() != (pid_t)*parent ||
	       syscall(SYS_gettid) != getpid();
}

static int dies(uint64_t *unused)
{
	raise(SIGKILL);
	return 0;
}

static void test_numbers(const char *self)
{
	uint64_t parent = (uint64_t)getpid();
	int status = in_child(dies, NULL);
	char path[200];
	pid_t child;

	test(in_child(has_own_number, &parent) == 0, "numbers of the child");
	test(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "a child is killed");
	snprintf(path, sizeof(path), "%s%s", strchr(self, '/') ? "" : "/bin/", self);
	child = fork();
	if (!child) {
		execl(path, self, "exec", NULL);
		_exit(1);
	}
	test(waitpid(child, &status, 0) == child && WIFEXITED(status) &&
			WEXITSTATUS(status) == 42,
		"fork and exec");
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return 42;
	PART(test_child_writes());
	PART(test_parent_writes());
	PART(test_generations());
	PART(test_many());
	PART(test_rights());
	PART(test_break());
	PART(test_threads());
	PART(test_numbers(argv[0]));
	printf("1..%d\n", count);
	return failures != 0;
}
