/*
 * tests/linux/torture.c - `torture SEED SECONDS`: a random load on memory, with contents
 * that are known. Quiet; 0 if nothing was wrong, else 1 and what it was.
 *
 * Each process has threads that map, write, compare, protect, discard, give up, unmap,
 * find and pin pages of their own, far up at times so that the page table grows, while
 * others of the same process do it beside them, and fork: the child compares what its
 * thread had, and writes to it. Threads hand a futex back and forth; the first thread
 * moves the break, talks through pipes, and starts children: some end by themselves, some
 * are killed in the middle of the same. All choices come from the seed.
 *
 * One area of each thread is often wide enough for huge pages: which are asked for or
 * not, cut by partial calls, moved, collapsed, split, and looked at in /proc meanwhile.
 */
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
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/futex.h>

#define PAGE      4096UL
#define THREADS   3
#define AREAS     4
#define PAGES_MAX 48UL
#define WIDE_MAX  1024UL /* of the first area: nearly two huge pages */
#define FOUND_MAX 16UL
#define GUP_FILE  "/sys/kernel/debug/gup_test"
#define THP_DIR   "/sys/kernel/mm/transparent_hugepage/"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

struct area {
	char *start; /* NULL: none */
	unsigned long pages;
	uint64_t tag[WIDE_MAX]; /* what each page begins and ends with */
	char lazy[WIDE_MAX];    /* given up: or with zeros */
	int writable;
};

struct worker {
	pthread_t id;
	uint64_t random;
	struct area areas[AREAS];
	int gup; /* file, or -1 */
};

static uint64_t seed;
static time_t deadline;
static int wrong;                 /* atomic */
static unsigned long block_pages; /* of a huge page */
static int frames_move;           /* the kernel may collapse pages at any time */
static unsigned int ball;
static unsigned long forks_begun, forks_ended; /* atomic */

