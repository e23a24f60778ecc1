/*
 * tests/linux/handlers.c - signal handlers: what they are told, on which stack they run,
 * what they block, what they may do to the interrupted program, and what becomes of the
 * call that was interrupted. The last part returns from handlers that never ran.
 */
#include "tests/linux/tap.h"

#include <errno.h>
#include <fenv.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096UL

/* --- what differs between the machines --- */

#ifdef __x86_64__
#define IP(context) ((context)->uc_mcontext.gregs[REG_RIP])
#define SP(context) ((context)->uc_mcontext.gregs[REG_RSP])
/* 7 bytes: mov dword [rdi], 1 is C7 07 01 00 00 00; a load has other lengths. */
#define TOUCH(address)        asm volatile(".byte 0xc7,0x07,1,0,0,0" ::"D"(address) : "memory")
#define TOUCH_LENGTH          6
#define ILLEGAL()             asm volatile("ud2")
#define SKIP_ILLEGAL(context) (IP(context) += 2)
#define ILLEGAL_CODE          ILL_ILLOPN
#define BREAK()               asm volatile("int3")
#define ADDRESS_MASK          (~0UL)
#else
#define IP(context)    ((context)->uc_mcontext.psw.addr)
#define SP(context)    ((context)->uc_mcontext.gregs[15])
#define TOUCH(address) asm volatile("mvi 0(%0),1" ::"a"(address) : "memory")
#define TOUCH_LENGTH   4
#define ILLEGAL()      asm volatile(".short 0,0")
#define SKIP_ILLEGAL(context)                                                            \
	(IP(context) += 2) /* it is behind the first half already                        \
			    */
#define ILLEGAL_CODE ILL_ILLOPC
#define BREAK()      asm volatile(".short 1")
#define ADDRESS_MASK (~(PAGE - 1)) /* the hardware tells the page only */
#endif

/* --- the last signal --- */

static volatile sig_atomic_t calls;
static siginfo_t last;
static ucontext_t last_context;
static void *volatile last_stack;
static sigset_t mask_inside;

static void note(int signal, siginfo_t *info, void *context)
{
	int here;

	calls++;
	last = *info;
	/* The libc's type ends in room that the kernel's has not. */
	memcpy(&last_context, context, offsetof(ucontext_t, uc_sigmask));
	last_stack = &here;
	sigprocmask(SIG_SETMASK, NULL, &mask_inside);
}

static void simple(int signal)
{
	calls++;
}

typedef void handler(int, siginfo_t *, void *);

static void on(int signal, handler *function, int flags)
{
	struct sigaction action = {
		.sa_sigaction = function, .sa_flags = SA_SIGINFO | flags};

	sigemptyset(&action.sa_mask);
	sigaction(signal, &action, NULL);
	calls = 0;
}

static int blocked_inside(int signal)
{
	return sigismember(&mask_inside, signal);
}

static int blocked_now(int signal)
{
	sigset_t set;

	sigprocmask(SIG_SETMASK, NULL, &set);
	return sigismember(&set, signal);
}

static void *pages(size_t size, int prot)
{
	return mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void nap(long milliseconds)
{
	struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};

	while (nanosleep(&time, &time) && errno == EINTR)
		;
}

/* --- what handlers are told --- */

static void basics(void)
{
	struct sigaction action = {.sa_handler = simple};

	sigaction(SIGUSR1, &action, NULL);
	calls = 0;
	raise(SIGUSR1);
	raise(SIGUSR1);
	test(calls == 2, "a handler runs, and runs again");
	on(SIGUSR1, note, 0);
	raise(SIGUSR1);
	test(calls == 1 && last.si_signo == SIGUSR1 && last.si_code == SI_TKILL &&
			last.si_pid == getpid(),
		"raise: si_code and si_pid");
	kill(getpid(), SIGUSR1);
	test(calls == 2 && last.si_code == SI_USER,
		"kill runs the handler before it returns");
	test(blocked_inside(SIGUSR1) && !blocked_now(SIGUSR1),
		"the signal is blocked meanwhile, and not longer");
	test(IP(&last_context) != 0 && SP(&last_context) > (unsigned long)last_stack,
		"the context tells where the program was");
	on(SIGUSR1, note, SA_NODEFER);
	raise(SIGUSR1);
	test(!blocked_inside(SIGUSR1), "SA_NODEFER: it is not");
	on(SIGUSR1, note, SA_RESETHAND);
	raise(SIGUSR1);
	sigaction(SIGUSR1, NULL, &action);
	test(calls == 1 && action.sa_handler == SIG_DFL, "SA_RESETHAND: once only");
}

