/*
 * tests/linux/signals.c - default actions, masks, waiting for signals, and how a parent
 * learns of it. Children are started by posix_spawn: this program again, with the name of
 * a part to play.
 */
#include "tests/linux/tap.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static sigset_t set_of(int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	return set;
}

static void nap(long milliseconds)
{
	struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};

	nanosleep(&time, NULL);
}

/* --- the children's parts --- */

static int part_pause(void)
{
	pause();
	return 1;
}

static void *spin(void *arg)
{
	for (volatile long i = 0; arg || i >= 0; i++)
		;
	return NULL;
}

static int part_spin(void)
{
	pthread_t id;

	pthread_create(&id, NULL, spin, NULL);
	spin(NULL);
	return 1;
}

static int part_sleep(void)
{
	sleep(100);
	return 1;
}

static int part_read(void)
{
	int ends[2];
	char c;

	return pipe(ends) || read(ends[0], &c, 1) != 1;
}

static int part_blocked(void)
{
	sigset_t set = set_of(SIGTERM);

	sigprocmask(SIG_BLOCK, &set, NULL);
	kill(getpid(), SIGTERM);
	nap(20);
	sigpending(&set);
	if (!sigismember(&set, SIGTERM))
		return 1;
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return 2; /* never: it is delivered before the call returns */
}

static int part_deaf(void)
{
	sigset_t all;

	sigfillset(&all);
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, NULL, 8);
	nap(3000);
	return 1;
}

/* Waits for a child that has its memory. */
static int part_vfork(void)
{
	if (vfork() == 0) {
		nap(3000);
		_exit(0);
	}
	return 1;
}

static int part_ignored(void)
{
	signal(SIGTERM, SIG_IGN);
	kill(getpid(), SIGTERM);
	return 7;
}

static int part_inherits(void)
{
	struct sigaction action;

	sigaction(SIGUSR1, NULL, &action);
	return action.sa_handler == SIG_IGN ? 8 : 1;
}

static int part_pipe(void)
{
	int ends[2];

	if (pipe(ends))
		return 1;
	close(ends[0]);
	return write(ends[1], "x", 1) == 1;
}

static int part_thread_dies(void)
{
	raise(SIGKILL);
	return 1;
}

static const struct {
	const char *name;
	int (*play)(void);
} parts[] = {
	{"pause", part_pause},
	{"spin", part_spin},
	{"sleep", part_sleep},
	{"read", part_read},
	{"blocked", part_blocked},
	{"deaf", part_deaf},
	{"vfork", part_vfork},
	{"ignored", part_ignored},
	{"inherits", part_inherits},
	{"pipe", part_pipe},
	{"thread", part_thread_dies},
};

/* --- the parent --- */

static pid_t start(const char *part)
{
	char *words[] = {"signals", (char *)part, NULL};
	char *none[] = {NULL};
	pid_t pid = -1;

	if (posix_spawn(&pid, "/proc/self/exe", NULL, NULL, words, none))
		return -1;
	return pid;
}

static int status_of(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return status;
}

static void dies(const char *part, int signal, int expected, const char *name)
{
	pid_t pid = start(part);
	int status;

	nap(50);
	if (signal)
		kill_child(pid, signal);
	status = status_of(pid);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != expected)
		printf("# %s: status %#x\n", part, status);
	test(WIFSIGNALED(status) && WTERMSIG(status) == expected, name);
}

static void unblockable(void)
{
	sigset_t all, none, blocked;

	sigfillset(&all);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigprocmask(SIG_SETMASK, &none, &blocked);
	test(sigismember(&blocked, SIGTERM) && !sigismember(&blocked, SIGKILL) &&
			!sigismember(&blocked, SIGSTOP),
		"SIGKILL and SIGSTOP stay out of the mask");
}

