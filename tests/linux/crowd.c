/*
 * tests/linux/crowd.c - a crowd of processes at the files of one store: each maps, reads,
 * writes, truncates, pins, forks and dies, many at once. In the end a new pager reads
 * everything from the store, whose checksums must be right, and no page is lost.
 *
 *     crowd [PROCESSES [STEPS [SEED]]]
 *
 * Whoever writes a word writes what says where it belongs, so any mixture of stores is
 * fine, but a page in the wrong place, or what was cut off and comes back elsewhere, is
 * not.
 */
#include "tests/linux/servers.h"
#include "tests/linux/tap.h"
#include "kernel/task/dma.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE  4096UL
#define WORDS (PAGE / sizeof(uint64_t))
#define PAGES 16UL
#define FILES 6

/* --- what is in the files ----------------------------------------------------------- */

static uint64_t place(int file, unsigned long page, unsigned long word)
{
	return (uint64_t)(file + 1) << 24 | page << 12 | word;
}

static void fill(uint64_t *words, int file, unsigned long page, uint64_t stamp)
{
	for (unsigned long i = 0; i < WORDS; i++)
		words[i] = stamp << 32 | place(file, page, i);
}

/* Zeros are what was never written, or cut off. */
static int belongs(const uint64_t *words, int file, unsigned long page)
{
	for (unsigned long i = 0; i < WORDS; i++)
		if (words[i] && (words[i] & 0xffffffff) != place(file, page, i))
			return 0;
	return 1;
}

/* --- one of the crowd: 0 is well, 1 has seen what may not be ------------------------ */

struct member {
	unsigned int seed, tag;
	int device;
};

static int open_file(int file)
{
	char path[32];

	sprintf(path, "/srv/files/%d", file);
	return open(path, O_RDWR | O_CREAT, 0644);
}

static unsigned int pick(struct member *me, unsigned int n)
{
	return rand_r(&me->seed) / 7 % n;
}

/* A device has the page for a moment; or may not. */
static void pin(struct member *me, void *at)
{
	struct dma_command dma = {DMA_START, me->tag, (unsigned long)at, 1, 0};

	if (write(me->device, &dma, sizeof(dma)) != sizeof(dma))
		return;
	if (pick(me, 2))
		usleep(pick(me, 1000));
	dma.operation = DMA_FINISH;
	write(me->device, &dma, sizeof(dma));
}

/* By calls: what is beyond the end is not to be touched. */
static int read_and_write(struct member *me, int fd, int file)
{
	uint64_t words[WORDS];
	unsigned long page = pick(me, PAGES);
	ssize_t got = pread(fd, words, PAGE, page * PAGE);

	if (got > 0)
		memset((char *)words + got, 0, PAGE - got);
	if (got > 0 && !belongs(words, file, page))
		return 1;
	fill(words, file, page, me->seed);
	return pick(me, 2) && pwrite(fd, words, PAGE, page * PAGE) < 0;
}

static sigjmp_buf cut_off;

static void on_sigbus(int signal)
{
	siglongjmp(cut_off, 1);
}

/* By a mapping, of which others may cut off the end at any time: then SIGBUS comes. */
static int map_and_touch(struct member *me, int fd, int file, int flags)
{
	uint64_t *volatile at =
		mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);
	volatile int wrong = at == MAP_FAILED, end = sigsetjmp(cut_off, 1);

	for (unsigned int i = 0; !wrong && !end && i < 6; i++) {
		unsigned long page = pick(me, PAGES);

		wrong = !belongs(at + page * WORDS, file, page);
		if (pick(me, 2))
			fill(at + page * WORDS, file, page, me->seed);
		if (!pick(me, 4))
			pin(me, at + page * WORDS);
		if (!pick(me, 4))
			madvise(at, PAGES * PAGE, MADV_PAGEOUT);
	}
	if (!wrong && !pick(me, 3))
		msync(at, PAGES * PAGE, MS_SYNC);
	if (at != MAP_FAILED)
		munmap(at, PAGES * PAGE);
	return wrong;
}

static int steps(struct member *me, unsigned int number);