static volatile sig_atomic_t order[4], ordered;

static void nests(int signal, siginfo_t *info, void *context)
{
	order[ordered++ & 3] = signal;
	if (signal == SIGUSR1) {
		raise(SIGUSR2);
		order[ordered++ & 3] = -signal;
	}
}

static void masks(void)
{
	struct sigaction action = {.sa_sigaction = nests, .sa_flags = SA_SIGINFO};
	sigset_t set, old;

	on(SIGUSR2, nests, 0);
	sigemptyset(&action.sa_mask);
	sigaction(SIGUSR1, &action, NULL);
	ordered = 0;
	raise(SIGUSR1);
	test(ordered == 3 && order[1] == SIGUSR2 && order[2] == -SIGUSR1,
		"a handler is interrupted by another signal");
	sigaddset(&action.sa_mask, SIGUSR2);
	sigaction(SIGUSR1, &action, NULL);
	ordered = 0;
	raise(SIGUSR1);
	test(ordered == 3 && order[1] == -SIGUSR1 && order[2] == SIGUSR2,
		"unless sa_mask puts that off");
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, &old);
	on(SIGUSR1, note, 0);
	raise(SIGUSR1);
	raise(SIGUSR1);
	sigpending(&set);
	test(calls == 0 && sigismember(&set, SIGUSR1), "a blocked signal waits");
	sigprocmask(SIG_SETMASK, &old, NULL);
	test(calls == 1, "and comes once");
	on(SIGRTMIN, note, 0);
	sigprocmask(SIG_BLOCK, &(sigset_t){0}, NULL);
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, &old);
	raise(SIGRTMIN);
	raise(SIGRTMIN);
	raise(SIGRTMIN);
	sigprocmask(SIG_SETMASK, &old, NULL);
	test(calls == 3, "realtime signals come as often as they were sent");
}

/* --- faults --- */

static void open_page(int signal, siginfo_t *info, void *context)
{
	note(signal, info, context);
	mprotect((void *)((unsigned long)info->si_addr & -PAGE), PAGE,
		PROT_READ | PROT_WRITE);
}

static void skip_touch(int signal, siginfo_t *info, void *context)
{
	note(signal, info, context);
	IP((ucontext_t *)context) += TOUCH_LENGTH;
}

static int told(const volatile char *address, int code)
{
	asm volatile("" ::: "memory"); /* a handler has run since we looked */
	return ((unsigned long)last.si_addr & ADDRESS_MASK) ==
		       ((unsigned long)address & ADDRESS_MASK) &&
	       last.si_code == code;
}

static void mapping_by_faults(void)
{
	volatile char *p = pages(16 * PAGE, PROT_NONE);
	int good = 1;

	on(SIGSEGV, open_page, 0);
	for (int i = 0; i < 16; i++) {
		p[i * PAGE + 8 * i] = i + 1;
		good &= calls == i + 1 && told(p + i * PAGE + 8 * i, SEGV_ACCERR);
	}
	for (int i = 0; i < 16; i++)
		good &= p[i * PAGE + 8 * i] == i + 1;
	test(good && calls == 16, "a SIGSEGV handler opens pages as they are written");
	mprotect((void *)p, PAGE, PROT_READ);
	calls = 0;
	p[1] = 2;
	test(calls == 1 && told(p + 1, SEGV_ACCERR) && p[0] == 1 && p[1] == 2,
		"SEGV_ACCERR at what may only be read");
	munmap((void *)p, 16 * PAGE);
	on(SIGSEGV, skip_touch, 0);
	TOUCH(p + 5);
	test(calls == 1 && told(p + 5, SEGV_MAPERR),
		"SEGV_MAPERR at nothing; the handler skips the instruction");
#ifdef __x86_64__
	test(last_context.uc_mcontext.gregs[REG_TRAPNO] == 14 &&
			last_context.uc_mcontext.gregs[REG_ERR] == 6 &&
			last_context.uc_mcontext.gregs[REG_CR2] == (long)(p + 5),
		"the context has trap number, error code and address");
#else
	test((last_context.uc_mcontext.psw.mask & 0x0001000180000000) ==
			0x0001000180000000,
		"the context has the mask of user mode");
#endif
}

