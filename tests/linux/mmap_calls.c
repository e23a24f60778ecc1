/*
 * tests/linux/mmap_calls.c - what the mapping calls do to the set of mappings, and what
 * they refuse: the same on Linux and here.
 *
 * Most tests work in an arena of pages that nothing else uses, and compare its picture:
 * one letter for each page (. hole, n none, r read, w write), and a bar between two
 * mappings that touch and are not one. The picture is taken from /proc/self/maps.
 */
#include "tests/linux/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE  4096UL
#define PAGES 8
#define NONE  PROT_NONE
#define READ  PROT_READ
#define WRITE (PROT_READ | PROT_WRITE)
#define SPACE (4096 * PAGE) /* around the arena */
#define ANON  (MAP_PRIVATE | MAP_ANONYMOUS)
#define FIXED (ANON | MAP_FIXED)
#define AT(n) (arena + (n)*PAGE)

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif

static char *arena;

/* --- the picture -----------------------------------------------------------------------
 */

static char letter(const char *rights)
{
	return rights[1] == 'w' ? 'w' : rights[0] == 'r' ? 'r' : 'n';
}

/* One mapping, as far as it lies in the arena, behind what is drawn already. */
static char *draw(char *to, unsigned long from, unsigned long end, const char *rights)
{
	static unsigned long drawn; /* up to here */
	unsigned long base = (unsigned long)arena;

	if (!rights || drawn < base || drawn > from)
		drawn = base;
	if (rights && from < base)
		from = base;
	if (end > base + PAGES * PAGE)
		end = base + PAGES * PAGE;
	if (rights && from == drawn && from > base)
		*to++ = '|';
	for (; drawn < from && drawn < base + PAGES * PAGE; drawn += PAGE)
		*to++ = '.';
	for (; drawn < end; drawn += PAGE)
		*to++ = letter(rights);
	return to;
}

static const char *picture(void)
{
	static char text[4 * PAGES];
	unsigned long base = (unsigned long)arena, start, end, last = base;
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[256], rights[5], *to = text;

	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %4s", &start, &end, rights) != 3)
			continue;
		if (end <= base || start >= base + PAGES * PAGE)
			continue;
		to = draw(to, start, end, rights);
		last = end;
	}
	if (maps)
		fclose(maps);
	for (; last < base + PAGES * PAGE; last += PAGE)
		*to++ = '.';
	*to = 0;
	return text;
}

static int shows(const char *expected)
{
	const char *got = picture();

	if (!strcmp(got, expected))
		return 1;
	printf("# expected %s\n# got      %s\n", expected, got);
	return 0;
}

static int result(long got, int error)
{
	if (error ? got == -1 && errno == error : got != -1)
		return 1;
	printf("# expected %s, got %s\n", error ? strerror(error) : "success",
		got == -1 ? strerror(errno) : "success");
	return 0;
}

static long map(int page, int pages, int prot, int flags)
{
	return (long)mmap(AT(page), pages * PAGE, prot, flags, -1, 0);
}

static void clear(void)
{
	munmap(arena, PAGES * PAGE);
}

/* --- access, which may fail: the kernel tries it for us --------------------------------
 */

static int channel[2];

static int can_read(const char *at)
{
	char byte;

	return write(channel[1], at, 1) == 1 && read(channel[0], &byte, 1) == 1;
}

/* Writes a 1. */
static int can_write(char *at)
{
	char byte = 1;

	if (write(channel[1], &byte, 1) != 1)
		return 0;
	if (read(channel[0], at, 1) == 1)
		return 1;
	(void)!read(channel[0], &byte, 1);
	return 0;
}

/* --- mmap ------------------------------------------------------------------------------
 */

static void merging(void)
{
	clear();
	map(0, 2, WRITE, FIXED);
	map(2, 2, WRITE, FIXED);
	test(shows("wwww...."), "mappings of one kind that touch are one: from below");
	map(6, 2, WRITE, FIXED);
	test(shows("wwww..ww"), "a hole keeps them apart");
	map(4, 2, WRITE, FIXED);
	test(shows("wwwwwwww"), "filling it joins all three");
	map(2, 2, READ, FIXED);
	test(shows("ww|rr|wwww"), "another kind in the middle cuts in three");
	map(4, 1, READ, FIXED);
	test(shows("ww|rrr|www"), "replacing moves the border between two");
	map(1, 6, NONE, FIXED);
	test(shows("w|nnnnnn|w"), "replacing several, cutting the outer ones");
	map(0, 8, WRITE, FIXED);
	test(shows("wwwwwwww"), "replacing all");
}

