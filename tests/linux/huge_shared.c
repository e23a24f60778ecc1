/*
 * tests/linux/huge_shared.c - huge pages of shared memory, as programs see them: made by
 * MADV_COLLAPSE, or by faults (shmem_enabled), and that whatever is done to a part of
 * one, all who map it see the same.
 *
 * On Linux a huge page may be refused, for want of memory in one piece or of a kernel
 * that makes any: then single pages must do the same.
 */
#include "tests/linux/tap.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE    4096UL
#define WORDS   (PAGE / sizeof(uint64_t))
#define RW      (PROT_READ | PROT_WRITE)
#define BLOCKS  2
#define VALUE   0x100000UL
#define SETTING "/sys/kernel/mm/transparent_hugepage/"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

static unsigned long block, pages; /* of one block: its size */
static int ours;                   /* this is not Linux */

static void give_up(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static int read_text(const char *path, char *text, size_t room)
{
	int fd = open(path, O_RDONLY);
	ssize_t size = fd >= 0 ? read(fd, text, room - 1) : -1;

	if (fd >= 0)
		close(fd);
	text[size > 0 ? size : 0] = '\0';
	return size > 0;
}

static int write_setting(const char *text)
{
	int fd = open(SETTING "shmem_enabled", O_WRONLY), result, error;

	if (fd < 0)
		return -1;
	result = write(fd, text, strlen(text));
	error = errno;
	close(fd);
	errno = error;
	return result;
}

/* Bytes of the mapping that leaves map. */
static unsigned long huge(const char *start)
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	unsigned long from, to, value, sum = 0;
	char line[512];
	int here = 0;

	while (smaps && fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			here = from <= (uintptr_t)start && (uintptr_t)start < to;
		else if (here && sscanf(line, "ShmemPmdMapped: %lu", &value) == 1)
			sum += value * 1024;
	}
	if (smaps)
		fclose(smaps);
	return sum;
}

/* All, or nothing where the hardware has no leaves, or Linux has not made any. */
static int is_huge(const char *start, unsigned int blocks)
{
	unsigned long sum = huge(start);
	int optional = !ours;

#ifdef __s390x__
	optional = 1;
#endif
	if (sum == blocks * block || (optional && !sum))
		return 1;
	printf("# %lu kB of leaves, expected %lu\n", sum / 1024, blocks * block / 1024);
	return 0;
}

/* --- memory ------------------------------------------------------------------------- */

static int file(void)
{
	int fd = memfd_create("huge", 0);

	if (fd < 0 || ftruncate(fd, BLOCKS * block))
		give_up("memfd_create");
	return fd;
}

