/*
 * tests/linux/fuzz.c - random system calls with half-sensible arguments: small numbers,
 * open descriptors, good and bad addresses, flags. Children do the calls, in two threads,
 * and may die of it in any way; the machine and this program may not. Everything comes
 * from one seed (argument 1). Asks only Origami: nobody else deserves it.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHILDREN 24
#define CALLS    3000
#define NUMBERS  450
#define PATIENCE 20 /* naps of 50 ms */

static uint64_t draw(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static char *arena; /* 64 pages, some of them without rights or gone */

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
	return number == SYS_rt_sigreturn || number == SYS_kill || number == SYS_tkill ||
	       number == SYS_tgkill || number == SYS_exit || number == SYS_exit_group ||
	       number == SYS_pause || number == SYS_rt_sigsuspend ||
	       number == SYS_clone || number == SYS_vfork || number == SYS_fork ||
	       number == SYS_clone3;
}

static void *calls(void *seed)
{
	uint64_t state = (uintptr_t)seed;

	for (int i = 0; i < CALLS; i++) {
		long number = draw(&state) % NUMBERS;
		uint64_t a[6];

		for (int n = 0; n < 6; n++)
			a[n] = argument(&state);
		if (!is_excepted(number))
			syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
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

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	struct timespec nap = {0, 50000000};
	int ended = 0, killed = 0;

	if (argc > 2)
		return child(seed);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 0; i < CHILDREN; i++) {
		char text[32], *words[] = {"fuzz", text, "child", NULL}, *none[] = {NULL};
		int status, wait = 0;
		pid_t pid;

		snprintf(text, sizeof(text), "%lu", (unsigned long)(seed * 1000 + i));
		if (posix_spawn(&pid, "/proc/self/exe", NULL, NULL, words, none))
			break;
		while (waitpid(pid, &status, WNOHANG) == 0 && wait++ < PATIENCE)
			nanosleep(&nap, NULL);
		if (wait > PATIENCE) {
			kill(pid, SIGKILL);
			killed += waitpid(pid, &status, 0) == pid;
		} else {
			ended++;
		}
	}
	printf("# %d ended by themselves, %d waited for something\n", ended, killed);
	printf("%sok 1 - %d children make nonsense calls (seed %lu)\n",
		ended + killed == CHILDREN ? "" : "not ", CHILDREN, (unsigned long)seed);
	printf("1..1\n");
	return ended + killed != CHILDREN;
}