static uint64_t draw(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static int check(int good, const char *what, unsigned long expected, unsigned long got)
{
	if (good)
		return 1;
	printf("torture: seed %lu: %s: expected %lx, got %lx (%s)\n", (unsigned long)seed,
		what, expected, got, strerror(errno));
	fflush(stdout);
	__atomic_store_n(&wrong, 1, __ATOMIC_SEQ_CST);
	return 0;
}

static int over(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec >= deadline || __atomic_load_n(&wrong, __ATOMIC_SEQ_CST);
}

/* --- memory --- */

static uint64_t *word(const struct area *area, unsigned long page, int last)
{
	return (uint64_t *)(area->start + page * PAGE + (last ? PAGE - 8 : 0));
}

static void write_page(struct worker *me, struct area *area, unsigned long page)
{
	area->tag[page] = draw(&me->random);
	area->lazy[page] = 0;
	*word(area, page, 0) = *word(area, page, 1) = area->tag[page];
}

static void compare_word(
	const struct area *area, unsigned long page, uint64_t got, const char *what)
{
	check(got == area->tag[page] || (area->lazy[page] && !got), what, area->tag[page],
		got);
}

static void compare_page(const struct area *area, unsigned long page)
{
	compare_word(area, page, *word(area, page, 0), "first word of a page");
	compare_word(area, page, *word(area, page, 1), "last word of a page");
}

/* Addresses that most page tables have to grow for, so many pages apart; a hint that is
 * not taken is fine. */
static void *hint(struct worker *me, unsigned long apart)
{
	static const int bits[] = {0, 0, 30, 32, 41, 43, 46, 48, 52};
	int bit = bits[draw(&me->random) % 9];

	return bit ? (void *)((1UL << bit) + draw(&me->random) % 64 * PAGE * apart)
		   : NULL;
}

static void map_area(struct worker *me, struct area *area)
{
	int wide = area == me->areas && draw(&me->random) % 4;
	unsigned long pages = wide ? block_pages + draw(&me->random) % block_pages
				   : 1 + draw(&me->random) % PAGES_MAX;
	int populate = draw(&me->random) % 4 ? 0 : MAP_POPULATE;
	void *start = mmap(hint(me, wide ? 2 * block_pages : PAGES_MAX), pages * PAGE,
		PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | populate, -1, 0);

	if (start == MAP_FAILED) {
		check(errno == ENOMEM, "mmap", ENOMEM, errno);
		return;
	}
	memset(area, 0, sizeof(*area));
	area->start = start;
	area->pages = pages;
	area->writable = 1;
}

static void unmap_area(struct worker *me, struct area *area)
{
	unsigned long first = draw(&me->random) % area->pages;

	/* In two pieces at times, the end first. */
	if (first)
		check(!munmap(area->start + first * PAGE, (area->pages - first) * PAGE),
			"munmap of an end", 0, errno);
	check(!munmap(area->start, (first ? first : area->pages) * PAGE), "munmap", 0,
		errno);
	area->start = NULL;
}

static void protect_area(struct area *area)
{
	area->writable = !area->writable;
	check(!mprotect(area->start, area->pages * PAGE,
		      area->writable ? PROT_READ | PROT_WRITE : PROT_READ),
		"mprotect", 0, errno);
}

/* Contents are lost now; or perhaps, until the next store; or not at all. */
static void discard(struct worker *me, struct area *area)
{
	static const int advice[] = {MADV_DONTNEED, MADV_FREE, MADV_PAGEOUT};
	int what = advice[draw(&me->random) % 3];
	unsigned long from = draw(&me->random) % area->pages;
	unsigned long count = 1 + draw(&me->random) % (area->pages - from);

	check(!madvise(area->start + from * PAGE, count * PAGE, what), "madvise", 0,
		errno);
	if (what == MADV_DONTNEED)
		memset(&area->tag[from], 0, count * sizeof(area->tag[0]));
	if (what != MADV_PAGEOUT)
		memset(&area->lazy[from], what == MADV_FREE, count);
}

/* --- huge pages --- */

/* Some pages of the area. */
static unsigned long draw_range(
	struct worker *me, const struct area *area, unsigned long *count)
{
	unsigned long from = draw(&me->random) % area->pages;

	*count = 1 + draw(&me->random) % (area->pages - from);
	return from;
}

static void advise_part(struct worker *me, struct area *area, int advice)
{
	unsigned long count, from = draw_range(me, area, &count);

	check(!madvise(area->start + from * PAGE, count * PAGE, advice), "madvise", 0,
		errno);
}

/* Not to be had: no memory, somebody holds a page, or there is nothing to collapse. */
static void collapse(struct area *area)
{
	int err = madvise(area->start, area->pages * PAGE, MADV_COLLAPSE) ? errno : 0;

	check(!err || err == ENOMEM || err == EAGAIN || err == EBUSY || err == EINVAL,
		"MADV_COLLAPSE", 0, err);
}

static void split(struct worker *me, struct area *area)
{
	unsigned long count, from = draw_range(me, area, &count);
	char text[64];
	int file = open("/sys/kernel/debug/split_huge_pages", O_WRONLY), length;

	if (file < 0)
		return;
	length = snprintf(text, sizeof(text), "%d,0x%lx,0x%lx", getpid(),
		(unsigned long)area->start + from * PAGE,
		(unsigned long)area->start + (from + count) * PAGE);
	check(write(file, text, length) == length, "split_huge_pages", 0, errno);
	close(file);
}

/* Read-only for a moment. */
static void protect_part(struct worker *me, struct area *area)
{
	unsigned long count, from = draw_range(me, area, &count);
	char *start = area->start + from * PAGE;

	if (!area->writable)
		return;
	check(!mprotect(start, count * PAGE, PROT_READ), "mprotect of a part", 0, errno);
	compare_page(area, from);
	check(!mprotect(start, count * PAGE, PROT_READ | PROT_WRITE),
		"mprotect of a part, back", 0, errno);
}

/* To another place, for good or only the end of it for a moment. It cannot be moved if
 * its parts are of different kinds. */
static void move_area(struct worker *me, struct area *area)
{
	const int there = MREMAP_MAYMOVE | MREMAP_FIXED;
	unsigned long from = draw(&me->random) % 2 ? draw(&me->random) % area->pages : 0;
	size_t size = (area->pages - from) * PAGE;
	char *old = area->start + from * PAGE;
	char *room = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int moved, keep = from ? MREMAP_DONTUNMAP : 0; /* nobody else gets the place */

	if (room == MAP_FAILED)
		return;
	moved = mremap(old, size, size, there | keep, room) == room;
	check(moved || errno == EFAULT || errno == ENOMEM, "mremap", 0, errno);
	if (!moved)
		return;
	if (!from) {
		area->start = room;
		return;
	}
	compare_word(area, from, *(uint64_t *)room, "a page that has moved");
	check(mremap(room, size, size, there, old) == old, "mremap, back", 0, errno);
}

/* A page that was written is there, whatever others do to what maps it. */
static void look(struct worker *me, struct area *area)
{
	unsigned long page = draw(&me->random) % area->pages;
	unsigned long address = (unsigned long)area->start + page * PAGE;
	int file = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry = 0;

	if (area->writable)
		write_page(me, area, page);
	check(file >= 0 && pread(file, &entry, 8, address / PAGE * 8) == 8 &&
			(entry >> 63 || !area->writable),
		"a written page in pagemap", address, entry);
	close(file);
}

static void read_smaps(void)
{
	char text[4096];
	FILE *file = fopen("/proc/self/smaps", "r");
	unsigned long size = 0, huge;

	if (!file)
		return;
	while (fgets(text, sizeof(text), file)) {
		sscanf(text, "Size: %lu kB", &size);
		if (sscanf(text, "AnonHugePages: %lu kB", &huge) == 1)
			check(huge <= size, "AnonHugePages in smaps", size, huge);
	}
	fclose(file);
}

static void use_huge(struct worker *me, struct area *area)
{
	switch (draw(&me->random) % 9) {
	case 0:
		advise_part(me, area, MADV_HUGEPAGE);
		break;
	case 1:
		advise_part(me, area, MADV_NOHUGEPAGE);
		break;
	case 2:
	case 3:
		collapse(area);
		break;
	case 4:
		split(me, area);
		break;
	case 5:
		protect_part(me, area);
		break;
	case 6:
		move_area(me, area);
		break;
	case 7:
		look(me, area);
		break;
	default:
		if (draw(&me->random) % 16 == 0)
			read_smaps();
	}
}

/* The file of a setting begins so; or: it does not exist. */
static int read_setting(const char *name, char *text, int size)
{
	char path[128];
	FILE *file;
	int got;

	snprintf(path, sizeof(path), THP_DIR "%s", name);
	file = fopen(path, "r");
	if (!file)
		return 0;
	got = fgets(text, size, file) != NULL;
	fclose(file);
	return got;
}

static void read_settings(void)
{
	char text[64];

	block_pages = read_setting("hpage_pmd_size", text, sizeof(text))
			      ? strtoul(text, NULL, 10) / PAGE
			      : WIDE_MAX / 2;
	frames_move = read_setting("khugepaged/pages_to_scan", text, sizeof(text)) &&
		      read_setting("enabled", text, sizeof(text)) &&
		      !strstr(text, "[never]");
}

/* Round after round, where there is a thread that does them. */
static void hurry_khugepaged(void)
{
	FILE *file = fopen(THP_DIR "khugepaged/scan_sleep_millisecs", "w");

	if (!file)
		return;
	fputs("20\n", file);
	fclose(file);
}

/* --- finding and pinning --- */

static long find(struct worker *me, struct area *area, unsigned long from,
	unsigned long count, int way, unsigned int flags, uint64_t *frames)
{
	struct origami_gup gup = {.address = (unsigned long)area->start + from * PAGE,
		.count = count,
		.way = way,
		.flags = flags,
		.frames = (unsigned long)frames};

	return ioctl(me->gup, ORIGAMI_GUP, &gup) ? -errno : (long)gup.got;
}

static unsigned long value(const unsigned long *counter)
{
	return __atomic_load_n(counter, __ATOMIC_SEQ_CST);
}

/* Nobody else touches the area, so both ways find the same frames: unless another thread
 * forks meanwhile, and a pin has to make them this process's own again; or one that was
 * given up is taken away. */
static void find_pages(struct worker *me, struct area *area)
{
	uint64_t fast[FOUND_MAX], slow[FOUND_MAX];
	unsigned long from = draw(&me->random) % area->pages;
	unsigned long count = area->pages - from, forks = value(&forks_ended);
	unsigned int flags = draw(&me->random) % 2 ? GUP_FLAG_PIN : 0;
	long a, b;

	count = count < FOUND_MAX ? count : FOUND_MAX;
	a = find(me, area, from, count, ORIGAMI_GUP_FAST, flags, fast);
	b = find(me, area, from, count, ORIGAMI_GUP_SLOW, flags, slow);
	if (a == -ENOMEM || b == -ENOMEM)
		return;
	check(a == (long)count, "pages found", count, a);
	check(b == (long)count, "pages found slowly", count, b);
	if (frames_move || value(&forks_begun) != forks)
		return;
	for (long i = 0; i < a && i < b; i++)
		check(fast[i] == slow[i] || area->lazy[from + i], "frame found", slow[i],
			fast[i]);
}

/* What is pinned keeps its contents after it is unmapped. */
static void pin_pages(struct worker *me, struct area *area)
{
	struct pin_longterm_test pins = {.addr = (unsigned long)area->start,
		.size = area->pages * PAGE,
		.flags = draw(&me->random) % 2 ? PIN_LONGTERM_USE_FAST : 0};
	struct area was = *area;
	char *copy = malloc(was.pages * PAGE);
	__u64 to = (unsigned long)copy;

	if (!copy || ioctl(me->gup, PIN_LONGTERM_TEST_START, &pins)) {
		free(copy);
		return; /* no memory */
	}
	unmap_area(me, area);
	check(!ioctl(me->gup, PIN_LONGTERM_TEST_READ, &to), "reading pins", 0, errno);
	for (unsigned long i = 0; i < was.pages; i++)
		compare_word(&was, i, *(uint64_t *)(copy + i * PAGE), "a pinned page");
	if (draw(&me->random) % 4)
		ioctl(me->gup, PIN_LONGTERM_TEST_STOP);
	else { /* closing lets go of them, too */
		close(me->gup);
		me->gup = open(GUP_FILE, O_RDWR);
	}
	free(copy);
}

/* In the child of a fork, which is this thread alone. */
static void use_all(struct worker *me)
{
	for (struct area *area = me->areas; area < me->areas + AREAS; area++) {
		for (unsigned long i = 0; area->start && i < area->pages; i++) {
			compare_page(area, i);
			if (area->writable && draw(&me->random) % 2)
				write_page(me, area, i);
			compare_page(area, i);
		}
		if (area->start && draw(&me->random) % 2)
			unmap_area(me, area);
	}
}

static void fork_all(struct worker *me)
{
	int status = -1;
	pid_t child;

	__atomic_add_fetch(&forks_begun, 1, __ATOMIC_SEQ_CST);
	child = fork();
	__atomic_add_fetch(&forks_ended, 1, __ATOMIC_SEQ_CST);
	if (!child) {
		use_all(me);
		_exit(wrong);
	}
	if (child > 0)
		check(waitpid(child, &status, 0) == child && status == 0,
			"how a forked child ended", 0, status);
}

static void step(struct worker *me)
{
	struct area *area = &me->areas[draw(&me->random) % AREAS];
	unsigned long page;

	if (!area->start) {
		map_area(me, area);
		return;
	}
	if (draw(&me->random) % 256 == 0)
		fork_all(me);
	page = draw(&me->random) % area->pages;
	switch (draw(&me->random) % 16) {
	case 0:
		unmap_area(me, area);
		break;
	case 1:
		protect_area(area);
		break;
	case 2:
		discard(me, area);
		break;
	case 3:
	case 4:
		if (me->gup >= 0)
			find_pages(me, area);
		break;
	case 5:
		if (me->gup >= 0)
			pin_pages(me, area);
		break;
	case 6:
	case 7:
	case 8:
		use_huge(me, area);
		break;
	case 9:
	case 10:
	case 11:
		if (area->writable)
			write_page(me, area, page);
		break;
	default:
		compare_page(area, page);
	}
}

/* --- the others of the process --- */

/* Whoever gets the ball passes it on; it never gets lost. */
static void play(int me)
{
	static const struct timespec patience = {0, 2000000};
	unsigned int now = __atomic_load_n(&ball, __ATOMIC_SEQ_CST);

	if (now % THREADS != (unsigned int)me) {
		syscall(SYS_futex, &ball, FUTEX_WAIT_PRIVATE, now, &patience, NULL, 0);
		return;
	}
	__atomic_store_n(&ball, now + 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &ball, FUTEX_WAKE_PRIVATE, THREADS, NULL, NULL, 0);
}

static struct worker workers[THREADS];

static void *work(void *arg)
{
	struct worker *me = arg;

	me->gup = open(GUP_FILE, O_RDWR);
	while (!over()) {
		for (int i = 0; i < 64; i++)
			step(me);
		play(me - workers);
	}
	for (int i = 0; i < AREAS; i++)
		if (me->areas[i].start)
			unmap_area(me, &me->areas[i]);
	close(me->gup);
	return NULL;
}

static void move_break(uint64_t *random)
{
	unsigned long size = (1 + draw(random) % 32) * PAGE;
	char *old = sbrk(size);

	if (old == (void *)-1)
		return;
	for (unsigned long at = 0; at < size; at += PAGE) {
		check(old[at] == 0, "fresh memory of the heap", 0, old[at]);
		old[at] = 1;
	}
	sbrk(-size);
}

static void talk(uint64_t *random)
{
	char out[3000], in[3000];
	int ends[2];

	if (pipe(ends))
		return;
	memset(out, (int)draw(random), sizeof(out));
	check(write(ends[1], out, sizeof(out)) == sizeof(out), "write", 0, errno);
	check(read(ends[0], in, sizeof(in)) == sizeof(in), "read", 0, errno);
	check(!memcmp(in, out, sizeof(in)), "what came through a pipe", 0, 1);
	close(ends[0]);
	close(ends[1]);
}

/* --- processes --- */

static int start(pid_t *child, uint64_t number, long seconds)
{
	char a[24], b[24], *args[] = {"torture", a, b, "child", NULL};

	snprintf(a, sizeof(a), "%lu", (unsigned long)number);
	snprintf(b, sizeof(b), "%ld", seconds);
	return posix_spawn(child, "/bin/torture", NULL, NULL, args, NULL);
}

static void bear_child(uint64_t *random)
{
	int kill_it = draw(random) % 2, status;
	struct timespec nap = {0, draw(random) % 50000000};
	pid_t child;

	if (start(&child, 1 + draw(random) % 1000000, kill_it ? 1000 : 0))
		return;
	nanosleep(&nap, NULL);
	if (kill_it)
		kill(child, SIGKILL);
	check(waitpid(child, &status, 0) == child, "waitpid", child, errno);
	check(kill_it ? WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL : status == 0,
		"how a child ended", kill_it ? SIGKILL : 0, status);
}

static void live(int is_child)
{
	uint64_t random = seed * 0x9e3779b97f4a7c15UL + 1;

	for (int i = 0; i < THREADS; i++) {
		workers[i].random = draw(&random);
		pthread_create(&workers[i].id, NULL, work, &workers[i]);
	}
	while (!over()) {
		move_break(&random);
		talk(&random);
		if (!is_child && draw(&random) % 8 == 0)
			bear_child(&random);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(workers[i].id, NULL);
}

int main(int argc, char **argv)
{
	struct timespec now;
	int is_child = argc > 3, status;
	pid_t brother = 0;

	seed = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
	read_settings();
	if (!is_child)
		hurry_khugepaged();
	clock_gettime(CLOCK_MONOTONIC, &now);
	deadline = now.tv_sec + (argc > 2 ? atoi(argv[2]) : 5);
	if (!is_child && start(&brother, seed + 1, deadline - now.tv_sec))
		check(0, "posix_spawn", 0, errno);
	live(is_child);
	if (brother) {
		check(waitpid(brother, &status, 0) == brother && status == 0,
			"how the other process ended", 0, status);
	}
	return wrong;
}
