/*
 * user/step.c - draw how a lockless walk steps over a range of pages.
 *
 * The kernel draws (/proc/<pid>/step@<address>+<pages>[,<way>]): level by level the
 * pointer of each step, the value that was read there, and whether the pointer plus one
 * is the next entry. Without a pid the range is step's own: what is not mapped of it is,
 * and then the lockless walk and the slow way are asked for its pages and must agree.
 */
#include "user/box.h"
#include "kernel/linux/gup_test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096UL

struct range {
	unsigned long address, pages;
};

static int usage(void)
{
	fprintf(stderr,
		"usage: step [pid] address pages [way]\n"
		"  how a lockless walk steps over the pages from a (hexadecimal) "
		"address\n"
		"  on, in the table of a process, default step itself; way: one of the\n"
		"  names of the boot option step=, default the one in force\n");
	return 2;
}

static int map(unsigned long address, unsigned long pages)
{
	for (unsigned long i = 0; i < pages; i++) {
		void *page = (void *)(address + i * PAGE);
		void *got = mmap(page, PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

		if (got == MAP_FAILED && errno != EEXIST)
			return -1;
		if (got != MAP_FAILED)
			*(char *)got = 1;
	}
	return 0;
}

/* The same pages one entry of an upper level before: a walk that goes astray at the
 * border of one is likely to come by there, and then finds something. */
static void map_before(const struct range *range)
{
	static const int shifts[] = {30, 31, 39, 42}; /* of both machines' levels */

	for (size_t i = 0; i < sizeof(shifts) / sizeof(shifts[0]); i++)
		if (range->address >> shifts[i])
			(void)map(range->address - (1UL << shifts[i]), range->pages);
}

/* How many frames were found, or -1 with errno set. */
static long find(const struct range *range, unsigned int way, __u64 *frames)
{
	struct origami_gup gup = {.address = range->address,
		.count = range->pages,
		.way = way,
		.frames = (unsigned long)frames};
	int fd = open("/sys/kernel/debug/gup_test", O_RDWR);
	int error = fd < 0 || ioctl(fd, ORIGAMI_GUP, &gup);

	if (fd >= 0)
		close(fd);
	if (!error && gup.got < 0)
		errno = -gup.got;
	return error || gup.got < 0 ? -1 : gup.got;
}

/* What the fast walk did not find it left to the slow one: that is no mistake. */
static int compare(const struct range *range, const __u64 *fast, const __u64 *slow,
	unsigned long count)
{
	int wrong = 0;

	for (unsigned long i = 0; i < count; i++) {
		if (fast[i] == slow[i])
			continue;
		wrong = 1;
		printf("WRONG pages: %lx: gup_fast found frame %llx, it is %llx\n",
			range->address + i * PAGE, fast[i], slow[i]);
	}
	if (!wrong && count == range->pages)
		printf("same pages: gup_fast and the slow way found %lu\n", count);
	else if (!wrong)
		printf("same pages: gup_fast found %lu of %lu and left the rest\n", count,
			range->pages);
	return wrong;
}

static int check(const struct range *range)
{
	__u64 *fast = calloc(range->pages, sizeof(*fast));
	__u64 *slow = calloc(range->pages, sizeof(*slow));
	long count;
	int failed = 1;

	if (!fast || !slow || find(range, ORIGAMI_GUP_SLOW, slow) != (long)range->pages ||
		(count = find(range, ORIGAMI_GUP_FAST_ONLY, fast)) < 0)
		box_error("step", "finding the pages");
	else
		failed = compare(range, fast, slow, count);
	free(fast);
	free(slow);
	return failed;
}

/* Touches the pages (a slow walk faults them in), so that there is something to draw. */
static int prepare(const struct range *range)
{
	__u64 *frames = calloc(range->pages, sizeof(*frames));
	long found = -1;

	map_before(range);
	if (frames && !map(range->address, range->pages))
		found = find(range, ORIGAMI_GUP_SLOW, frames);
	free(frames);
	return found < 0 ? box_error("step", "the range") : 0;
}

static int draw(const char *pid, const struct range *range, const char *way)
{
	char path[128];
	char *text;

	snprintf(path, sizeof(path), "/proc/%s/step@%lx+%lu%s%s", pid, range->address,
		range->pages, way ? "," : "", way ? way : "");
	text = box_read_file(path);
	if (!text && errno == ENOENT)
		fprintf(stderr, "step: no such process, or not a lab build\n");
	else if (!text)
		box_error("step", path);
	if (!text)
		return 1;
	fputs(text, stdout);
	free(text);
	return 0;
}

/* A first word that is a pid and a last one that is a way are taken off. */
int step_main(int argc, char **argv)
{
	const char *pid = NULL, *way = NULL;
	struct range range;
	int failed;

	if (argc > 3 && !box_number(argv[argc - 1], 10, &range.pages))
		way = argv[--argc];
	if (argc > 3 && box_is_pid(argv[1])) {
		pid = argv[1];
		argv++;
		argc--;
	}
	if (argc != 3 || !box_number(argv[1], 16, &range.address) ||
		!box_number(argv[2], 10, &range.pages) || !range.pages ||
		range.address % PAGE)
		return usage();
	if (!pid && prepare(&range))
		return 1;
	failed = draw(pid ? pid : "self", &range, way);
	if (!pid && !failed)
		failed = check(&range);
	return fflush(stdout) ? box_error("step", "output") : failed;
}