static sigjmp_buf jump;

static void leap(int signal, siginfo_t *info, void *context)
{
	note(signal, info, context);
	siglongjmp(jump, signal);
}

static void jumping(void)
{
	volatile int round = 0;
	int signal;

	on(SIGSEGV, leap, 0);
	signal = sigsetjmp(jump, 1);
	if (round++ < 3)
		TOUCH(NULL);
	test(signal == SIGSEGV && calls == 3 && !blocked_now(SIGSEGV),
		"siglongjmp out of SIGSEGV, three times");
}

static void beyond_the_end(void)
{
	int file = memfd_create("short", 0);
	char *p;

	if (ftruncate(file, PAGE))
		return;
	p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	on(SIGBUS, skip_touch, 0);
	TOUCH(p + PAGE + 3);
	test(calls == 1 && told(p + PAGE + 3, BUS_ADRERR),
		"BUS_ADRERR behind a file's end");
	munmap(p, 2 * PAGE);
	close(file);
}

static void skip_illegal(int signal, siginfo_t *info, void *context)
{
	note(signal, info, context);
	if (signal == SIGILL)
		SKIP_ILLEGAL((ucontext_t *)context);
}

static void instructions(void)
{
	volatile int zero = 0, one = 1;

	on(SIGILL, skip_illegal, 0);
	ILLEGAL();
	test(calls == 1 && last.si_code == ILLEGAL_CODE, "SIGILL, and skipped");
	on(SIGTRAP, skip_illegal, 0);
	BREAK();
	test(calls == 1, "a breakpoint, and on behind it");
	on(SIGFPE, leap, 0);
	if (!sigsetjmp(jump, 1)) {
#ifdef __x86_64__
		one /= zero;
#else
		asm volatile("dr %%r2,%0" ::"d"(zero) : "r2", "r3");
#endif
	}
	test(calls == 1 && last.si_code == FPE_INTDIV && one, "FPE_INTDIV");
	feclearexcept(FE_ALL_EXCEPT);
	if (!sigsetjmp(jump, 1)) {
		volatile long double d = 0; /* QEMU's SSE raises nothing */

		feenableexcept(FE_DIVBYZERO);
		d = 1 / d;
	}
	fedisableexcept(FE_ALL_EXCEPT);
	feclearexcept(FE_ALL_EXCEPT);
	test(calls == 2 && last.si_code == FPE_FLTDIV, "FPE_FLTDIV");
}

/* --- stacks --- */

static void deeper(int signal, siginfo_t *info, void *context)
{
	note(signal, info, context);
	if (calls < 3)
		raise(signal);
}

static void again(int signal)
{
	raise(signal);
}

/* A handler that interrupts itself until the stack is full. What lies below is nobody's
 * to write, but for the page in which the last handler itself found its end. */
static char *below; /* shared with the parent */

static int full_alternate(int unused)
{
	char *p = below;
	stack_t stack = {.ss_sp = p + 8 * PAGE, .ss_size = 8 * PAGE};
	struct sigaction action = {
		.sa_handler = again, .sa_flags = SA_ONSTACK | SA_NODEFER};

	signal(SIGSEGV, SIG_DFL);
	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	return 1;
}

static int overflow(volatile int *stop)
{
	volatile int here[256];

	here[0] = 0;
	return *stop ? 0 : overflow(here) + here[0];
}

