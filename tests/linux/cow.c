/*
 * tests/linux/cow.c - copy on write after fork, as Linux's test of that name asks for it:
 * nobody sees what another process writes, not even through a pipe that still has the
 * page; and who has pinned a page, and the process that it is of, go on sharing it.
 *
 * Each case runs for each kind of page (`sources`), and with three ways to write
 * (`ways`), in a process of its own. Pins need the device of gup_test.
 */
#define _GNU_SOURCE
#include "kernel/linux/gup_test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define RW   (PROT_READ | PROT_WRITE)
#define OWN  (MAP_PRIVATE | MAP_ANONYMOUS)

enum {
	OLD = 'o',
	NEW = 'n',
	CHILD = 'c'
};

static int count, failures, device;

/* --- pages -------------------------------------------------------------------------- */

static void stop(const char *what)
{
	printf("# %s: %s\n", what, strerror(errno));
	fflush(stdout);
	_exit(99);
}

static char *map(int flags, int fd)
{
	char *at = mmap(NULL, PAGE, RW, flags, fd, 0);

	if (at == MAP_FAILED)
		stop("mmap");
	return at;
}

static int is(const char *page, char what)
{
	for (unsigned long i = 0; i < PAGE; i++)
		if (page[i] != what) {
			printf("# byte %lu is %d, not %d\n", i, page[i], what);
			return 0;
		}
	return 1;
}