/* All of the file, at an aligned place. */
static char *show(int fd, int flags)
{
	char *at = mmap(NULL, (BLOCKS + 1) * block, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		give_up("mmap");
	at = (char *)(((uintptr_t)at + block - 1) / block * block);
	if (mmap(at, BLOCKS * block, RW, flags | MAP_FIXED, fd, 0) != at)
		give_up("mmap of a file");
	return at;
}

static void hide(char *at, int fd)
{
	munmap(at, BLOCKS * block);
	close(fd);
}

static uint64_t *word(char *at, unsigned long page)
{
	return (uint64_t *)(at + page * PAGE);
}

static void fill(char *at, unsigned long from, unsigned long to, uint64_t value)
{
	for (unsigned long i = from; i < to; i++)
		word(at, i)[0] = word(at, i)[WORDS - 1] = value ? value + i : 0;
}

/* Each page as fill() has left it; 0: zeros. */
static int holds(char *at, unsigned long from, unsigned long to, uint64_t value)
{
	for (unsigned long i = from; i < to; i++)
		if (word(at, i)[0] != (value ? value + i : 0) ||
			word(at, i)[WORDS - 1] != (value ? value + i : 0)) {
			printf("# page %lu has %lx and %lx, not %lx\n", i, word(at, i)[0],
				word(at, i)[WORDS - 1], value ? value + i : 0);
			return 0;
		}
	return 1;
}

/* A file with contents, mapped by leaves. */
static char *collapsed(int *fd)
{
	char *at;

	*fd = file();
	at = show(*fd, MAP_SHARED);
	fill(at, 0, BLOCKS * pages, VALUE);
	if (madvise(at, BLOCKS * block, MADV_COLLAPSE) && ours)
		give_up("MADV_COLLAPSE");
	return at;
}

static sigjmp_buf back;

static void bus_error(int signal)
{
	siglongjmp(back, 1);
}

static int is_beyond(char *at)
{
	if (sigsetjmp(back, 1))
		return 1;
	(void)*(volatile char *)at;
	return 0;
}

/* --- what is done to it ------------------------------------------------------------- */

static void settings(void)
{
	char text[100];

	test(read_text(SETTING "shmem_enabled", text, sizeof(text)) && strchr(text, '['),
		"shmem_enabled");
	if (!ours)
		return;
	test(write_setting("advise\n") == 7 &&
			read_text(SETTING "shmem_enabled", text, sizeof(text)) &&
			strstr(text, "[advise]"),
		"shmem_enabled is written");
	test(fails(write_setting("sometimes"), EINVAL), "what is no policy");
	write_setting("never");
}

static void given(void)
{
	int fd = file();
	char *at = show(fd, MAP_SHARED), *again;

	if (!ours) {
		hide(at, fd);
		return;
	}
	write_setting("advise");
	fill(at, 0, 1, VALUE);
	test(!huge(at), "advise: none where nobody asked");
	madvise(at + block, block, MADV_HUGEPAGE);
	fill(at, pages, 2 * pages, VALUE);
	test(is_huge(at + block, 1), "advise: one where somebody did");
	write_setting("never");
	again = show(fd, MAP_SHARED);
	test(holds(again, pages, 2 * pages, VALUE) && is_huge(again, 1),
		"who maps it, too, has it as well");
	munmap(again, BLOCKS * block);
	hide(at, fd);
}

static void collapsing(void)
{
	int fd;
	char *at = collapsed(&fd), *other = show(fd, MAP_SHARED),
	     *own = show(fd, MAP_PRIVATE);

	test(is_huge(at, BLOCKS), "MADV_COLLAPSE");
	test(holds(at, 0, BLOCKS * pages, VALUE) &&
			holds(other, 0, BLOCKS * pages, VALUE),
		"collapse: kept, for all who map it");
	test(holds(own, 0, BLOCKS * pages, VALUE) && is_huge(own, BLOCKS),
		"a private mapping reads through leaves");
	fill(own, 1, 2, 2 * VALUE);
	fill(at, 2, 3, 3 * VALUE);
	test(holds(own, 1, 2, 2 * VALUE) && holds(at, 1, 2, VALUE) &&
			holds(other, 2, 3, 3 * VALUE) && holds(own, 2, 3, 3 * VALUE),
		"a private mapping has its own page, and shows the others");
	(void)fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 3 * PAGE, PAGE);
	(void)madvise(own, block, MADV_COLLAPSE);
	test(holds(own, 1, 2, 2 * VALUE) && holds(own, 3, 4, 0) &&
			holds(other, 3, 4, 0) && holds(other, 1, 2, VALUE) &&
			holds(at, 4, BLOCKS * pages, VALUE),
		"collapse again, after a hole");
	munmap(own, BLOCKS * block);
	munmap(other, BLOCKS * block);
	hide(at, fd);
}

