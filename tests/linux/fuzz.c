/*
 * tests/linux/fuzz.c - random system calls, Linux's and our own, with half-sensible
 * arguments: small numbers, open descriptors, good and bad addresses, flags. Children do
 * the calls, in two threads, and may die of it in any way; the machine and this program
 * may not, and when they are gone as much memory is in use as before. Asks only Origami:
 * nobody else deserves it.
 *
 *     fuzz [SEED [CALLS]]     children follow each other until so many calls were made
 */
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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/linux/in_use.h"

#define ALL_CALLS 50000
#define CALLS     3000 /* of a thread, if it lives */
#define NUMBERS   450
#define NATIVE    0x10000 /* our own calls: one in sixteen */
#define NATIVES   40
#define PATIENCE  60 /* naps of 5 ms */

static uint64_t draw(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static char *arena;         /* 64 pages, some of them without rights or gone */
static unsigned long *done; /* calls of all children; shared */

static uint64_t argument(uint64_t *state)
{
	static const uint64_t odd[] = {0, 1, 4095, 4096, 0x7fffffff, 0x80000000, ~0UL,
		1UL << 63, 0xffffffff80200000UL, 0x0000800000000000UL,
		0x7fffffffffffffffUL};
	uint64_t kind = draw(state) % 8, value = draw(state);

	switch (kind) {
	case 0:
		return odd[value % (sizeof(odd) / sizeof(odd[0]))];
	case 1:
		return value % 16;
	case 2:
		return value % 300;
	case 3:
		return 1UL << value % 64;
	case 4:
	case 5:
		return (uint64_t)arena + value % (64 * 4096);
	case 6:
		return (uint64_t)arena + value % 64 * 4096;
	default:
		return value;
	}
}

/* Ending others, or this child too soon, would test nothing; its children would outlive
 * it and multiply. (handlers.c has random signal frames.) */
static int is_excepted(long number)
{
	return number == NATIVE + 4 /* thread_exit */ ||
	       number == NATIVE + 5 /* task_exit */ || number == SYS_rt_sigreturn ||
	       number == SYS_kill || number == SYS_tkill || number == SYS_tgkill ||
	       number == SYS_exit || number == SYS_exit_group || number == SYS_pause ||
	       number == SYS_rt_sigsuspend || number == SYS_clone ||
	       number == SYS_vfork || number == SYS_fork || number == SYS_clone3;
}

static void *calls(void *seed)
{
	uint64_t state = (uintptr_t)seed;

	for (int i = 0; i < CALLS; i++) {
		long number = draw(&state) % 16 ? (long)(draw(&state) % NUMBERS)
						: NATIVE + (long)(draw(&state) % NATIVES);
		uint64_t a[6];

		for (int n = 0; n < 6; n++)
			a[n] = argument(&state);
		if (!is_excepted(number))
			syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
		__sync_fetch_and_add(done, 1);
		if (i % 64 == 0)
			memcpy(arena, "/proc/self/pt", 14);
	}
	return NULL;
}

static int child(uint64_t seed)
{
	pthread_t id;
	int null = open("/dev/null", O_RDWR), ends[2];

	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	if (pipe(ends))
		return 1;
	arena = mmap(NULL, 64 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		-1, 0);
	for (int i = 0; i < 64; i += 8)
		memcpy(arena + i * 4096, "/bin/../proc/1/stat", 20);
	pthread_create(&id, NULL, calls, (void *)(uintptr_t)(seed * 2 + 1));
	calls((void *)(uintptr_t)(seed * 3 + 1));
	return 0;
}

static void nothing(int signal)
{
}

/* One child, whose waits are ended by a signal. 1: it has ended by itself; 0: by us. */
static int one_child(uint64_t seed)
{
	struct timespec nap = {0, 5000000};
	int status, naps = 0;
	pid_t pid = fork();

	if (!pid)
		_exit(child(seed));
	for (; waitpid(pid, &status, WNOHANG) == 0; naps++) {
		kill(pid, naps < PATIENCE ? SIGUSR1 : SIGKILL);
		nanosleep(&nap, NULL);
	}
	return naps <= PATIENCE;
}

/* Pages of a file stay when they have been used once. */
static void use_all_of_this_file(void)
{
	int file = open("/proc/self/exe", O_RDONLY);
	off_t size = lseek(file, 0, SEEK_END);

	mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
	close(file);
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	unsigned long wanted = argc > 2 ? strtoul(argv[2], NULL, 0) : ALL_CALLS;
	unsigned long children = 0, killed = 0;
	struct in_use before;
	int good;

	setvbuf(stdout, NULL, _IOLBF, 0);
	sigaction(SIGUSR1, &(struct sigaction){.sa_handler = nothing}, NULL);
	done = mmap(
		NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	printf("# seed %lu\n", (unsigned long)seed);
	mlockall(MCL_CURRENT | MCL_FUTURE);
	use_all_of_this_file();
	for (int i = 0; i < 4; i++) /* what stays: tables of the stacks' window, files */
		one_child(seed * 100000 + 99990 + i);
	before = in_use_now();
	while (*done < wanted && children < wanted)
		killed += !one_child(seed * 100000 + children++);
	printf("# %lu calls of %lu children, of which %lu had to be killed\n", *done,
		children, killed);
	good = in_use_as(before) && *done >= wanted;
	printf("%sok 1 - nonsense calls, and nothing is lost (seed %lu)\n1..1\n",
		good ? "" : "not ", (unsigned long)seed);
	return !good;
}
