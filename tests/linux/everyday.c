/*
 * tests/linux/everyday.c - what an ordinary program does: four threads, 64 MiB of memory,
 * doubles, stdio, another program started and its output read. Knows nothing of the
 * kernel; prints TAP; must say the same on Linux.
 */
#include "tests/linux/tap.h"

#include <math.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 4
#define ROUNDS  20000
#define MIB     (1024L * 1024)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static __thread long private_sum;
static long shared_sum, turn;
static double roots[THREADS];

static void *work(void *argument)
{
	long me = (long)argument;

	pthread_barrier_wait(&barrier);
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		shared_sum++;
		pthread_mutex_unlock(&mutex);
		private_sum += me;
		roots[me] += sqrt((double)i * (double)(me + 1));
	}
	pthread_mutex_lock(&mutex);
	while (turn != me)
		pthread_cond_wait(&changed, &mutex);
	turn++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
	return (void *)private_sum;
}

static void threads(void)
{
	pthread_t ids[THREADS];
	long sum = 0;
	double expected = 0;

	pthread_barrier_init(&barrier, NULL, THREADS);
	for (long i = 0; i < THREADS; i++)
		pthread_create(&ids[i], NULL, work, (void *)i);
	for (int i = 0; i < THREADS; i++) {
		void *result;

		pthread_join(ids[i], &result);
		sum += (long)result;
	}
	for (int i = 0; i < ROUNDS; i++)
		expected += sqrt((double)i * 3.0);
	test(shared_sum == (long)THREADS * ROUNDS, "a mutex keeps every increment");
	test(sum == 6L * ROUNDS, "each thread has its own variables");
	test(turn == THREADS, "a condition passes from thread to thread");
	test(roots[2] == expected, "doubles survive switches between threads");
}

static void memory(void)
{
	long size = rounds(64) * MIB, wrong = 0;
	unsigned char *bytes = malloc(size);

	test(bytes != NULL, "many MiB from malloc");
	for (long i = 0; bytes && i < size; i += 4096) {
		wrong += bytes[i] != 0;
		bytes[i] = (unsigned char)(i >> 12);
	}
	for (long i = 0; bytes && i < size; i += 4096)
		wrong += bytes[i] != (unsigned char)(i >> 12);
	test(!wrong, "it was zero and keeps what is written");
	free(bytes);
}

static void stdio(void)
{
	char text[100];
	double a;
	int n;

	snprintf(text, sizeof(text), "%.6f %e %5d|%-5s|%x", 3.14159265, 1e100, -42, "ab",
		0xbeef);
	test(!strcmp(text, "3.141593 1.000000e+100   -42|ab   |beef"), "printf");
	test(sscanf("2.5 17", "%lf %d", &a, &n) == 2 && a == 2.5 && n == 17, "scanf");
}

static void another_program(void)
{
	char *words[] = {"sh", "-c", "echo from a child; exit 5", NULL};
	char *none[] = {NULL};
	char text[64] = "";
	posix_spawn_file_actions_t actions;
	int ends[2], status = 0;
	ssize_t got, size = 0;
	pid_t pid;

	test(!pipe(ends), "a pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	posix_spawn_file_actions_addclose(&actions, ends[0]);
	test(!posix_spawn(&pid, "/bin/sh", &actions, NULL, words, none), "posix_spawn");
	close(ends[1]);
	while ((got = read(ends[0], text + size, sizeof(text) - 1 - size)) > 0)
		size += got;
	test(!strcmp(text, "from a child\n"), "its output comes through the pipe");
	test(waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
			WEXITSTATUS(status) == 5,
		"its exit status comes back");
	test(posix_spawn(&pid, "/bin/nothing", NULL, NULL, words, none) != 0,
		"a program that is not there cannot be started");
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	PART(threads());
	PART(memory());
	PART(stdio());
	PART(another_program());
	printf("1..%d\n", count);
	return failures > 0;
}