static char *moved(char *page)
{
	char *to = map(OWN, -1);

	if (mremap(page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
		stop("mremap");
	return to;
}

static char *protected_once(char *page)
{
	if (mprotect(page, PAGE, PROT_READ) || mprotect(page, PAGE, RW))
		stop("mprotect");
	return page;
}

static char *same(char *page)
{
	return page;
}

static char *plain(void)
{
	return memset(map(OWN, -1), OLD, PAGE);
}

static char *populated(void)
{
	return memset(map(OWN | MAP_POPULATE, -1), OLD, PAGE);
}

static int memory_file(void)
{
	int fd = memfd_create("cow", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, PAGE))
		stop("memfd_create");
	return fd;
}

static char *of_file(void)
{
	return memset(map(MAP_PRIVATE, memory_file()), OLD, PAGE);
}

static char *was_protected(void)
{
	return protected_once(plain());
}

static char *was_moved(void)
{
	return moved(plain());
}

static const struct source {
	const char *name;
	char *(*make)(void); /* private to the process, all bytes OLD */
	int inherited;       /* another process has it, too */
} sources[] = {
	{"a page", plain, 0},
	{"a page that was populated", populated, 0},
	{"a page that was read-only for a while", was_protected, 0},
	{"a page that has moved", was_moved, 0},
	{"a page from a file", of_file, 0},
	{"a page of the parent's", plain, 1},
};

#define SOURCES (sizeof(sources) / sizeof(*sources))

/* Done by who writes before that. */
static char *(*const ways[])(char *page) = {same, protected_once, moved};

/* --- a case under way --------------------------------------------------------------- */

struct run {
	char *page;
	char *(*way)(char *page);
	unsigned int pin; /* PIN_LONGTERM_USE_FAST, or 0 */
	int to_child[2], to_parent[2];
};

static void put(struct run *run, char what)
{
	run->page = run->way(run->page);
	memset(run->page, what, PAGE);
}

/* Another process, which says whether all is well by its status. */
static pid_t begin(struct run *run)
{
	pid_t child;

	if (pipe(run->to_child) || pipe(run->to_parent))
		stop("pipe");
	child = fork();
	if (child < 0)
		stop("fork");
	close(child ? run->to_child[0] : run->to_child[1]);
	close(child ? run->to_parent[1] : run->to_parent[0]);
	return child;
}

static void tell(int ends[2])
{
	if (write(ends[1], "", 1) != 1)
		stop("tell");
}

static void await(int ends[2])
{
	char byte;

	if (read(ends[0], &byte, 1) != 1)
		stop("await");
}

static int well(pid_t child)
{
	int status;

	return waitpid(child, &status, 0) == child && status == 0;
}

/* --- two processes ------------------------------------------------------------------ */

static int parent_writes(struct run *run)
{
	pid_t child = begin(run);

	if (!child) {
		await(run->to_child);
		return is(run->page, OLD);
	}
	put(run, NEW);
	tell(run->to_child);
	return well(child) && is(run->page, NEW);
}

static int child_writes(struct run *run)
{
	pid_t child = begin(run);

	if (!child) {
		put(run, CHILD);
		tell(run->to_parent);
		await(run->to_child);
		return is(run->page, CHILD);
	}
	await(run->to_parent);
	if (!is(run->page, OLD))
		return 0;
	put(run, NEW);
	tell(run->to_child);
	return well(child) && is(run->page, NEW);
}

/* The child has gone: nobody shares the page any more. */
static int survivor_writes(struct run *run)
{
	pid_t child = begin(run);

	if (!child)
		return is(run->page, OLD);
	if (!well(child))
		return 0;
	put(run, NEW);
	return is(run->page, NEW);
}

/* --- a pipe has the page ------------------------------------------------------------ */

static void lend(const struct run *run, int pipe_ends[2])
{
	struct iovec vector = {run->page, PAGE};

	if (pipe(pipe_ends) || vmsplice(pipe_ends[1], &vector, 1, 0) != (ssize_t)PAGE)
		stop("vmsplice");
}

static int gives(int pipe_ends[2], char what)
{
	static char got[PAGE];

	return read(pipe_ends[0], got, PAGE) == (ssize_t)PAGE && is(got, what);
}

/* Z12's first story: what the parent writes would reach a child that has nothing any more
 * but the pipe. */
static int child_lends(struct run *run)
{
	pid_t child = begin(run);
	int ends[2];

	if (!child) {
		lend(run, ends);
		munmap(run->page, PAGE);
		tell(run->to_parent);
		await(run->to_child);
		return gives(ends, OLD);
	}
	await(run->to_parent);
	put(run, NEW);
	tell(run->to_child);
	return well(child) && is(run->page, NEW);
}

static int parent_lends(struct run *run, int before)
{
	int ends[2];
	pid_t child;

	if (before)
		lend(run, ends);
	child = begin(run);
	if (!child) {
		await(run->to_child);
		put(run, CHILD);
		return is(run->page, CHILD);
	}
	if (!before)
		lend(run, ends);
	munmap(run->page, PAGE);
	tell(run->to_child);
	return well(child) && gives(ends, OLD);
}

static int parent_lends_before(struct run *run)
{
	return parent_lends(run, 1);
}

static int parent_lends_after(struct run *run)
{
	return parent_lends(run, 0);
}

/* --- the page is pinned ------------------------------------------------------------- */

static void pin(const struct run *run, unsigned int more)
{
	struct pin_longterm_test pins = {
		.addr = (unsigned long)run->page, .size = PAGE, .flags = run->pin | more};

	if (ioctl(device, PIN_LONGTERM_TEST_START, &pins))
		stop("pinning");
}

/* What a device sees there. */
static int pinned_is(char what)
{
	static char got[PAGE];
	__u64 address = (unsigned long)got;

	return !ioctl(device, PIN_LONGTERM_TEST_READ, &address) && is(got, what);
}

static int pinned_while_shared(struct run *run)
{
	pid_t child = begin(run);

	if (!child) {
		await(run->to_child);
		return is(run->page, OLD);
	}
	pin(run, 0);
	put(run, NEW);
	tell(run->to_child);
	return well(child) && pinned_is(NEW);
}

static int pinned_when_alone(struct run *run)
{
	pid_t child = begin(run);

	if (!child)
		return 1;
	if (!well(child))
		return 0;
	pin(run, 0);
	put(run, NEW);
	return pinned_is(NEW);
}

static int pinned_before(struct run *run, unsigned int more)
{
	pid_t child;

	pin(run, more);
	child = begin(run);
	if (!child) {
		await(run->to_child);
		if (!is(run->page, OLD))
			return 0;
		put(run, CHILD);
		return is(run->page, CHILD);
	}
	put(run, NEW);
	tell(run->to_child);
	return well(child) && is(run->page, NEW) && pinned_is(NEW);
}

static int pinned_to_read_before(struct run *run)
{
	return pinned_before(run, 0);
}

static int pinned_to_write_before(struct run *run)
{
	return pinned_before(run, PIN_LONGTERM_USE_WRITE);
}

static int pinned_by_child(struct run *run)
{
	pid_t child = begin(run);

	if (!child) {
		pin(run, 0);
		put(run, CHILD);
		tell(run->to_parent);
		await(run->to_child);
		return pinned_is(CHILD);
	}
	await(run->to_parent);
	if (!is(run->page, OLD))
		return 0;
	put(run, NEW);
	tell(run->to_child);
	return well(child);
}

static int pinned_read_only(struct run *run)
{
	if (mprotect(run->page, PAGE, PROT_READ))
		stop("mprotect");
	pin(run, 0);
	if (mprotect(run->page, PAGE, RW))
		stop("mprotect");
	put(run, NEW);
	return pinned_is(NEW);
}

static const struct test_case {
	const char *name;
	int (*run)(struct run *run); /* true: well */
	int pins;
} cases[] = {
	{"the parent writes", parent_writes, 0},
	{"both write", child_writes, 0},
	{"who is left writes", survivor_writes, 0},
	{"the parent writes, a pipe of the child's has it", child_lends, 0},
	{"the child writes, a pipe of the parent's has it", parent_lends_after, 0},
	{"the child writes, a pipe has it since before", parent_lends_before, 0},
	{"pinned while shared", pinned_while_shared, 1},
	{"pinned when the child has gone", pinned_when_alone, 1},
	{"pinned to be read, then forked", pinned_to_read_before, 1},
	{"pinned to be written, then forked", pinned_to_write_before, 1},
	{"pinned by the child", pinned_by_child, 1},
	{"pinned while it may only be read", pinned_read_only, 1},
};

#define CASES (sizeof(cases) / sizeof(*cases))

/* --- pages that are nobody's own yet ------------------------------------------------ */

static char *zeros(void)
{
	return map(OWN, -1);
}

static char *file_page(void)
{
	return map(MAP_PRIVATE, memory_file());
}

static char *program_page(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	char *page = map(MAP_PRIVATE, fd);

	close(fd);
	return page;
}

static char *(*first_make)(void);

/* Pinned to be read, before it was ever written. */
static int pinned_first(struct run *run)
{
	char *other = first_make();

	run->page = first_make();
	(void)*(volatile char *)run->page;
	pin(run, 0);
	put(run, NEW);
	return pinned_is(NEW) && other[100] != NEW && other[1000] != NEW;
}

/* --- */

/* In a process of its own, whose children share nothing with the next case. */
static int runs_well(const struct test_case *one, const struct source *source,
	char *(*way)(char *page), unsigned int fast)
{
	char *page = source->inherited ? source->make() : NULL;
	pid_t pid = fork();
	int good;

	if (!pid) {
		struct run run = {.page = page, .way = way, .pin = fast};

		device = open("/sys/kernel/debug/gup_test", O_RDWR);
		if (!page)
			run.page = source->make();
		good = one->run(&run);
		fflush(stdout);
		_exit(!good);
	}
	good = pid > 0 && well(pid);
	if (page)
		munmap(page, PAGE);
	return good;
}

static int all_well(const struct test_case *one, const struct source *source)
{
	int good = 1;

	for (int way = 0; way < 3; way++)
		for (int fast = 0; fast <= one->pins; fast++)
			if (!runs_well(one, source, ways[way],
				    fast ? PIN_LONGTERM_USE_FAST : 0)) {
				printf("# way %d to write%s\n", way,
					fast ? ", pinned without locks" : "");
				good = 0;
			}
	return good;
}

static void test(const struct test_case *one, const struct source *source, int pins)
{
	int good = !one->pins || pins;

	fflush(stdout);
	if (good && !all_well(one, source)) {
		failures++;
		printf("not ");
	}
	printf("ok %d - %s: %s%s\n", ++count, source->name, one->name,
		good ? "" : " # SKIP this kernel has no device that pins");
}

static void test_first(const char *name, char *(*make)(void), int pins)
{
	struct source source = {name, plain, 0};
	struct test_case one = {"pinned before it was ever written", pinned_first, 1};

	first_make = make;
	test(&one, &source, pins);
}

/* Linux's of old has the file, but not the requests that keep pins. */
static int can_pin(void)
{
	int fd = open("/sys/kernel/debug/gup_test", O_RDWR);
	int can = fd >= 0 && !ioctl(fd, PIN_LONGTERM_TEST_STOP);

	close(fd);
	return can;
}

int main(void)
{
	int pins = can_pin();

	for (unsigned int i = 0; i < CASES; i++)
		for (unsigned int j = 0; j < SOURCES; j++)
			test(&cases[i], &sources[j], pins);
	test_first("the zero page", zeros, pins);
	test_first("a page of a memory file", file_page, pins);
	test_first("a page of the program's file", program_page, pins);
	printf("1..%d\n", count);
	return failures > 0;
}