static void fixed_errors(void)
{
	clear();
	test(result((long)mmap(NULL, 0, READ, ANON, -1, 0), EINVAL), "mmap of nothing");
	test(result((long)mmap(NULL, PAGE, READ, MAP_ANONYMOUS, -1, 0), EINVAL),
		"neither private nor shared");
	test(result((long)mmap(AT(0) + 1, PAGE, READ, FIXED, -1, 0), EINVAL),
		"MAP_FIXED needs a page's address");
	test(result((long)mmap(NULL, ~0UL, NONE, ANON | MAP_NORESERVE, -1, 0), ENOMEM),
		"more than there are addresses");
	test(result((long)mmap((void *)(~0UL - PAGE + 1), PAGE, READ, FIXED, -1, 0),
		     ENOMEM),
		"the last page of all addresses");
	test(result((long)mmap(NULL, PAGE, READ, MAP_PRIVATE, -1, 0), EBADF),
		"a file that is none");
	map(2, 2, READ, FIXED);
	test(result(map(3, 2, WRITE, ANON | MAP_FIXED_NOREPLACE), EEXIST) &&
			result(map(1, 2, WRITE, ANON | MAP_FIXED_NOREPLACE), EEXIST) &&
			result(map(0, 8, WRITE, ANON | MAP_FIXED_NOREPLACE), EEXIST) &&
			shows("..rr...."),
		"NOREPLACE refuses any overlap and changes nothing");
	test(result(map(4, 1, READ, ANON | MAP_FIXED_NOREPLACE), 0) && shows("..rrr..."),
		"NOREPLACE where there is room");
}

static void hints(void)
{
	clear();
	test(map(3, 1, READ, ANON) == (long)AT(3), "a hint that is free is taken");
	test(mmap(AT(5) + 123, PAGE, READ, ANON, -1, 0) == AT(5),
		"a hint is rounded down to a page");
	test(map(3, 1, READ, ANON) != (long)AT(3) && shows("...r.r.."),
		"a hint that is not free is not");
	test(map(2, 2, READ, ANON) != (long)AT(2) && shows("...r.r.."),
		"nor one that is free only in part");
	test(mmap(AT(6), 1, READ, ANON, -1, 0) == AT(6) && shows("...r.rr."),
		"one byte is one page");
}

/* --- munmap, mprotect ------------------------------------------------------------------
 */

static void unmapping(void)
{
	clear();
	test(result(munmap(AT(0) + 1, PAGE), EINVAL), "munmap needs a page's address");
	test(result(munmap(AT(0), 0), EINVAL), "and a length");
	test(result(munmap(AT(0), ~0UL), EINVAL), "that ends somewhere");
	test(result(munmap(AT(0), 8 * PAGE), 0), "but nothing that is mapped");
	map(0, 8, WRITE, FIXED);
	test(!munmap(AT(0), PAGE) && shows(".wwwwwww"), "from the lower end");
	test(!munmap(AT(7), 1) && shows(".wwwwww."), "from the upper end");
	test(!munmap(AT(3), 2 * PAGE) && shows(".ww..ww."), "out of the middle");
	map(3, 1, READ, FIXED);
	test(!munmap(AT(2), 4 * PAGE) && shows(".w....w."), "across several");
	test(!munmap(AT(0), 8 * PAGE) && shows("........"), "all that is left");
}

static int protect(int page, int pages, int prot)
{
	return mprotect(AT(page), pages * PAGE, prot);
}

