/*
 * tests/linux/windows.c - windows of system calls, held open by parking: one thread stops
 * in the kernel between two steps whose order matters, another does what must not be
 * missed.
 */
#include "tests/linux/tap.h"
#include "park.h"

#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <linux/futex.h>

static void wait_until_parked(void)
{
	while (park_count() == 0)
		;
}

/* --- a futex: between queueing and reading the word --- */

static unsigned int word;
static int waited;

static void *waiter(void *arg)
{
	stay_on_cpu(0);
	park_me(POINT_futex_look);
	syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	__atomic_store_n(&waited, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static long wake(void)
{
	return syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void futex_window(void)
{
	pthread_t thread;
	long woken;

	pthread_create(&thread, NULL, waiter, NULL);
	wait_until_parked();
	__atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
	woken = wake();
	park_go();
	while (!__atomic_load_n(&waited, __ATOMIC_SEQ_CST))
		wake();
	pthread_join(thread, NULL);
	test(woken == 1, "a wake-up between the wait call and its look is not lost");
}

/* --- signals: the children's parts; each would exit with 1 --- */

static int ready;

/* With everything blocked, so that the signal is the other thread's. */
static void *terminate(void *arg)
{
	stay_on_cpu(1);
	__atomic_store_n(&ready, 1, __ATOMIC_SEQ_CST);
	wait_until_parked();
	kill(getpid(), SIGTERM);
	park_go();
	return NULL;
}

static void start_terminator(void)
{
	sigset_t all, old;
	pthread_t thread;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	pthread_create(&thread, NULL, terminate, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	while (!__atomic_load_n(&ready, __ATOMIC_SEQ_CST))
		sched_yield();
}

/* SIGTERM comes while an ignored signal is being looked for. */
static int part_look(void)
{
	sigset_t set;

	stay_on_cpu(0);
	sigemptyset(&set);
	sigaddset(&set, SIGURG);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGURG);
	start_terminator();
	park_me(POINT_signal_look);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	_exit(1);
}

/* SIGTERM comes after the last look, before the first instruction of the program. */
static int part_return(void)
{
	stay_on_cpu(0);
	start_terminator();
	park_me(POINT_to_user);
	_exit(1);
}

static void signal_window(char *part, const char *name)
{
	char *args[] = {"/proc/self/exe", part, NULL};
	pid_t child;
	int status = 0;

	if (posix_spawn(&child, "/bin/windows", NULL, NULL, args, NULL) == 0)
		waitpid(child, &status, 0);
	test(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, name);
	if (!WIFSIGNALED(status))
		printf("# status %x\n", status);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return !strcmp(argv[1], "look") ? part_look() : part_return();
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (park_count() < 0 || stay_on_cpu(1)) {
		printf("ok 1 - windows # SKIP needs a lab kernel, park=on, two CPUs\n"
		       "1..1\n");
		return 0;
	}
	futex_window();
	signal_window("look", "a signal during the look for signals is not lost");
	signal_window("return", "a signal after the last look is not late");
	printf("1..%d\n", count);
	return failures > 0;
}
