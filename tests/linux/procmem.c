/*
 * tests/linux/procmem.c - /proc/<pid>/mem: reading and writing a process's memory by
 * force, and that no file is ever written so through a mapping that only reads.
 */
#define _GNU_SOURCE
#include "tests/linux/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE   4096UL
#define ROUNDS 2000
#define RW     (PROT_READ | PROT_WRITE)

static int mem;

static char *map(size_t size, int prot, int flags, int fd)
{
	char *at = mmap(NULL, size, prot, flags, fd, 0);

	if (at == MAP_FAILED) {
		printf("Bail out! mmap: %s\n", strerror(errno));
		exit(1);
	}
	return at;
}

/* A memory file of one page that says "file". */
static int make_file(void)
{
	int fd = memfd_create("procmem", 0);

	if (fd < 0 || ftruncate(fd, PAGE) || pwrite(fd, "file", 4, 0) != 4) {
		printf("Bail out! memory file: %s\n", strerror(errno));
		exit(1);
	}
	return fd;
}

static int file_says(int fd, const char *text)
{
	char word[5] = "";

	return pread(fd, word, 4, 0) == 4 && !strcmp(word, text);
}

static void test_anonymous(void)
{
	char *at = map(3 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1), word[8] = "";

	memcpy(at + PAGE - 2, "abcd", 4);
	test(pread(mem, word, 4, (uintptr_t)at + PAGE - 2) == 4 && !strcmp(word, "abcd"),
		"read over a page's border");
	test(pwrite(mem, "efgh", 4, (uintptr_t)at + PAGE - 2) == 4 &&
			!memcmp(at + PAGE - 2, "efgh", 4),
		"write over it");
	mprotect(at, PAGE, PROT_READ);
	mprotect(at + PAGE, PAGE, PROT_NONE);
	test(pwrite(mem, "ijkl", 4, (uintptr_t)at + PAGE - 2) == 4 &&
			pread(mem, word, 4, (uintptr_t)at + PAGE - 2) == 4 &&
			!strcmp(word, "ijkl"),
		"what is mapped without rights too");
	test(at[PAGE - 1] == 'j', "and seen where it may be read");
	munmap(at + PAGE, PAGE);
	test(pread(mem, word, 4, (uintptr_t)at + PAGE - 2) == 2,
		"what there is before a hole");
	test(fails(pread(mem, word, 4, (uintptr_t)at + PAGE), EIO), "nothing in a hole");
	test(fails(pwrite(mem, word, 4, (uintptr_t)at + PAGE), EIO), "nor written");
	munmap(at, 3 * PAGE);
}

static void test_files(void)
{
	int fd = make_file();
	char *mine = map(PAGE, PROT_READ, MAP_PRIVATE, fd);
	char *shared = map(PAGE, PROT_READ, MAP_SHARED, fd);
	char *writable = map(PAGE, RW, MAP_SHARED, fd);

	test(pwrite(mem, "mine", 4, (uintptr_t)mine) == 4 && !memcmp(mine, "mine", 4),
		"a private mapping that only reads is written");
	test(file_says(fd, "file") && !memcmp(shared, "file", 4), "in a copy");
	test(fails(pwrite(mem, "bad!", 4, (uintptr_t)shared), EIO) &&
			file_says(fd, "file"),
		"a shared one is not");
	test(pwrite(mem, "good", 4, (uintptr_t)writable) == 4 && file_says(fd, "good"),
		"unless it may be written");
	munmap(mine, PAGE);
	munmap(shared, PAGE);
	munmap(writable, PAGE);
	close(fd);
}

static void test_another_process(void)
{
	char *at = map(PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1), name[32], word[6] = "";
	int to[2], status = -1, other;
	pid_t child;

	strcpy(at, "both");
	if (pipe(to))
		exit(1);
	child = fork();
	if (!child) {
		(void)!read(to[0], word, 1);
		_exit(strcmp(at, "his"));
	}
	snprintf(name, sizeof(name), "/proc/%d/mem", child);
	other = open(name, O_RDWR);
	test(other >= 0 && pread(other, word, 5, (uintptr_t)at) == 5 &&
			!strcmp(word, "both"),
		"another process's memory");
	test(pwrite(other, "his", 4, (uintptr_t)at) == 4 && !strcmp(at, "both"),
		"written, it is not ours");
	(void)!write(to[1], "x", 1);
	test(waitpid(child, &status, 0) == child && !status, "but the other's");
	close(other);
	munmap(at, PAGE);
}

static int stop;

static void *discard(void *at)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		madvise(at, PAGE, MADV_DONTNEED);
	return NULL;
}

static void test_dirty_cow(void)
{
	int fd = make_file(), written = 1;
	char *at = map(PAGE, PROT_READ, MAP_PRIVATE, fd);
	pthread_t thread;

	pthread_create(&thread, NULL, discard, at);
	for (int i = 0; i < ROUNDS; i++)
		written &= pwrite(mem, "evil", 4, (uintptr_t)at) == 4;
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	test(written && file_says(fd, "file"),
		"written while it is discarded: Dirty COW");
	munmap(at, PAGE);
	close(fd);
}

int main(void)
{
	struct stat info;

	mem = open("/proc/self/mem", O_RDWR);
	test(mem >= 0, "open /proc/self/mem");
	test(!fstat(mem, &info) && S_ISREG(info.st_mode), "a file");
	test(!stat("/proc/self/mem", &info) && (info.st_mode & 07777) == 0600,
		"for its owner");
	test_anonymous();
	test_files();
	test_another_process();
	test_dirty_cow();
	printf("1..%d\n", count);
	return failures != 0;
}