static void parts(void)
{
	int fd;
	char *at = collapsed(&fd), *to;

	test(!mprotect(at + PAGE, PAGE, PROT_READ) &&
			holds(at, 0, BLOCKS * pages, VALUE) &&
			!mprotect(at + PAGE, PAGE, RW),
		"mprotect of a part");
	fill(at, 1, 2, VALUE);
	test(!madvise(at + 2 * PAGE, 3 * PAGE, MADV_DONTNEED) &&
			holds(at, 0, BLOCKS * pages, VALUE),
		"MADV_DONTNEED of a part: it is in the file");
	to = mmap(NULL, block, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	test(mremap(at + block + PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) ==
				to &&
			word(to, 0)[0] == VALUE + pages + 1,
		"mremap of a page");
	test(!munmap(at + PAGE, PAGE) && holds(at, 0, 1, VALUE) &&
			holds(at, 2, pages + 1, VALUE) &&
			holds(at, pages + 2, BLOCKS * pages, VALUE),
		"munmap of a part");
	munmap(to, block);
	hide(at, fd);
}

static void cutting(void)
{
	int fd;
	char *at = collapsed(&fd);

	test(!ftruncate(fd, block + 2 * PAGE + 64) && holds(at, 0, pages + 2, VALUE) &&
			word(at, pages + 2)[0] == VALUE + pages + 2 &&
			!word(at, pages + 2)[WORDS - 1],
		"ftruncate in the middle");
	test(is_beyond(at + block + 3 * PAGE) && !is_beyond(at + block + 2 * PAGE),
		"and what is beyond is a bus error");
	test(!ftruncate(fd, BLOCKS * block) && holds(at, pages + 3, BLOCKS * pages, 0) &&
			!word(at, pages + 2)[WORDS - 1],
		"zeros, when it grows again");
	test(!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE + 64,
		     2 * PAGE) &&
			holds(at, 0, 1, VALUE) && word(at, 1)[0] == VALUE + 1 &&
			!word(at, 1)[WORDS - 1] && holds(at, 2, 3, 0) &&
			!word(at, 3)[0] && word(at, 3)[WORDS - 1] == VALUE + 3 &&
			holds(at, 4, pages + 2, VALUE),
		"a hole in the middle");
	hide(at, fd);
}

static void forking(void)
{
	int fd, status;
	char *at = collapsed(&fd);
	pid_t child = fork();

	if (!child) {
		int good = holds(at, 0, BLOCKS * pages, VALUE);

		fill(at, 1, 2, 2 * VALUE);
		_exit(!good);
	}
	test(waitpid(child, &status, 0) == child && !status &&
			holds(at, 1, 2, 2 * VALUE) && holds(at, 2, BLOCKS * pages, VALUE),
		"fork: both have the same");
	hide(at, fd);
}

/* --- at the same time --------------------------------------------------------------- */

static char *shared;
static int stop;

/* Counts in every page but the last, through a mapping; all of them must be seen. */
static void *counting(void *unused)
{
	for (unsigned long round = 0; round < 60; round++)
		for (unsigned long i = 0; i < pages - 1; i++)
			__atomic_fetch_add(word(shared, i), 1, __ATOMIC_RELAXED);
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void meanwhile(void)
{
	int fd = file(), good = 1;
	unsigned long collapses = 0;
	pthread_t thread;

	shared = show(fd, MAP_SHARED);
	if (pthread_create(&thread, NULL, counting, NULL))
		give_up("pthread_create");
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		collapses += !madvise(shared, block, MADV_COLLAPSE);
		(void)fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			block - PAGE, PAGE);
	}
	pthread_join(thread, NULL);
	for (unsigned long i = 0; i < pages - 1; i++)
		good &= word(shared, i)[0] == 60;
	printf("# %lu collapses\n", collapses);
	test(good,
		"pages become a block, and pages again, and nothing that is written is "
		"lost");
	hide(shared, fd);
}

int main(void)
{
	char text[32];

	ours = !access("/proc/policies", R_OK);
	if (!read_text(SETTING "hpage_pmd_size", text, sizeof(text))) {
		printf("%sok 1 - huge pages%s\n1..1\n", ours ? "not " : "",
			ours ? "" : " # SKIP this Linux has none");
		return ours;
	}
	signal(SIGBUS, bus_error);
	block = strtoul(text, NULL, 10);
	pages = block / PAGE;
	PART(settings());
	PART(given());
	PART(collapsing());
	PART(parts());
	PART(cutting());
	PART(forking());
	PART(meanwhile());
	printf("1..%d\n", count);
	return failures > 0;
}
