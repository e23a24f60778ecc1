/*
 * tests/linux/alarms.c - alarm(), setitimer(ITIMER_REAL), and signals that carry a value;
 * must say the same on Linux. No test asks how soon something comes, only that it comes,
 * and not too early.
 */
#include "tests/linux/tap.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MS 1000L /* in microseconds */

static sigset_t alarms;

static long now_us(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static void set(long interval, long value, struct itimerval *old)
{
	const struct itimerval timer = {{interval / 1000000, interval % 1000000},
		{value / 1000000, value % 1000000}};

	if (setitimer(ITIMER_REAL, &timer, old))
		test(0, "setitimer");
}

/* Until one comes. */
static int take(siginfo_t *info)
{
	int signal;

	do
		signal = sigwaitinfo(&alarms, info);
	while (signal < 0 && errno == EINTR);
	return signal;
}

static int none_comes(long us)
{
	struct timespec time = {us / 1000000, us % 1000000 * 1000};

	return sigtimedwait(&alarms, NULL, &time) < 0 && errno == EAGAIN;
}

static void test_once(void)
{
	struct itimerval left;
	siginfo_t info;
	long start;

	test(getitimer(ITIMER_REAL, &left) == 0 && !left.it_value.tv_sec &&
			!left.it_value.tv_usec,
		"no timer is set at first");
	start = now_us();
	set(0, 30 * MS, NULL);
	test(take(&info) == SIGALRM && now_us() - start >= 30 * MS,
		"an alarm comes, and not too early");
	test(info.si_code == SI_KERNEL, "the kernel's");
	test(getitimer(ITIMER_REAL, &left) == 0 && !left.it_value.tv_sec &&
			!left.it_value.tv_usec,
		"then the timer is off again");
	test(none_comes(60 * MS), "and no other alarm comes");
}

static void test_again(void)
{
	struct itimerval old;
	siginfo_t info;
	long start = now_us();
	int good = 1;

	set(20 * MS, 40 * MS, NULL);
	for (int i = 0; i < 4; i++)
		good &= take(&info) == SIGALRM && now_us() - start >= (40 + i * 20) * MS;
	test(good, "alarms come again and again, none too early");
	set(0, 0, &old);
	test(old.it_interval.tv_usec == 20 * MS && old.it_value.tv_usec > 0 &&
			old.it_value.tv_usec <= 20 * MS,
		"who ends it is told what it was");
	(void)none_comes(0); /* one may have come before */
	test(none_comes(60 * MS), "no alarm comes after the end");
	set(1, 1, NULL);
	for (int i = 0; i < 20; i++)
		good &= take(&info) == SIGALRM;
	set(0, 0, NULL);
	(void)none_comes(0);
	test(good, "a program may ask for more than it gets");
}

static void test_seconds(void)
{
	siginfo_t info;
	long start = now_us();
	unsigned int left;

	test(alarm(100) == 0, "alarm: there was none");
	left = alarm(1);
	test(left <= 100 && left > 90, "it tells what was left, in seconds");
	test(take(&info) == SIGALRM && now_us() - start >= 1000 * MS,
		"it comes after a second");
	start = now_us();
	set(0, 499 * MS, NULL);
	left = alarm(0);
	test(left == 1 || now_us() - start >= 499 * MS,
		"less than a second left counts as one");
	(void)none_comes(0); /* on a slow machine it may have come */
	test(none_comes(600 * MS), "and it is called off");
}

static volatile int handled;

static void handler(int signal)
{
	handled++;
}

/* Its alarm comes to the program that it has become: a call that waits ends. It is
 * blocked until then. */
static void after_exec(void)
{
	sigset_t none;

	sigemptyset(&none);
	signal(SIGALRM, handler);
	while (!handled)
		sigsuspend(&none);
	exit(0);
}

static void test_processes(void)
{
	char *words[] = {"alarms", "exec", NULL};
	struct itimerval left;
	int status;
	pid_t pid;

	set(0, 500000 * MS, NULL);
	pid = fork();
	if (!pid)
		_exit(getitimer(ITIMER_REAL, &left) || left.it_value.tv_sec);
	test(pid > 0 && waitpid(pid, &status, 0) == pid && !status,
		"a child has no timer of its parent's");
	test(getitimer(ITIMER_REAL, &left) == 0 && left.it_value.tv_sec > 400,
		"which runs on");
	set(0, 0, NULL);
	pid = fork();
	if (!pid) {
		set(0, 50 * MS, NULL);
		execv("/proc/self/exe", words);
		_exit(1);
	}
	test(pid > 0 && waitpid(pid, &status, 0) == pid && !status,
		"a timer stays over exec");
	pid = fork();
	if (!pid) {
		sigprocmask(SIG_UNBLOCK, &alarms, NULL);
		set(0, 50 * MS, NULL);
		for (;;)
			pause();
	}
	test(pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
			WTERMSIG(status) == SIGALRM,
		"who does not care for its alarm dies of it");
}

static void test_bad_times(void)
{
	struct itimerval timer = {{0, 0}, {0, 1000000}};

	test(fails(setitimer(ITIMER_REAL, &timer, NULL), EINVAL),
		"a second is no fraction");
	timer = (struct itimerval){{0, -1}, {1, 0}};
	test(fails(setitimer(ITIMER_REAL, &timer, NULL), EINVAL),
		"nor less than nothing");
	timer = (struct itimerval){{0, 0}, {-1, 0}};
	test(fails(setitimer(ITIMER_REAL, &timer, NULL), EINVAL), "no time in the past");
	test(fails(setitimer(3, &(struct itimerval){0}, NULL), EINVAL), "no such timer");
	test(fails(getitimer(-1, &timer), EINVAL), "nor such one");
	test(fails(syscall(SYS_setitimer, ITIMER_REAL, 16, NULL), EFAULT),
		"no such address");
	test(fails(syscall(SYS_getitimer, ITIMER_REAL, 16), EFAULT), "nor to write to");
	test(none_comes(0), "none of these has set anything");
}

/* --- signals with a value --- */

static int queue(int signal, long value)
{
	return sigqueue(getpid(), signal, (union sigval){.sival_ptr = (void *)value});
}

static volatile siginfo_t got;

static void keep(int signal, siginfo_t *info, void *context)
{
	*(siginfo_t *)&got = *info;
}

static void test_values(void)
{
	struct sigaction action = {.sa_sigaction = keep, .sa_flags = SA_SIGINFO};
	sigset_t set;
	siginfo_t info;
	int good = 1, status;
	pid_t pid;

	sigaction(SIGUSR1, &action, NULL);
	test(!queue(SIGUSR1, 0x123456789abcdefL) && got.si_signo == SIGUSR1 &&
			got.si_code == SI_QUEUE && got.si_pid == getpid() &&
			got.si_uid == getuid() &&
			got.si_ptr == (void *)0x123456789abcdefL,
		"a handler sees the value, and who sent it");
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (long i = 0; i < 30; i++)
		good &= !queue(SIGRTMIN, i);
	for (long i = 0; i < 30; i++)
		good &= sigwaitinfo(&set, &info) == SIGRTMIN && info.si_ptr == (void *)i;
	test(good, "thirty values wait, and come in order");
	pid = fork();
	if (!pid) {
		good = sigwaitinfo(&set, &info) == SIGRTMIN && info.si_pid == getppid() &&
		       info.si_int == 7;
		_exit(!good);
	}
	test(!sigqueue(pid, SIGRTMIN, (union sigval){.sival_int = 7}) &&
			waitpid(pid, &status, 0) == pid && !status,
		"from process to process");
	test(!sigqueue(getpid(), 0, (union sigval){0}), "signal 0 only asks");
}

/* As its caller would have it: `code` says where from. */
static long send_as(pid_t pid, int signal, int code)
{
	siginfo_t info = {.si_code = code};

	return syscall(SYS_rt_sigqueueinfo, pid, signal, &info);
}

static void test_bad_values(void)
{
	pid_t parent = getppid();

	test(fails(sigqueue(getpid(), 65, (union sigval){0}), EINVAL), "no such signal");
	test(fails(sigqueue(1 << 22, SIGUSR1, (union sigval){0}), ESRCH),
		"no such process");
	test(fails(send_as(-1, SIGUSR1, SI_QUEUE), ESRCH), "not to everybody");
	test(fails(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, 16), EFAULT),
		"no such address");
	test(fails(send_as(parent, SIGWINCH, SI_USER), EPERM),
		"nobody speaks as kill() does");
	test(fails(send_as(parent, SIGWINCH, SI_KERNEL), EPERM), "nor as the kernel");
	test(fails(send_as(parent, SIGWINCH, SI_TKILL), EPERM), "nor as tkill()");
	test(!send_as(getpid(), SIGUSR1, SI_USER) && got.si_code == SI_USER,
		"but to itself");
}

/* However many there may be: the last is refused, and none of the others is lost. */
static void test_full(void)
{
	sigset_t set;
	siginfo_t info;
	long sent = 0, good = 1;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	while (sent < 1000000 && !queue(SIGRTMIN + 1, sent))
		sent++;
	test(sent == 1000000 || fails(-1, EAGAIN), "there is no room for any number");
	test(sent >= 32, "but for 32");
	for (long i = 0; i < sent; i++)
		good &= sigwaitinfo(&set, &info) == SIGRTMIN + 1 &&
			info.si_ptr == (void *)i;
	test(good, "all that were taken come");
	test(sigtimedwait(&set, &info, &(struct timespec){0, 0}) < 0 && errno == EAGAIN,
		"and no more");
}

int main(int argc, char **argv)
{
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	if (argc > 1)
		after_exec();
	sigprocmask(SIG_BLOCK, &alarms, NULL);
	test_once();
	test_again();
	test_seconds();
	test_processes();
	test_bad_times();
	test_values();
	test_bad_values();
	test_full();
	printf("1..%d\n", count);
	return failures > 0;
}