static void default_actions(void)
{
	struct timespec before, after;
	int status;

	/* What a parent ignores stays ignored: under nohup(1), or behind a shell's &. */
	for (int number = 1; number < SIGRTMIN; number++)
		signal(number, SIG_DFL);
	dies("pause", SIGTERM, SIGTERM, "SIGTERM ends a process in pause");
	dies("spin", SIGKILL, SIGKILL,
		"SIGKILL ends two threads that never call anything");
	dies("sleep", SIGHUP, SIGHUP, "SIGHUP ends a sleeper");
	dies("read", SIGINT, SIGINT, "SIGINT ends a reader of an empty pipe");
	dies("blocked", 0, SIGTERM, "a blocked signal is delivered when unblocked");
	clock_gettime(CLOCK_MONOTONIC, &before);
	dies("vfork", SIGKILL, SIGKILL, "SIGKILL ends a process that waits in vfork");
	dies("vfork", SIGTERM, SIGTERM, "SIGTERM does");
	clock_gettime(CLOCK_MONOTONIC, &after);
	test(after.tv_sec - before.tv_sec < 3, "and does not wait for the child");
	dies("deaf", SIGKILL, SIGKILL, "SIGKILL cannot be blocked");
	dies("pipe", 0, SIGPIPE, "writing to a pipe that nobody reads");
	dies("thread", 0, SIGKILL, "raise(SIGKILL)");
	status = status_of(start("ignored"));
	test(WIFEXITED(status) && WEXITSTATUS(status) == 7,
		"an ignored signal does nothing");
	signal(SIGUSR1, SIG_IGN);
	status = status_of(start("inherits"));
	test(WIFEXITED(status) && WEXITSTATUS(status) == 8, "ignoring outlives exec");
	signal(SIGUSR1, SIG_DFL);
}

static void waiting(void)
{
	sigset_t set = set_of(SIGUSR2), old;
	struct timespec soon = {0, 20000000};
	siginfo_t info;
	pid_t pid;

	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &old);
	test(sigtimedwait(&set, NULL, &soon) == -1 && errno == EAGAIN,
		"sigtimedwait gives up in time");
	kill(getpid(), SIGUSR2);
	test(sigtimedwait(&set, &info, &soon) == SIGUSR2 && info.si_signo == SIGUSR2,
		"and takes what is pending");
	pid = start("ignored");
	test(sigwaitinfo(&set, NULL) == SIGCHLD, "a child's end sends SIGCHLD");
	test(waitpid(pid, NULL, WNOHANG) == pid, "and then it can be waited for");
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static void stopping(void)
{
	pid_t pid = start("pause");

	nap(50);
	kill_child(pid, SIGSTOP);
	nap(50);
	kill_child(pid, SIGTERM);
	kill_child(pid, SIGCONT);
	test(WTERMSIG(status_of(pid)) == SIGTERM, "stop, continue, end");
}

static void errors(void)
{
	pid_t pid = start("pause");

	test(kill(getpid(), 0) == 0, "signal 0 asks whether a process is there");
	test(kill(999999, 0) == -1 && errno == ESRCH, "no such process");
	test(kill(getpid(), 65) == -1 && errno == EINVAL, "no such signal");
	test(signal(SIGKILL, SIG_IGN) == SIG_ERR && errno == EINVAL, "SIGKILL stays");
	test(syscall(SYS_tgkill, getpid(), 999999, SIGTERM) == -1 && errno == ESRCH,
		"no such thread");
	test(waitpid(pid, NULL, WNOHANG) == 0, "a living child is not waited for");
	kill_child(pid, SIGKILL);
	status_of(pid);
	test(kill_child(pid, 0) == -1 && errno == ESRCH, "a reaped child is gone");
	test(waitpid(-1, NULL, 0) == -1 && errno == ECHILD, "no children are left");
}

int main(int argc, char **argv)
{
	for (unsigned int i = 0; argc > 1 && i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!strcmp(argv[1], parts[i].name))
			return parts[i].play();
	setvbuf(stdout, NULL, _IOLBF, 0);
	default_actions();
	unblockable();
	waiting();
	stopping();
	errors();
	printf("1..%d\n", count);
	return failures > 0;
}