static void stacks(void)
{
	char *p = pages(8 * PAGE, PROT_READ | PROT_WRITE);
	stack_t stack = {.ss_sp = p, .ss_size = 8 * PAGE}, old;
	stack_t small = {.ss_sp = p, .ss_size = 100};
	stack_t off = {.ss_flags = SS_DISABLE};
	volatile int none = 0;

	test(sigaltstack(&small, NULL) == -1 && errno == ENOMEM,
		"a stack that is too small");
	stack.ss_flags = 77;
	test(sigaltstack(&stack, NULL) == -1 && errno == EINVAL,
		"flags that do not exist");
	stack.ss_flags = 0;
	test(!sigaltstack(&stack, &old) && old.ss_flags == SS_DISABLE, "sigaltstack");
	on(SIGUSR1, note, 0);
	raise(SIGUSR1);
	test((char *)last_stack < p || (char *)last_stack >= p + 8 * PAGE,
		"without SA_ONSTACK a handler stays where it is");
	on(SIGUSR1, deeper, SA_ONSTACK | SA_NODEFER);
	raise(SIGUSR1);
	test(calls == 3 && (char *)last_stack >= p && (char *)last_stack < p + 8 * PAGE,
		"with it, it runs on the other stack, and again on top of itself");
	test(last_context.uc_stack.ss_sp == p &&
			last_context.uc_stack.ss_size == 8 * PAGE,
		"the context tells of it");
	on(SIGSEGV, leap, SA_ONSTACK);
	if (!sigsetjmp(jump, 1))
		overflow(&none);
	test(calls == 1 && last.si_signo == SIGSEGV, "a stack overflow is caught there");
	sigaltstack(NULL, &old);
	test(old.ss_sp == p && old.ss_flags == 0, "and it is free again");
	test(!sigaltstack(&off, NULL), "sigaltstack off");
	on(SIGSEGV, leap, 0);
}

/* --- registers --- */

static void spoil(int signal, siginfo_t *info, void *context)
{
	volatile double d = 3;

	note(signal, info, context);
	fesetround(FE_UPWARD);
	for (int i = 0; i < 16; i++)
		d = d * d + i;
}

static void registers(void)
{
	volatile double a = 1.25, b = 2.5, c = 0;

	on(SIGUSR1, spoil, 0);
	fesetround(FE_TOWARDZERO);
	for (int i = 0; i < 8; i++) {
		double x = a * i, y = b + i, z = x * y;

		kill(getpid(), SIGUSR1);
		c += x + y + z;
	}
	test(c == 35 + 48 + 262.5 && fegetround() == FE_TOWARDZERO,
		"floating point survives a handler");
	fesetround(FE_TONEAREST);
}

static void *tick(void *arg)
{
	pthread_t whom = *(pthread_t *)arg;

	for (int i = 0; i < rounds(300); i++) {
		pthread_kill(whom, SIGUSR2);
		if (i % 32 == 0)
			nap(1);
	}
	return NULL;
}

/* Signals at any instruction: sums in registers and on the stack stay right. */
static void anywhere(void)
{
	pthread_t me = pthread_self(), other;
	uint64_t sum = 0, expected = 0;
	double d = 0;

	on(SIGUSR2, spoil, 0);
	pthread_create(&other, NULL, tick, &me);
	for (uint64_t i = 0; i < 3000000; i++) {
		sum = sum * 6364136223846793005UL + i;
		d += 0.5;
	}
	pthread_join(other, NULL);
	for (uint64_t i = 0; i < 3000000; i++)
		expected = expected * 6364136223846793005UL + i;
	test(sum == expected && d == 1500000 && calls > 0,
		"handlers between any two instructions");
}

/* --- interrupted calls --- */

static volatile int shot;

struct shooter {
	pthread_t whom;
	int write_to; /* a pipe that gets a byte after the signal; -1: none */
	int signal;
};

static void *shoot(void *arg)
{
	struct shooter *shooter = arg;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	nap(50);
	pthread_kill(shooter->whom, shooter->signal);
	nap(50);
	if (shooter->write_to >= 0 && write(shooter->write_to, "x", 1) != 1)
		shot = -1;
	return NULL;
}

static pthread_t start_shooter(struct shooter *shooter)
{
	pthread_t id;

	shooter->whom = pthread_self();
	pthread_create(&id, NULL, shoot, shooter);
	return id;
}

static void pipes(int flags, const char *name)
{
	int ends[2];
	char c;
	struct shooter shooter = {.signal = SIGUSR1};
	pthread_t id;
	long got;

	if (pipe(ends))
		return;
	on(SIGUSR1, note, flags);
	shooter.write_to = ends[1];
	id = start_shooter(&shooter);
	errno = 0;
	got = read(ends[0], &c, 1);
	pthread_join(id, NULL);
	if (flags & SA_RESTART)
		test(got == 1 && calls == 1, name);
	else
		test(got == -1 && errno == EINTR && calls == 1, name);
	close(ends[0]);
	close(ends[1]);
}