static void protecting(void)
{
	clear();
	map(0, 8, WRITE, FIXED);
	test(result(mprotect(AT(0) + 1, PAGE, READ), EINVAL),
		"mprotect needs a page's address");
	test(result(mprotect(AT(0), 0, READ), 0) && shows("wwwwwwww"),
		"no length, no change");
	test(result(mprotect(AT(0), ~0UL & ~(PAGE - 1), READ), ENOMEM),
		"a length that goes round");
	test(result(mprotect(AT(0), PAGE, 0x40), EINVAL), "rights that do not exist");
	test(!protect(2, 3, READ) && shows("ww|rrr|www"), "a middle part");
	test(!protect(1, 1, READ) && shows("w|rrrr|www"), "its border moves down");
	test(!protect(5, 1, READ) && shows("w|rrrrr|ww"), "and up");
	test(!protect(3, 1, NONE) && shows("w|rr|n|rr|ww"), "a part of the part");
	test(!protect(2, 3, WRITE) && shows("w|r|www|r|ww"), "over several");
	test(!protect(0, 8, WRITE) && shows("wwwwwwww"), "all of one kind again");
	munmap(AT(3), PAGE);
	test(result(protect(1, 4, READ), ENOMEM) && shows("w|rr.wwww"),
		"a hole: what is below it is changed");
	test(result(protect(3, 3, READ), ENOMEM) && shows("w|rr.wwww"),
		"a hole at the beginning: nothing is");
	test(result(protect(6, 4, READ), ENOMEM) && shows("w|rr.ww|rr"),
		"a hole behind it");
}

static void contents(void)
{
	clear();
	map(0, 4, WRITE, FIXED);
	memset(AT(0), 7, 4 * PAGE);
	test(!protect(1, 1, NONE) && !can_read(AT(1)) && can_read(AT(2)),
		"PROT_NONE cannot be read");
	test(!protect(1, 1, READ) && *AT(1) == 7 && !can_write(AT(1)),
		"made readable again, it has its contents");
	test(!protect(1, 1, WRITE) && can_write(AT(1)) && AT(1)[1] == 7, "and writable");
	munmap(AT(2), PAGE);
	test(!can_read(AT(2)), "what is unmapped is gone");
	map(2, 1, WRITE, FIXED);
	test(*AT(2) == 0 && *AT(3) == 7, "mapped again it is new");
}

/* --- madvise, mincore ------------------------------------------------------------------
 */

static int advise(int page, int pages, int advice)
{
	return madvise(AT(page), pages * PAGE, advice);
}

static void discarding(void)
{
	clear();
	map(0, 8, WRITE, FIXED);
	memset(AT(0), 7, 8 * PAGE);
	test(!advise(1, 2, MADV_DONTNEED) && !*AT(1) && !*AT(2) && *AT(3) == 7,
		"MADV_DONTNEED gives zeros");
	munmap(AT(4), PAGE);
	test(result(advise(3, 3, MADV_DONTNEED), ENOMEM) && !*AT(3) && !*AT(5) &&
			*AT(6) == 7,
		"around a hole, too, which is an error");
	protect(6, 1, READ);
	test(!advise(6, 1, MADV_DONTNEED) && !*AT(6), "also what cannot be written");
	protect(7, 1, NONE);
	test(!advise(7, 1, MADV_DONTNEED), "nor read");
	test(!advise(0, 1, MADV_FREE) && (*AT(0) == 7 || *AT(0) == 0),
		"MADV_FREE may take its time");
	*AT(0) = 5;
	test(*AT(0) == 5, "and then a write is kept");
}

static void advising(void)
{
	static const int harmless[] = {MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL,
		MADV_WILLNEED, MADV_DODUMP, MADV_DONTDUMP, MADV_COLD, MADV_PAGEOUT,
		MADV_DOFORK};
	int good = 1;

	clear();
	map(0, 4, WRITE, FIXED);
	*AT(1) = 7;
	for (unsigned i = 0; i < sizeof(harmless) / sizeof(*harmless); i++)
		good &= !advise(0, 4, harmless[i]);
	test(good && *AT(1) == 7, "most advice changes nothing");
	test(!advise(0, 4, MADV_NORMAL) && !advise(0, 4, MADV_DODUMP) &&
			shows("wwww...."),
		"and can be taken back");
	test(result(madvise(AT(0) + 1, PAGE, MADV_NORMAL), EINVAL),
		"advice needs a page's address");
	test(result(madvise(AT(0), PAGE, 9999), EINVAL), "unknown advice");
	test(result(madvise(AT(7), 0, 9999), EINVAL), "even about nothing");
	test(result(madvise(AT(7), 0, MADV_DONTNEED), 0), "known advice about nothing");
	test(result(madvise(AT(0), ~0UL, MADV_DONTNEED), EINVAL), "a length that wraps");
	test(result(advise(2, 4, MADV_DONTDUMP), ENOMEM),
		"advice about a hole is an error");
}