/* A child that goes on in the parent's place for a while, and perhaps is killed. */
static int have_child(struct member *me)
{
	int status = 0;
	pid_t child = fork();

	if (!child) {
		me->seed ^= 0x5bd1e995;
		_exit(steps(me, 3));
	}
	if (child > 0 && pick(me, 2)) {
		usleep(pick(me, 3000));
		kill(child, SIGKILL);
	}
	if (child > 0)
		waitpid(child, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status);
}

static int step(struct member *me)
{
	int file = pick(me, FILES), fd = open_file(file), wrong = fd < 0;

	if (wrong)
		return 1;
	switch (pick(me, 8)) {
	case 0:
		ftruncate(fd, pick(me, PAGES * WORDS) * 8); /* no word is cut in two */
		break;
	case 1:
		ftruncate(fd, PAGES * PAGE);
		break;
	case 2:
		wrong = fsync(fd) != 0;
		break;
	case 3:
		wrong = have_child(me);
		break;
	case 4:
		wrong = map_and_touch(me, fd, file, MAP_PRIVATE);
		break;
	case 5:
		wrong = read_and_write(me, fd, file);
		break;
	default:
		wrong = map_and_touch(me, fd, file, MAP_SHARED);
	}
	close(fd);
	return wrong;
}

static int steps(struct member *me, unsigned int number)
{
	int wrong = 0;

	while (!wrong && number--)
		wrong = step(me);
	return wrong;
}

/* --- all of them -------------------------------------------------------------------- */

static int crowd(int processes, unsigned int number, unsigned int seed)
{
	int device = open("/dev/dma", O_RDWR), wrong = 0, status;

	signal(SIGBUS, on_sigbus);
	for (int i = 0; i < processes; i++) {
		struct member me = {seed + i * 7919, 1000 + i, device};

		if (!fork())
			_exit(steps(&me, number));
	}
	for (int i = 0; i < processes; i++) {
		wait(&status);
		wrong += status != 0;
	}
	for (int i = 0; i < processes; i++) { /* of those who died with a page pinned */
		struct dma_command dma = {DMA_FINISH, 1000 + i, 0, 0, 0};

		write(device, &dma, sizeof(dma));
	}
	close(device);
	return wrong;
}

/* Every page of every file, as a new pager finds it in the store. */
static int check_store(pid_t *pager)
{
	uint64_t words[WORDS];
	int wrong = 0, fd;

	for (int file = 0; file < FILES; file++) {
		fd = open_file(file);
		wrong += fsync(fd) != 0;
		close(fd);
	}
	kill(*pager, SIGKILL);
	waitpid(*pager, NULL, 0);
	*pager = server_ready("pager", "files");
	for (int file = 0; file < FILES; file++) {
		ssize_t got = 0;

		fd = open_file(file);
		for (unsigned long page = 0; page < PAGES; page++) {
			memset(words, 0, PAGE);
			got = pread(fd, words, PAGE, page * PAGE);
			wrong += got < 0 || !belongs(words, file, page);
		}
		close(fd);
	}
	return wrong;
}

#define KEPT 128 /* pages: what the kernel keeps for later may differ */

static void run(int processes, unsigned int number, unsigned int seed)
{
	pid_t store = server_ready("store", "store"),
	      pager = server_ready("pager", "files");

	test(!crowd(processes, number, seed), "nobody has seen what may not be");
	test(!check_store(&pager), "a new pager finds all pages right in the store");
	kill(pager, SIGKILL);
	kill(store, SIGKILL);
	waitpid(pager, NULL, 0);
	waitpid(store, NULL, 0);
}

/* The first run takes what the kernel keeps for later. */
int main(int argc, char **argv)
{
	int processes = argc > 1 ? atoi(argv[1]) : 30;
	unsigned int number = argc > 2 ? atoi(argv[2]) : 10;
	unsigned int seed = argc > 3 ? atoi(argv[3]) : 1;
	unsigned long before;

	run(processes, number, seed);
	before = free_pages();
	run(processes, number, seed + 1000000);
	test(pages_come_back(before - KEPT), "no page is lost");
	printf("1..%d\n", count);
	return failures != 0;
}
