/*
 * tests/linux/failing.c - every allocation that a program can reach fails once: the N-th
 * of the kernel's, for N = 1, 2, 3 ... until the program no longer gets that far. The
 * program may do without, be told ENOMEM (of processes and threads also EAGAIN), or be
 * ended for want of memory; the kernel goes on, and nothing is lost: objects and frames
 * in use are as many as before. /sys/kernel/debug/fail counts (lab builds).
 *
 *     failing                              small programs that are built in, every N
 *     failing FILE [STEP [FIRST [PART]]]   a whole program, every STEP-th N from FIRST
 * on; of its parts (tap.h) this one alone, or 0: all
 *
 * What a program does again and again it is asked to do just FEW times: later ones reach
 * the allocations of the first, and each N takes as long as the program.
 *
 * A whole program may fail in its own way; but it ends, or can be ended. What is lost is
 * looked for every few N, and the line says between which.
 */
#include "tests/linux/in_use.h"
#include "tests/linux/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE      4096UL
#define NO_MEMORY 1     /* how a program ends that was told so, or */
#define WRONG     2     /* was told anything else */
#define PATIENCE  20000 /* ms for a program that is built in, or more than it needs */
#define SOME      64    /* N between looks at what is in use */
#define FEW       "4"   /* rounds */

static int control;
static sigset_t a_child; /* SIGCHLD; blocked here, and waited for */

static void nap(long milliseconds)
{
	struct timespec time = {0, milliseconds * 1000000};

	nanosleep(&time, NULL);
}

/* --- the built-in programs; they run in a child --- */

/* What was asked for has come true, or there was no memory. */
static void want(int good)
{
	if (!good)
		_exit(errno == ENOMEM || errno == EAGAIN ? NO_MEMORY : WRONG);
}

/* Bytes moved; some of them is as much as there was memory for. */
static void want_bytes(long moved, long wanted)
{
	if (moved > 0 && moved < wanted)
		_exit(NO_MEMORY);
	want(moved == wanted);
}

static char *map(unsigned long pages, int flags, int fd)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);

	want(p != MAP_FAILED);
	return p;
}

static void own_memory(void)
{
	char *p = map(64, MAP_PRIVATE | MAP_ANONYMOUS, -1), *heap;

	for (int i = 0; i < 64; i += 3)
		p[i * PAGE] = 1;
	want(!mprotect(p + 8 * PAGE, PAGE, PROT_READ));
	want(!munmap(p + 16 * PAGE, 8 * PAGE));
	want(!madvise(p, 8 * PAGE, MADV_DONTNEED));
	want(!mlock(p + 32 * PAGE, 8 * PAGE));
	heap = malloc(300000);
	want(heap != NULL);
	memset(heap, 1, 300000);
}

static void shared_memory(void)
{
	int file = memfd_create("failing", 0);
	char *p, *q;

	want(file >= 0);
	want(!ftruncate(file, 32 * PAGE));
	p = map(32, MAP_SHARED, file);
	q = map(32, MAP_PRIVATE, file);
	for (int i = 0; i < 32; i += 2) {
		p[i * PAGE] = 1;
		q[i * PAGE] = 2;
	}
	want_bytes(pwrite(file, "hello", 5, 9 * PAGE - 2), 5);
	want(!ftruncate(file, 5 * PAGE));
	q = map(8, MAP_SHARED | MAP_ANONYMOUS, -1);
	q[PAGE] = 1;
}

