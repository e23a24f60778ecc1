/*
 * tests/linux/storm.c - everything at once: threads that map, touch, protect and unmap,
 * start children, talk to them through pipes, and kill some of them on the way. All
 * inputs come from one seed (argument 1, default 1); nothing may be lost at the end.
 */
#include "tests/linux/tap.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 4
#define ROUNDS  60
#define PAGE    4096UL

static uint64_t seed = 1;
static int wrong; /* atomic */

static uint64_t draw(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void check(int good, const char *what)
{
	if (good)
		return;
	printf("# seed %lu: %s\n", (unsigned long)seed, what);
	__atomic_add_fetch(&wrong, 1, __ATOMIC_SEQ_CST);
}

/* Pages with their own address inside, some of them given back or protected. */
static void memory(uint64_t *state)
{
	size_t pages = 1 + draw(state) % 64, hole = draw(state) % pages;
	char *start = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check(start != MAP_FAILED, "mmap");
	for (size_t i = 0; i < pages; i++)
		*(char **)(start + i * PAGE) = start + i * PAGE;
	check(!madvise(start + hole * PAGE, PAGE, MADV_DONTNEED), "madvise");
	check(!mprotect(start, pages * PAGE, PROT_READ), "mprotect");
	for (size_t i = 0; i < pages; i++)
		check(*(char **)(start + i * PAGE) == (i == hole ? 0 : start + i * PAGE),
			"a page has changed");
	/* In pieces: another thread may get the hole at once. */
	check(!munmap(start + hole * PAGE, PAGE), "munmap of a page");
	check(!hole || !munmap(start, hole * PAGE), "munmap of the pages before");
	check(hole + 1 == pages ||
			!munmap(start + (hole + 1) * PAGE, (pages - hole - 1) * PAGE),
		"munmap of the pages behind");
}

static pid_t start_child(const char *part, int in, int out)
{
	char *words[] = {"storm", (char *)part, NULL}, *none[] = {NULL};
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, 0);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	check(!posix_spawn(&pid, "/proc/self/exe", &actions, NULL, words, none),
		"posix_spawn");
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

/* A child that echoes: what we send comes back, then it ends with the count. */
static void conversation(uint64_t *state)
{
	int to[2], from[2], status, size = 1 + draw(state) % 200;
	unsigned char bytes[200], back[200];
	ssize_t got, total = 0;
	pid_t pid;

	check(!pipe2(to, O_CLOEXEC) && !pipe2(from, O_CLOEXEC), "pipe2");
	pid = start_child("echo", to[0], from[1]);
	close(to[0]);
	close(from[1]);
	for (int i = 0; i < size; i++)
		bytes[i] = draw(state);
	check(write(to[1], bytes, size) == size, "write");
	close(to[1]);
	while ((got = read(from[0], back + total, size - total)) > 0)
		total += got;
	check(total == size && !memcmp(bytes, back, size), "other bytes came back");
	close(from[0]);
	check(waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
			WEXITSTATUS(status) == size,
		"exit status");
}

static void murder(uint64_t *state)
{
	int signal = draw(state) % 2 ? SIGKILL : SIGTERM, status;
	pid_t pid = start_child("wait", 0, 1);

	usleep(draw(state) % 3000);
	check(pid > 0 && !kill(pid, signal), "kill");
	check(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
			WTERMSIG(status) == signal,
		"it died of something else");
}

static void *storm(void *number)
{
	uint64_t state = seed * 0x9e3779b97f4a7c15UL + (uintptr_t)number;

	for (int i = 0; i < rounds(ROUNDS); i++) {
		unsigned int what = draw(&state) % 16;

		if (what < 12)
			memory(&state);
		else if (what < 14)
			conversation(&state);
		else
			murder(&state);
	}
	return number;
}

static int echo(void)
{
	char bytes[64];
	ssize_t got, total = 0;

	while ((got = read(0, bytes, sizeof(bytes))) > 0) {
		if (write(1, bytes, got) != got)
			return 255;
		total += got;
	}
	return total;
}

static void *spin(void *forever)
{
	while (*(volatile int *)forever)
		;
	return NULL;
}

/* Two threads that wait and one that runs, to be killed. */
static int wait_for_death(void)
{
	static int forever = 1;
	pthread_t id;

	pthread_create(&id, NULL, spin, &forever);
	pthread_join(id, NULL);
	return 1;
}

int main(int argc, char **argv)
{
	pthread_t ids[THREADS];

	if (argc > 1 && !strcmp(argv[1], "echo"))
		return echo();
	if (argc > 1 && !strcmp(argv[1], "wait"))
		return wait_for_death();
	if (argc > 1)
		seed = strtoul(argv[1], NULL, 0) | 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&ids[i], NULL, storm, (void *)(i + 1));
	for (int i = 0; i < THREADS; i++)
		pthread_join(ids[i], NULL);
	printf("%sok 1 - four threads and their children survive %ld rounds\n",
		wrong ? "not " : "", rounds(ROUNDS));
	printf("%sok 2 - no child is left\n",
		waitpid(-1, NULL, WNOHANG) == -1 ? "" : "not ");
	printf("1..2\n");
	return wrong > 0;
}
