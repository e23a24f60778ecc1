/*
 * tests/linux/shared.c - memory that processes share: anonymous, and memory files with
 * their size, as programs see them.
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
#define PAGES  8UL
#define SIZE   (PAGES * PAGE)
#define ROUNDS 1000
#define RW     (PROT_READ | PROT_WRITE)

static void *map(int flags, int fd, size_t size)
{
	void *at = mmap(NULL, size, RW, flags, fd, 0);

	if (at == MAP_FAILED) {
		printf("Bail out! mmap: %s\n", strerror(errno));
		exit(1);
	}
	return at;
}

static int in_child(int (*fn)(char *argument), char *argument)
{
	int status = -1;
	pid_t child = fork();

	if (!child)
		_exit(fn(argument));
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return status;
}

static int answer(char *at)
{
	if (strcmp(at, "question"))
		return 1;
	strcpy(at + PAGE, "answer");
	return 0;
}

static void test_anonymous(void)
{
	char *at = map(MAP_SHARED | MAP_ANONYMOUS, -1, SIZE);

	strcpy(at, "question");
	test(in_child(answer, at) == 0, "a child has shared memory");
	test(!strcmp(at + PAGE, "answer"), "and its parent sees what it stores");
	munmap(at, SIZE);
}

struct shared {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned long turns[2];
	int turn;
};

/* The two take turns: a wake-up that got lost would stop them. */
static int take_turns(struct shared *shared, int me)
{
	for (int i = 0; i < rounds(ROUNDS); i++) {
		pthread_mutex_lock(&shared->lock);
		while (shared->turn != me)
			pthread_cond_wait(&shared->changed, &shared->lock);
		shared->turns[me]++;
		shared->turn = !me;
		pthread_cond_signal(&shared->changed);
		pthread_mutex_unlock(&shared->lock);
	}
	return 0;
}

static int child_takes_turns(char *at)
{
	return take_turns((struct shared *)at, 1);
}

static void test_locks(void)
{
	struct shared *shared = map(MAP_SHARED | MAP_ANONYMOUS, -1, PAGE);
	pthread_mutexattr_t mutex;
	pthread_condattr_t cond;
	int status = -1;
	pid_t child;

	pthread_mutexattr_init(&mutex);
	pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&shared->lock, &mutex);
	pthread_condattr_init(&cond);
	pthread_condattr_setpshared(&cond, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&shared->changed, &cond);
	child = fork();
	if (!child)
		_exit(child_takes_turns((char *)shared));
	take_turns(shared, 0);
	test(waitpid(child, &status, 0) == child && status == 0 &&
			shared->turns[0] == rounds(ROUNDS) &&
			shared->turns[1] == rounds(ROUNDS),
		"locks of two processes");
	munmap(shared, PAGE);
}

/* --- files --- */

static void test_file(void)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	char text[16] = "";
	struct stat stat;
	char *at, *mine;

	test(fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC), "memfd_create");
	test(read(fd, text, sizeof(text)) == 0, "it is empty");
	test(ftruncate(fd, SIZE) == 0 && fstat(fd, &stat) == 0 &&
			stat.st_size == (off_t)SIZE && S_ISREG(stat.st_mode),
		"it has a size");
	at = map(MAP_SHARED, fd, SIZE);
	mine = map(MAP_PRIVATE, fd, SIZE);
	test(pwrite(fd, "hello", 5, PAGE - 2) == 5 && !memcmp(at + PAGE - 2, "hello", 5),
		"what is written is seen in memory");
	strcpy(at + 3 * PAGE, "stored");
	test(pread(fd, text, 7, 3 * PAGE) == 7 && !strcmp(text, "stored"),
		"what is stored can be read");
	test(!strcmp(mine + 3 * PAGE, "stored"), "also in a private mapping");
	strcpy(mine + 3 * PAGE, "mine");
	test(!strcmp(at + 3 * PAGE, "stored"), "whose stores are its own");
	test(lseek(fd, -4, SEEK_END) == (off_t)SIZE - 4 && write(fd, "longer!", 7) == 7 &&
			fstat(fd, &stat) == 0 && stat.st_size == (off_t)SIZE + 3,
		"a write beyond the end makes it longer");
	munmap(at, SIZE);
	munmap(mine, SIZE);
	close(fd);
}

static int touch(char *at)
{
	return *(volatile char *)at;
}

static int store(char *at)
{
	*(volatile char *)at = 1;
	return 0;
}

static void test_shrink(void)
{
	int fd = memfd_create("test", 0), status;
	char *at, *mine;

	ftruncate(fd, SIZE);
	at = map(MAP_SHARED, fd, SIZE);
	mine = map(MAP_PRIVATE, fd, SIZE);
	memset(at, 7, SIZE);
	memset(mine + 4 * PAGE, 8, PAGE);
	test(ftruncate(fd, PAGE + 100) == 0, "a file is made smaller");
	status = in_child(touch, at + 2 * PAGE);
	test(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS, "its end is the end");
	status = in_child(store, mine + 4 * PAGE);
	test(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS,
		"also where the page was copied");
	test(at[PAGE + 99] == 7 && at[PAGE + 100] == 0, "the last page ends with zeros");
	ftruncate(fd, SIZE);
	test(at[PAGE + 200] == 0 && at[2 * PAGE] == 0 && mine[4 * PAGE] == 0,
		"what was cut off does not come back");
	munmap(at, SIZE);
	munmap(mine, SIZE);
	close(fd);
}

/* Children that store all the time while the file breathes: they live, or die of SIGBUS;
 * and no store is seen where the file has been cut since. */
static int store_for_ever(char *at)
{
	for (;;)
		for (unsigned long i = 0; i < PAGES; i++)
			((volatile char *)at)[i * PAGE] = 5;
	return 0;
}

static void test_breathing(void)
{
	int fd = memfd_create("test", 0), bad = 0;
	char *at;

	ftruncate(fd, SIZE);
	at = map(MAP_SHARED, fd, SIZE);
	for (int i = 0; i < rounds(30); i++) {
		pid_t child = fork();
		int status;

		if (!child)
			_exit(store_for_ever(at));
		usleep(1000);
		bad += ftruncate(fd, PAGE) != 0;
		bad += waitpid(child, &status, 0) != child || !WIFSIGNALED(status) ||
		       WTERMSIG(status) != SIGBUS;
		ftruncate(fd, SIZE);
		for (unsigned long p = 1; p < PAGES; p++)
			bad += at[p * PAGE] != 0;
	}
	test(bad == 0, "a file is cut under who stores to it");
	munmap(at, SIZE);
	close(fd);
}

static void test_refusals(void)
{
	int fd = memfd_create("test", 0), ends[2];

	test(fails(memfd_create("test", 0x8000), EINVAL), "an unknown flag");
	test(fails(memfd_create((char *)16, 0), EFAULT), "a name that is not there");
	test(fails(ftruncate(fd, -1), EINVAL), "a negative size");
	test(fails(ftruncate(999, 0), EBADF), "no such handle");
	test(pipe(ends) == 0 && fails(ftruncate(ends[1], 0), EINVAL), "a pipe");
	test(fails((long)mmap(NULL, PAGE, RW, MAP_SHARED, ends[0], 0), EACCES),
		"a mapping with more rights than the handle has");
	close(fd);
}

int main(void)
{
	PART(test_anonymous());
	PART(test_locks());
	PART(test_file());
	PART(test_shrink());
	PART(test_breathing());
	PART(test_refusals());
	printf("1..%d\n", count);
	return failures != 0;
}