static void moving(void)
{
	char *p = map(16, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char *q = map(64, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char *shared = map(8, MAP_SHARED | MAP_ANONYMOUS, -1);

	memset(p, 1, 16 * PAGE);
	want(mremap(p + 4 * PAGE, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		     q + 8 * PAGE) == q + 8 * PAGE);
	want(q[8 * PAGE] == 1 && p[8 * PAGE] == 1);
	p = mremap(p, 4 * PAGE, 2048 * PAGE, MREMAP_MAYMOVE);
	want(p != MAP_FAILED);
	want(p[0] == 1);
	shared[0] = 2;
	q = mremap(shared, 0, 8 * PAGE, MREMAP_MAYMOVE);
	want(q != MAP_FAILED);
	want(q[0] == 2);
}

static void end_of(pid_t pid)
{
	int status;

	want(pid > 0);
	want(waitpid(pid, &status, 0) == pid);
	if (WIFEXITED(status) &&
		WEXITSTATUS(status) == 127) /* libc gave up at its start */
		_exit(NO_MEMORY);
	if (WIFEXITED(status) && WEXITSTATUS(status))
		_exit(WEXITSTATUS(status));
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		_exit(WRONG);
}

static void forking(void)
{
	char *p = map(32, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	pid_t pid;

	memset(p, 1, 32 * PAGE);
	pid = fork();
	if (!pid) {
		for (int i = 0; i < 32; i += 3)
			p[i * PAGE] = 2;
		_exit(0);
	}
	for (int i = 0; i < 32; i += 5)
		p[i * PAGE] = 3;
	end_of(pid);
}

static void executing(void)
{
	char *words[] = {"/proc/self/exe", "nothing", NULL}, *none[] = {NULL};
	pid_t pid = vfork();

	if (!pid) {
		execve(words[0], words, none);
		_exit(errno == ENOMEM || errno == EAGAIN ? NO_MEMORY : WRONG);
	}
	end_of(pid);
}

static void *thread(void *arg)
{
	static __thread char mine[3 * PAGE];

	memset(mine, 1, sizeof(mine));
	return NULL;
}

static void threads(void)
{
	pthread_t id[4];

	for (int i = 0; i < 4; i++) {
		errno = pthread_create(&id[i], NULL, thread, NULL);
		want(!errno);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(id[i], NULL);
}

static void files(void)
{
	char text[2 * PAGE];
	int file = open("/proc/self/maps", O_RDONLY), ends[2], copy;
	struct iovec pages = {map(3, MAP_PRIVATE | MAP_ANONYMOUS, -1), 3 * PAGE};

	want(file >= 0);
	want(read(file, text, sizeof(text)) > 0);
	close(file);
	file = open("/bin", O_RDONLY | O_DIRECTORY);
	want(file >= 0);
	copy = dup(file);
	want(copy >= 0);
	file = open("/proc/self/exe", O_RDONLY);
	want(file >= 0);
	want(read(file, text, sizeof(text)) > 0);
	want(!pipe(ends));
	want_bytes(write(ends[1], text, 2 * PAGE), 2 * PAGE);
	want_bytes(vmsplice(ends[1], &pages, 1, 0), 3 * PAGE);
	want_bytes(read(ends[0], text, PAGE), PAGE);
}

/* What /proc tells of pages, and clearing their marks; and sockets. */
static void marks(void)
{
	char *p = map(2, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	int file = open("/proc/self/pagemap", O_RDONLY), ends[2];
	unsigned long told[2];

	want(file >= 0);
	*p = 1;
	want_bytes(pread(file, told, sizeof(told), (unsigned long)p / PAGE * 8), 16);
	file = open("/proc/self/clear_refs", O_WRONLY);
	want(file >= 0);
	want_bytes(write(file, "4", 1), 1);
	*p = 2;
	want(open("/proc/self/smaps", O_RDONLY) >= 0);
	file = open("/tmp", O_RDWR | O_TMPFILE, 0600);
	want(file >= 0);
	want(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends));
	want_bytes(write(ends[0], "ask", 3), 3);
	want_bytes(read(ends[1], told, sizeof(told)), 3);
}

static volatile int handled;

static void handler(int signal, siginfo_t *info, void *context)
{
	char deep[3 * PAGE];

	memset(deep, 1, sizeof(deep));
	handled += deep[PAGE];
}

static void signals(void)
{
	struct sigaction action = {
		.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	stack_t stack = {.ss_size = 16 * PAGE};

	stack.ss_sp = map(16, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	want(!sigaltstack(&stack, NULL));
	want(!sigaction(SIGUSR1, &action, NULL));
	kill(getpid(), SIGUSR1);
	errno = 0;
	want(handled == 1);
}

static void peers(void)
{
	char *p = map(8, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	struct iovec from = {p, 4 * PAGE}, to = {p + 4 * PAGE, 4 * PAGE};

	want_bytes(process_vm_writev(getpid(), &from, 1, &to, 1, 0), 4 * PAGE);
}

static const struct {
	const char *name;
	void (*run)(void);
} programs[] = {
	{"memory of one's own", own_memory},
	{"shared memory", shared_memory},
	{"memory that moves", moving},
	{"fork", forking},
	{"exec", executing},
	{"threads", threads},
	{"files and pipes", files},
	{"marks of pages, and sockets", marks},
	{"signals", signals},
	{"a peer's memory", peers},
};

/* --- who makes them fail --- */

static void arm(unsigned long n)
{
	char text[24];
	int size = snprintf(text, sizeof(text), "%lu", n);

	if (pwrite(control, text, size, 0) != size)
		exit(1);
}

/* How a child ends: as a shell says it, or -1: it had to be ended. It may wait for a
 * thread that was never made. */
static int end_in_time(pid_t pid, long patience)
{
	struct timespec time = {patience / 1000, patience % 1000 * 1000000};
	int status, in_time = 1;

	/* Of children of its children no signal comes here: one wait is enough. */
	while (!waitpid(pid, &status, WNOHANG)) {
		in_time = in_time && sigtimedwait(&a_child, NULL, &time) > 0;
		if (!in_time && !kill(pid, SIGKILL))
			sched_yield();
	}
	kill(-pid, SIGKILL); /* whom it has left behind */
	if (!in_time)
		return -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void become(char **words)
{
	int null = open("/dev/null", O_RDWR);

	if (dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		_exit(NO_MEMORY);
	execv(words[0], words);
	_exit(errno == ENOMEM ? NO_MEMORY : WRONG);
}

/* Run with allocation `n` failing (0: none): the status; *fired: it came to that. */
static int run(
	void (*program)(void), char **words, unsigned long n, int *fired, long patience)
{
	pid_t pid;
	int status;

	arm(n);
	pid = fork();
	if (!pid) {
		sigprocmask(SIG_UNBLOCK, &a_child, NULL);
		setpgid(0, 0);
		if (!program)
			become(words);
		program();
		_exit(0);
	}
	if (pid < 0)
		status = errno == ENOMEM || errno == EAGAIN ? NO_MEMORY : WRONG;
	else
		status = end_in_time(pid, patience);
	*fired = in_use_look().fired;
	arm(0);
	return status;
}

/* Threads and tables go a grace period after their end. Less is no loss: pages of files
 * were given up (caches.c asks for that). */
static int as_before(const struct in_use *before)
{
	struct in_use now = in_use_look();

	for (int i = 0; i < 250; i++) {
		if (now.objects <= before->objects && now.frames <= before->frames)
			return 1;
		nap(20);
		now = in_use_look();
	}
	printf("# %ld objects and %ld frames more than before\n",
		(long)(now.objects - before->objects),
		(long)(now.frames - before->frames));
	return 0;
}

/* Every N of a built-in program. How many; 0: something was wrong. */
static unsigned long sweep(void (*program)(void), unsigned long step)
{
	unsigned long n = 0;
	int fired = 1, status = 0;

	while (fired) {
		n += step;
		status = run(program, NULL, n, &fired, PATIENCE);
		if (status > NO_MEMORY && status != 128 + SIGKILL) {
			printf("# allocation %lu: status %d\n", n, status);
			return 0;
		}
	}
	if (status)
		printf("# without a failure: status %d\n", status);
	return status ? 0 : n;
}

static void *stay(void *arg)
{
	nap(200);
	return NULL;
}

/* Tables for kernel stacks are never given back; so that they are there. */
static void make_stacks(void)
{
	pthread_t id[40];

	for (int i = 0; i < 40; i++)
		pthread_create(&id[i], NULL, stay, NULL);
	for (int i = 0; i < 40; i++)
		pthread_join(id[i], NULL);
}

static void check(const char *name, void (*program)(void))
{
	struct in_use before;
	unsigned long many = sweep(program, 1);
	char text[100];

	snprintf(text, sizeof(text), "%s: each allocation fails once", name);
	test(many, text);
	printf("# %lu allocations\n", many);
	make_stacks();
	sweep(program, 7);
	nap(100);
	before = in_use_look();
	sweep(program, 1);
	snprintf(text, sizeof(text), "%s: nothing is lost by that", name);
	test(as_before(&before), text);
}

/* --- whole programs --- */

static long now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Undisturbed, and what stays after a first run is there: how long the program takes. */
static long rehearse(char **words)
{
	long start, status;
	int fired;

	run(NULL, words, 0, &fired, PATIENCE * 10);
	make_stacks();
	start = now_ms();
	status = run(NULL, words, 0, &fired, PATIENCE * 10);
	test(!status, "undisturbed it ends well");
	return now_ms() - start;
}

/* How programs have ended. */
static struct {
	unsigned long well, badly, killed, by_signal, never;
} ends;

static void note_end(unsigned long n, int status)
{
	if (status < 0) {
		ends.never++;
		printf("# allocation %lu: it had to be ended\n", n);
	} else if (status == 128 + SIGKILL) {
		ends.killed++;
	} else if (status > 128) {
		ends.by_signal++;
		printf("# allocation %lu: it ended by signal %d\n", n, status - 128);
	} else if (status) {
		ends.badly++;
	} else {
		ends.well++;
	}
}

/* `step`-th Ns, at most SOME of them; the next, 0: it comes not so far. With threads a
 * program may do so once by chance, hence three times. */
static unsigned long sweep_some(
	char **words, unsigned long n, unsigned long step, long patience)
{
	int fired, idle = 0;

	for (int i = 0; i < SOME; i++, n += step) {
		int status = run(NULL, words, n, &fired, patience);

		if (fired)
			note_end(n, status);
		idle = fired ? 0 : idle + 1;
		if (idle == 3)
			return 0;
	}
	return n;
}

/* The same again and again, and each time more is in use? Pages of files stay when they
 * were used once, also those that only a failure needs. */
static int loses(char **words, unsigned long n, unsigned long step, long patience)
{
	struct in_use before;

	for (int i = 0; i < 3; i++) {
		before = in_use_look();
		sweep_some(words, n, step, patience);
		if (as_before(&before))
			return 0;
	}
	return 1;
}

static long min(long a, long b)
{
	return a < b ? a : b;
}

static void check_file(char **words, unsigned long step, unsigned long first)
{
	long alone = rehearse(words), start = now_ms();
	long patience = 500 + min(4 * alone, PATIENCE + alone);
	struct in_use before;
	int lost = 0;

	nap(300);
	before = in_use_look();
	for (unsigned long n = first, next; n; n = next) {
		next = sweep_some(words, n, step, patience);
		if (!as_before(&before) && loses(words, n, step, patience)) {
			printf("# lost from allocation %lu on\n", n);
			lost++;
		}
		before = in_use_look();
		printf("# next %lu, after %ld s\n", next, (now_ms() - start) / 1000);
	}
	test(!lost, "nothing is lost by that");
	printf("# %s: %lu failures, alone %ld ms, all %ld s; it ended well %lu, badly "
	       "%lu, "
	       "for want of memory %lu, by a signal %lu, never %lu\n",
		words[0],
		ends.well + ends.badly + ends.killed + ends.by_signal + ends.never, alone,
		(now_ms() - start) / 1000, ends.well, ends.badly, ends.killed,
		ends.by_signal, ends.never);
}

static unsigned long number(int argc, char **argv, int i, unsigned long usual)
{
	unsigned long value = argc > i ? strtoul(argv[i], NULL, 0) : 0;

	return value ? value : usual;
}

int main(int argc, char **argv)
{
	char *alone[] = {argc > 1 ? argv[1] : NULL, NULL}, text[100];

	if (argc > 1 && !strcmp(argv[1], "nothing"))
		return 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	mlockall(MCL_CURRENT | MCL_FUTURE); /* what it needs later is no loss */
	sigemptyset(&a_child);
	sigaddset(&a_child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &a_child, NULL);
	control = open("/sys/kernel/debug/fail", O_RDWR);
	if (control < 0) {
		printf("1..0 # SKIP no allocations to fail: not a lab build\n");
		return 0;
	}
	test(read(control, text, sizeof(text)) > 0 && !read(control, text, 1),
		"the count of what is in use can be read to its end");
	if (argc > 4 && strcmp(argv[4], "0"))
		setenv("PART", argv[4], 1);
	setenv("ROUNDS", FEW, 1);
	if (argc > 1)
		check_file(alone, number(argc, argv, 2, 1), number(argc, argv, 3, 1));
	else
		for (unsigned int i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
			check(programs[i].name, programs[i].run);
	printf("1..%d\n", count);
	return failures > 0;
}
