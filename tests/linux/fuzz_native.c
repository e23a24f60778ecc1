/*
 * tests/linux/fuzz_native.c - random calls of the kernel's own, with half-sensible
 * arguments, by threads of several processes at a time that share some endpoints, names
 * and memory. A signal ends what they wait for, and some are killed on the way. They may
 * die of it in any way; the machine and this program may not, and nothing may be lost.
 *
 *     fuzz_native [CALLS [SEED]]     calls of each thread
 */
#include "kernel/ipc/pager.h"
#include "tests/linux/in_use.h"
#include "user/native.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 6
#define THREADS   3
#define ENDPOINTS 4
#define PAGES     64UL
#define PAGE      4096UL
#define PATIENCE  1000 /* naps of 10 ms */
#define CALLS_MAX 19   /* of native.h */

static uint64_t draw(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static char *arena;
static unsigned long number_of_calls;
static volatile int running;

/* --- arguments ---------------------------------------------------------------------- */

static uint64_t address(uint64_t *state)
{
	uint64_t value = draw(state);

	switch (value % 8) {
	case 0:
		return value >> 8;
	case 1:
		return value >> 8 & (PAGE - 1);
	case 2:
		return (uint64_t)arena + (value >> 8) % (PAGES * PAGE);
	default:
		return (uint64_t)arena + (value >> 8) % PAGES * PAGE;
	}
}

static uint64_t size(uint64_t *state)
{
	uint64_t value = draw(state);

	return value % 8 ? (value >> 8) % 18 * PAGE : (value >> 8) % 70000;
}

static uint64_t handle(uint64_t *state)
{
	uint64_t value = draw(state);

	return value % 16 ? 3 + (value >> 8) % 24 : value;
}

static struct native_long *more(uint64_t *state)
{
	struct native_long *at = (struct native_long *)address(state);
	struct native_long it = {address(state), size(state), address(state), size(state),
		draw(state) % 4 ? NATIVE_NO_HANDLE : handle(state), draw(state) % 5};
	int ends[2];

	if (draw(state) % 3 == 0)
		return NULL;
	/* The address may be anything: let the kernel try to write there. */
	if (!pipe(ends)) {
		if (write(ends[1], &it, sizeof(it)) == sizeof(it))
			(void)!read(ends[0], at, sizeof(*at));
		close(ends[0]);
		close(ends[1]);
	}
	return at;
}

/* --- calls -------------------------------------------------------------------------- */

static void meet(uint64_t *state, long number)
{
	unsigned long word[4];

	word[0] = draw(state) % 6;
	for (int i = 1; i < 4; i++)
		word[i] = draw(state) % 2 ? draw(state) % 9 : draw(state);
	native_ipc(number, draw(state) % 4 ? 3 + draw(state) % ENDPOINTS : handle(state),
		word, more(state));
}

static void open_served(uint64_t *state)
{
	char path[] = "/srv/a/file", *at;
	int fd;

	path[5] += draw(state) % 3;
	fd = open(path, O_RDWR | (draw(state) % 2 ? O_CREAT : 0), 0600);
	if (fd < 0)
		return;
	at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)!ftruncate(fd, size(state));
	(void)!write(fd, arena, draw(state) % 5000);
	fsync(fd);
	if (at != MAP_FAILED)
		munmap(at, PAGE);
	close(fd);
}

static void call(uint64_t *state)
{
	long number = NATIVE_BASE + draw(state) % (CALLS_MAX + 1);
	const char *names = "abcd/";

	switch (number) {
	case NATIVE_THREAD_CREATE: /* nobody would end them */
	case NATIVE_THREAD_EXIT:
	case NATIVE_TASK_EXIT:
	case NATIVE_SLEEP:
		open_served(state);
		break;
	case NATIVE_CALL:
	case NATIVE_RECEIVE:
	case NATIVE_REPLY:
		meet(state, number);
		break;
	case NATIVE_NAME:
		native_call(number, draw(state) % 3,
			draw(state) % 8 ? (long)names + draw(state) % 5
					: (long)address(state),
			draw(state) % 8 ? 1 : draw(state) % 40, handle(state));
		break;
	case NATIVE_HANDLE:
		native_call(number, draw(state) % 4, handle(state), draw(state) % 64, 0);
		break;
	case NATIVE_READ:
	case NATIVE_WRITE: /* not from what others wait for */
		native_call(number, 3 + draw(state) % ENDPOINTS, address(state),
			size(state), 0);
		break;
	default:
		native_call(number, address(state), size(state), draw(state) % 9,
			draw(state) % 3);
	}
}

static void nothing(int signal)
{
}

static void *calls(void *seed)
{
	uint64_t state = (uintptr_t)seed | 1;

	for (unsigned long i = 0; i < number_of_calls; i++)
		call(&state);
	__sync_fetch_and_sub(&running, 1);
	return NULL;
}

/* A message may give away handle 0, and then anyone writes to it: not to the console. */
static void leave_console(void)
{
	int fd = open("/dev/null", O_RDWR);

	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	close(fd);
}

/* While its threads run, they are sent signals, which end their waits. */
static void child(uint64_t seed)
{
	pthread_t id[THREADS];

	leave_console();
	signal(SIGUSR1, nothing);
	running = THREADS;
	for (int i = 0; i < THREADS; i++)
		pthread_create(
			&id[i], NULL, calls, (void *)(uintptr_t)(seed * 7 + i * 999));
	while (running) {
		usleep(500);
		for (int i = 0; i < THREADS; i++)
			pthread_kill(id[i], SIGUSR1);
	}
	_exit(0);
}

/* Who waits for a page of a server that does not answer is not woken by a signal. */
static int end(pid_t pid)
{
	for (int i = 0; i < PATIENCE; i++, usleep(10000))
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return 1;
	kill(pid, SIGKILL);
	return waitpid(pid, NULL, 0) == pid;
}

static int all(uint64_t seed)
{
	pid_t pid[PROCESSES];
	int ended = 0;

	for (int i = 0; i < ENDPOINTS; i++)
		native_call(NATIVE_ENDPOINT, 0, 0, 0, 0); /* 3, 4, 5 ... */
	for (int i = 0; i < PROCESSES; i++) {
		pid[i] = fork();
		if (!pid[i])
			child(seed + i * 131);
	}
	usleep(seed % 50000);
	kill(pid[0], SIGKILL);
	for (int i = 0; i < PROCESSES; i++)
		ended += end(pid[i]);
	for (int i = 0; i < ENDPOINTS; i++)
		close(3 + i); /* with the names that they have got */
	return ended == PROCESSES;
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	struct in_use before;
	int good;

	number_of_calls = argc > 1 ? strtoul(argv[1], NULL, 0) : 1500;
	arena = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	printf("# seed %lu\n", (unsigned long)seed);
	mlockall(MCL_CURRENT | MCL_FUTURE);
	good = all(seed * 77 + 5); /* what stays: the program's pages */
	before = in_use_now();
	good = good && all(seed) && in_use_as(before);
	printf("%sok 1 - %d processes make nonsense calls, and nothing is lost "
	       "(seed %lu)\n",
		good ? "" : "not ", PROCESSES, (unsigned long)seed);
	printf("1..1\n");
	return !good;
}