static const char *resident(int page, int pages)
{
	static char text[PAGES + 1];
	unsigned char present[PAGES] = {0};

	if (mincore(AT(page), pages * PAGE, present))
		return errno == ENOMEM ? "ENOMEM" : "error";
	for (int i = 0; i < pages; i++)
		text[i] = present[i] & 1 ? 'x' : '.';
	text[pages] = 0;
	return text;
}

static void residence(void)
{
	clear();
	map(0, 6, WRITE, FIXED);
	*AT(1) = *AT(2) = *AT(4) = 1;
	test(!strcmp(resident(0, 6), ".xx.x."), "mincore tells what was touched");
	advise(2, 1, MADV_DONTNEED);
	test(!strcmp(resident(0, 6), ".x..x."), "and what was discarded");
	test(!strcmp(resident(0, 8), "ENOMEM"), "but not across a hole");
	test(result(mincore(AT(0) + 1, PAGE, (unsigned char *)arena), EINVAL),
		"mincore needs a page's address");
	test(result(mincore(AT(0), PAGE, (unsigned char *)1), EFAULT), "and a place");
	test(result(mincore(AT(0), 0, (unsigned char *)1), 0), "unless it has no answer");
	mmap(AT(0), 2 * PAGE, WRITE, FIXED | MAP_POPULATE, -1, 0);
	test(!strcmp(resident(0, 2), "xx"), "MAP_POPULATE touches all");
	test(!advise(3, 3, MADV_POPULATE_WRITE) && !strcmp(resident(0, 6), "xx.xxx"),
		"so does MADV_POPULATE_WRITE");
	protect(2, 1, READ);
	test(result(advise(2, 1, MADV_POPULATE_WRITE), EINVAL),
		"which respects the rights");
	test(result(advise(5, 2, MADV_POPULATE_READ), ENOMEM), "and misses what is not");
}

/* --- brk, stacks -----------------------------------------------------------------------
 */

static void heap(void)
{
	char *start = sbrk(0),
	     *page = (char *)(((unsigned long)start + PAGE - 1) & -PAGE);

	test(sbrk(3 * PAGE) == start && sbrk(0) == start + 3 * PAGE, "the heap grows");
	memset(page, 7, 2 * PAGE);
	test(!brk(page + 1) && page[0] == 7 && !can_read(page + PAGE), "and shrinks");
	test(!brk(page + 2 * PAGE) && page[0] == 7 && page[PAGE] == 0,
		"what it gives back comes back new");
	test(brk((void *)(~0UL - PAGE)) == -1 && sbrk(0) == page + 2 * PAGE,
		"too much changes nothing");
	test(mmap(page + 4 * PAGE, PAGE, READ, ANON | MAP_FIXED_NOREPLACE, -1, 0) !=
				MAP_FAILED &&
			brk(page + 5 * PAGE) == -1 && !munmap(page + 4 * PAGE, PAGE),
		"it does not run over a mapping");
	test(!brk(start), "and goes");
}

/* 2048 pages around the arena are free. */
static void growing_down(void)
{
	char *stack = arena, *low = stack - 300 * PAGE;

	clear();
	test(map(0, 1, WRITE, FIXED | MAP_GROWSDOWN) == (long)stack,
		"a mapping that grows down");
	test(can_write(stack - 1), "grows when it is touched just below");
	test(can_write(stack - 64 * PAGE) && !stack[-64 * (long)PAGE + 1],
		"and further below");
	test(mmap(low, PAGE, WRITE, FIXED, -1, 0) == low && !can_write(stack - 70 * PAGE),
		"not nearer than 256 pages to another mapping");
	test(!mprotect(low, PAGE, NONE) && can_write(stack - 70 * PAGE),
		"except to one that nobody can touch");
	test(mmap(stack - 100 * PAGE, PAGE, WRITE, ANON, -1, 0) != stack - 100 * PAGE,
		"a hint just below it is not taken");
	munmap(low, 300 * PAGE);
}

int main(void)
{
	char *space = mmap(NULL, SPACE, NONE, ANON | MAP_NORESERVE, -1, 0);

	if (pipe2(channel, O_NONBLOCK))
		return 1;
	munmap(space, SPACE);
	arena = space + SPACE / 2;
	merging();
	fixed_errors();
	hints();
	unmapping();
	protecting();
	contents();
	discarding();
	advising();
	residence();
	heap();
	growing_down();
	printf("1..%d\n", count);
	return failures != 0;
}
