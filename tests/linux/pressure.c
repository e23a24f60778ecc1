/*
 * tests/linux/pressure.c - more memory is wanted than is free: what was given up and what
 * a store has, too, is taken back first; when that is not enough a process ends, and only
 * then.
 */
#include "tests/linux/servers.h"
#include "tests/linux/tap.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE       4096UL
#define WORDS      (PAGE / sizeof(uint64_t))
#define FILES      24UL
#define FILE_PAGES 256UL                /* as large as the pager has them */
#define STORED     (FILES * FILE_PAGES) /* much more than the kernel keeps for itself */

static uint64_t *map(unsigned long pages)
{
	uint64_t *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		exit(1);
	return memory;
}

static void fill(uint64_t *memory, unsigned long pages, unsigned long step, uint64_t tag)
{
	for (unsigned long i = 0; i < pages; i += step)
		memory[i * WORDS] = tag + i;
}

static int holds(
	const uint64_t *memory, unsigned long pages, unsigned long step, uint64_t tag)
{
	for (unsigned long i = 0; i < pages; i += step)
		if (memory[i * WORDS] != tag + i)
			return 0;
	return 1;
}

/* A child that fills so much memory, and finds it as it was. How it ended. */
static int fill_in_child(unsigned long pages)
{
	int status = -1;
	pid_t child = fork();

	if (!child) {
		uint64_t *memory = map(pages);

		fill(memory, pages, 1, 7UL << 32);
		_exit(!holds(memory, pages, 1, 7UL << 32));
	}
	waitpid(child, &status, 0);
	return status;
}

static int was_killed(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/* --- memory that was given up --- */

static unsigned long lost(const uint64_t *memory, unsigned long pages, uint64_t tag)
{
	unsigned long zeros = 0, wrong = 0;

	for (unsigned long i = 0; i < pages; i++) {
		zeros += !memory[i * WORDS];
		wrong += memory[i * WORDS] && memory[i * WORDS] != tag + i;
	}
	return wrong ? ~0UL : zeros;
}

/* Two thirds of what is free, given up but for every 16th page; then as much again. */
static void test_lazy(void)
{
	unsigned long pages = free_pages() / 3 * 2, zeros;
	uint64_t *lazy = map(pages);

	fill(lazy, pages, 1, 1UL << 32);
	madvise(lazy, pages * PAGE, MADV_FREE);
	fill(lazy, pages, 16, 1UL << 32);
	test(free_pages() < pages, "what is given up is not free yet");
	test(fill_in_child(pages) == 0, "but is there for who needs it");
	test(holds(lazy, pages, 16, 1UL << 32), "what was written again has stayed");
	zeros = lost(lazy, pages, 1UL << 32);
	test(zeros != ~0UL && zeros > 0, "the rest is as it was, or zeros");
	munmap(lazy, pages * PAGE);
}

/* --- pages of a store --- */

/* All of them, one behind the other. */
static uint64_t *map_files(void)
{
	uint64_t *memory = map(STORED);
	char path[32];

	for (unsigned long i = 0; i < FILES; i++) {
		int fd;

		sprintf(path, "/srv/files/%lu", i);
		fd = open(path, O_RDWR | O_CREAT, 0644);
		if (fd < 0 || ftruncate(fd, FILE_PAGES * PAGE) ||
			mmap(&memory[i * FILE_PAGES * WORDS], FILE_PAGES * PAGE,
				PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
				0) == MAP_FAILED)
			exit(1);
		close(fd);
	}
	return memory;
}

static void test_store(void)
{
	uint64_t *files = map_files();

	fill(files, STORED, 1, 2UL << 32);
	test(!msync(files, STORED * PAGE, MS_SYNC), "a store has large files");
	fill(files, STORED, 64, 3UL << 32); /* not written back */
	test(fill_in_child(free_pages() + STORED / 2) == 0,
		"their clean pages are there for who needs memory");
	test(holds(files, STORED, 64, 3UL << 32), "what was dirty has stayed");
	fill(files, STORED, 64, 2UL << 32);
	test(holds(files, STORED, 1, 2UL << 32), "what was taken comes again");
	munmap(files, STORED * PAGE);
}

/* --- and in the end --- */

static void test_out_of_memory(void)
{
	unsigned long pages = free_pages() / 4;
	uint64_t *kept = map(pages), *lazy = map(pages);

	fill(kept, pages, 1, 4UL << 32);
	fill(lazy, pages, 1, 5UL << 32);
	madvise(lazy, pages * PAGE, MADV_FREE);
	test(was_killed(fill_in_child(4 * pages)), "who wants more than that is killed");
	test(lost(lazy, pages, 5UL << 32) == pages, "when nothing is left to be taken");
	test(holds(kept, pages, 1, 4UL << 32), "and nobody else loses anything");
	munmap(kept, pages * PAGE);
	munmap(lazy, pages * PAGE);
	test(fill_in_child(pages) == 0, "afterwards there is memory again");
}

int main(void)
{
	pid_t store, pager;

	test_lazy();
	store = server_ready("store", "store");
	pager = server_ready("pager", "files");
	test_store();
	test_out_of_memory();
	kill(pager, SIGKILL);
	kill(store, SIGKILL);
	waitpid(pager, NULL, 0);
	waitpid(store, NULL, 0);
	printf("1..%d\n", count);
	return failures != 0;
}