static void sleeping(void)
{
	struct timespec time = {5, 0}, left = {0, 0};
	struct shooter shooter = {.write_to = -1, .signal = SIGUSR1};
	pthread_t id;
	int result;

	on(SIGUSR1, note, SA_RESTART);
	id = start_shooter(&shooter);
	result = nanosleep(&time, &left);
	test(result == -1 && errno == EINTR && calls == 1 && left.tv_sec >= 1,
		"nanosleep ends early, SA_RESTART or not, and tells how early");
	pthread_join(id, NULL);
	id = start_shooter(&shooter);
	result = pause();
	test(result == -1 && errno == EINTR && calls == 2, "pause");
	pthread_join(id, NULL);
}

static void suspended(void)
{
	sigset_t block, none;

	sigemptyset(&none);
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, NULL);
	on(SIGUSR1, note, 0);
	kill(getpid(), SIGUSR1);
	test(calls == 0, "blocked until");
	test(sigsuspend(&none) == -1 && errno == EINTR && calls == 1 &&
			blocked_now(SIGUSR1),
		"sigsuspend lets it in, and the mask is back");
	sigprocmask(SIG_UNBLOCK, &block, NULL);
}

static int futex_word;

static void futexes(void)
{
	struct shooter shooter = {.write_to = -1, .signal = SIGUSR1};
	struct timespec time = {5, 0};
	pthread_t id;
	long result;

	on(SIGUSR1, note, 0);
	id = start_shooter(&shooter);
	result = syscall(SYS_futex, &futex_word, 0, 0, NULL);
	test(result == -1 && errno == EINTR && calls == 1, "a futex wait is interrupted");
	pthread_join(id, NULL);
	on(SIGUSR1, note, SA_RESTART);
	id = start_shooter(&shooter);
	result = syscall(SYS_futex, &futex_word, 0, 0, &time);
	test(result == -1 && errno == EINTR && calls == 1,
		"one with a timeout even with SA_RESTART");
	pthread_join(id, NULL);
}

/* A stop and a continue are nobody's handler: the sleep goes on to its end. */
static void stopped(void)
{
	struct timespec time = {0, 300000000}, before, after;
	pid_t pid = fork();
	int status;

	if (!pid) {
		clock_gettime(CLOCK_MONOTONIC, &before);
		if (nanosleep(&time, NULL))
			_exit(1);
		clock_gettime(CLOCK_MONOTONIC, &after);
		_exit((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec -
				before.tv_nsec <
			300000000);
	}
	nap(50);
	kill_child(pid, SIGSTOP);
	nap(20);
	kill_child(pid, SIGCONT);
	waitpid(pid, &status, 0);
	test(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		"stopped and continued, a sleeper sleeps on");
}

/* --- children, pipes, threads --- */

static void children(void)
{
	pid_t pid;
	int status;

	on(SIGCHLD, note, 0);
	pid = fork();
	if (!pid)
		_exit(7);
	while (!calls)
		nap(1);
	test(last.si_code == CLD_EXITED && last.si_pid == pid && last.si_status == 7,
		"SIGCHLD: who, how, with what");
	test(waitpid(pid, &status, 0) == pid, "it can be waited for then");
	pid = fork();
	if (!pid) {
		signal(SIGTERM, SIG_DFL);
		raise(SIGTERM);
	}
	while (calls < 2)
		nap(1);
	test(last.si_code == CLD_KILLED && last.si_status == SIGTERM,
		"and by what signal");
	waitpid(pid, &status, 0);
	on(SIGCHLD, note, SA_RESTART);
	pid = fork();
	if (!pid) {
		nap(20);
		_exit(3);
	}
	test(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 3,
		"waitpid with a SIGCHLD handler");
	signal(SIGCHLD, SIG_DFL);
}

static void broken_pipe(void)
{
	int ends[2];

	if (pipe(ends))
		return;
	close(ends[0]);
	on(SIGPIPE, note, 0);
	test(write(ends[1], "x", 1) == -1 && errno == EPIPE && calls == 1,
		"SIGPIPE runs its handler, then EPIPE");
	close(ends[1]);
}

static pthread_t handled_by;

static void remember(int signal, siginfo_t *info, void *context)
{
	handled_by = pthread_self();
	calls++;
}

static void *take_it(void *arg)
{
	while (!calls)
		nap(1);
	return NULL;
}

static void threads(void)
{
	sigset_t set, old;
	pthread_t id;

	on(SIGUSR1, remember, 0);
	pthread_create(&id, NULL, take_it, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	kill(getpid(), SIGUSR1);
	pthread_join(id, NULL);
	test(calls == 1 && pthread_equal(handled_by, id),
		"a signal for the process goes to the thread that does not block it");
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static volatile int process_signal_came;

static void for_the_process(int signal)
{
	process_signal_came = 1;
}

/* Runs in the first thread, and keeps SIGUSR1 away from it. */
static void for_the_thread(int signal)
{
	for (int i = 0; i < 2000 && !process_signal_came; i++)
		nap(1);
	_exit(process_signal_came ? 0 : 1);
}

static void *sleeper(void *arg)
{
	for (;;)
		nap(1);
	return NULL;
}

static int two_signals_at_once(int unused)
{
	struct sigaction process = {.sa_handler = for_the_process};
	struct sigaction thread = {.sa_handler = for_the_thread};
	pthread_t id;

	sigaddset(&thread.sa_mask, SIGUSR1);
	sigaction(SIGUSR1, &process, NULL);
	sigaction(SIGUSR2, &thread, NULL);
	pthread_create(&id, NULL, sleeper, NULL);
	while (pause())
		;
	return 1;
}

/* While the process is stopped, its first thread is chosen for SIGUSR1. When it goes on,
 * another handler comes first, and that one blocks SIGUSR1. */
static void passed_on(void)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(two_signals_at_once(0));
	nap(100);
	kill_child(pid, SIGSTOP);
	nap(50);
	syscall(SYS_tgkill, pid, pid, SIGUSR2);
	kill_child(pid, SIGUSR1);
	kill_child(pid, SIGCONT);
	waitpid(pid, &status, 0);
	test(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		"a signal that the chosen thread blocks after all goes to the next");
}

/* --- frames that no signal has made --- */

static void sigreturn_from(int signal, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	note(signal, info, context);
	switch (info->si_pid ? order[0] : 0) {
#ifdef __x86_64__
	case 1: /* I/O privilege, interrupts off, virtual-8086 */
		uc->uc_mcontext.gregs[REG_EFL] = 0x33200 & ~0x200;
		break;
	case 2:
		uc->uc_mcontext.gregs[REG_CSGSFS] = 0x10;
		break;
	case 3:
		uc->uc_mcontext.gregs[REG_RIP] = 0x8000000000000000;
		break;
	case 4:
		uc->uc_mcontext.gregs[REG_RSP] = 0x8000000000000000;
		break;
	case 5:
		uc->uc_mcontext.fpregs->mxcsr = ~0U;
		break;
	case 6:
		uc->uc_mcontext.fpregs = (void *)0x8000000000000000;
		break;
	case 7:
		uc->uc_mcontext.gregs[REG_RIP] = -4096;
		break;
#else
	case 1: /* supervisor state, no DAT, no interrupts, home space */
		uc->uc_mcontext.psw.mask = 0x0000c00180000000;
		break;
	case 2: /* an addressing mode that does not exist */
		uc->uc_mcontext.psw.mask = 0x0705000100000000;
		break;
	case 3:
		uc->uc_mcontext.psw.addr = 0x8000000000000000;
		break;
	case 4:
		uc->uc_mcontext.gregs[15] = -1;
		break;
	case 5:
		uc->uc_mcontext.fpregs.fpc = ~0U;
		break;
	case 6:
		uc->uc_mcontext.psw.addr = 1;
		break;
	case 7: /* waiting for ever */
		uc->uc_mcontext.psw.mask |= 0x0002000000000000;
		break;
#endif
	}
}

static int privileges_gained(void)
{
#ifdef __x86_64__
	unsigned long flags;

	asm volatile("pushf; pop %0" : "=r"(flags));
	return (flags & 0x3200) != 0x200; /* the I/O ports, or interrupts off */
#else
	return 0; /* nobody in supervisor state would have come here */
#endif
}

static int garbage(int which)
{
	for (int i = 1; i < 32; i++)
		signal(i, SIG_DFL);
	order[0] = which;
	on(SIGUSR1, sigreturn_from, 0);
	kill(getpid(), SIGUSR1);
	return privileges_gained() ? 1 : 42;
}

static int no_frame(unsigned long sp)
{
	for (int i = 1; i < 32; i++)
		signal(i, SIG_DFL);
#ifdef __x86_64__
	asm volatile("mov %0, %%rsp; mov $15, %%eax; syscall" ::"r"(sp)
		     : "memory", "rax");
#else
	asm volatile("lgr %%r15,%0; svc 173" ::"a"(sp) : "memory");
#endif
	return 1;
}

static int random_frame(int seed)
{
	unsigned char *p = pages(4 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);

	srand(seed);
	for (unsigned int i = 0; i < 4 * PAGE; i++)
		p[i] = rand() >> 8;
		/* Half of them with what is checked first in order. */
#ifdef __x86_64__
	if (seed & 1) {
		ucontext_t *uc = (ucontext_t *)(p + 2 * PAGE);

		uc->uc_mcontext.gregs[REG_CSGSFS] = 0x002b000000000033;
		uc->uc_mcontext.fpregs = NULL;
	}
#else
	if (seed & 1)
		((ucontext_t *)(p + 2 * PAGE + 296))->uc_mcontext.fpregs.fpc = 0;
#endif
	return no_frame((unsigned long)p + 2 * PAGE);
}

#define SOME_SIGNAL 128 /* which one depends on what the machine notices first */

static int status_of(int (*part)(int), int argument)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(part(argument));
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int bad_pointer(int which)
{
	static const unsigned long places[] = {
		0, 8, 4096, -8UL, 1UL << 63, 0x7ffffffff000};

	return no_frame(places[which]);
}

/* Nowhere to put the frame: the SIGSEGV for that has no place either. */
static int no_stack(int unused)
{
	on(SIGUSR1, note, 0);
	on(SIGSEGV, note, 0);
#ifdef __x86_64__
	asm volatile("xor %%esp, %%esp; mov $39, %%eax; 1: syscall; jmp 1b" ::: "memory");
#else
	asm volatile("lghi %%r15,0; 0: svc 20; j 0b" ::: "memory");
#endif
	return 1;
}

static void hostile(void)
{
#ifdef __x86_64__
	static const int expected[] = {42, 42, 139, 139, SOME_SIGNAL, 139, 139, 139};
#else
	static const int expected[] = {
		42, 42, 42, 139, SOME_SIGNAL, 139, SOME_SIGNAL, 42};
#endif
	char name[80];
	int good = 1, status;
	pid_t pid;

	for (int which = 0; which < 8; which++) {
		status = status_of(garbage, which);
		snprintf(
			name, sizeof(name), "a handler's frame, spoilt in way %d", which);
		if (expected[which] == SOME_SIGNAL && status > SOME_SIGNAL)
			status = SOME_SIGNAL;
		if (status != expected[which])
			printf("# status %d, not %d\n", status, expected[which]);
		test(status == expected[which], name);
	}
	for (int which = 0; which < 6; which++)
		good &= status_of(bad_pointer, which) == 139;
	test(good, "sigreturn without a frame is SIGSEGV");
	for (int seed = 0; seed < rounds(100); seed++)
		status_of(random_frame, seed);
	test(1, "100 frames of random bytes");
	test(status_of(full_alternate, 0) == 139,
		"an alternate stack that is full is SIGSEGV");
	pid = fork();
	if (!pid)
		_exit(no_stack(0));
	nap(30);
	kill_child(pid, SIGUSR1);
	waitpid(pid, &status, 0);
	test(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV,
		"a handler without a stack is SIGSEGV");
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	PART(basics());
	PART(masks());
	PART(mapping_by_faults());
	PART(jumping());
	PART(beyond_the_end());
	PART(instructions());
	PART(stacks());
	PART(registers());
	PART(anywhere());
	PART(pipes(0, "read from a pipe: EINTR"));
	PART(pipes(SA_RESTART, "with SA_RESTART it goes on"));
	PART(sleeping());
	PART(suspended());
	PART(futexes());
	PART(stopped());
	PART(children());
	PART(broken_pipe());
	PART(threads());
	PART(passed_on());
	PART(hostile());
	printf("1..%d\n", count);
	return failures > 0;
}
