/*
 * tests/linux/pointers.c - system calls that are given addresses they must not follow:
 * the kernel's, none at all, the end of everything, pages without the needed right. The
 * answer is EFAULT, as on Linux, and nothing else happens.
 */
#include "tests/linux/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/futex.h>

static unsigned long bad[] = {
	0xffffffff80200000UL, /* kernel text on x86_64 */
	0xffff800000000000UL, /* the first address after the hole there */
	0x0000800000000000UL, /* the last before it */
	0x8000000000000000UL, 0xfffffffffffff000UL, /* the last page */
	8UL,                                        /* near NULL */
	0, 0, /* filled in: no rights, end of a mapping */
};

#define BADS (sizeof(bad) / sizeof(bad[0]))

/* The call must fail with EFAULT whichever bad address takes the place of argument n. */
static void refuses(
	const char *name, long number, int n, long a, long b, long c, long d, long e)
{
	char text[80];
	int wrong = 0;

	for (unsigned int i = 0; i < BADS; i++) {
		long args[5] = {a, b, c, d, e};
		long result;

		args[n] = bad[i];
		errno = 0;
		result = syscall(number, args[0], args[1], args[2], args[3], args[4]);
		if (result == -1 && errno == EFAULT)
			continue;
		printf("# %s(%#lx): %ld, %s\n", name, bad[i], result, strerror(errno));
		wrong++;
	}
	snprintf(text, sizeof(text), "%s refuses bad addresses in argument %d", name,
		n + 1);
	test(!wrong, text);
}

static void files(void)
{
	int file = open("/proc/self/exe", O_RDONLY), directory = open("/", O_RDONLY);
	int ends[2];
	struct iovec vector = {(void *)bad[0], 10};

	test(!pipe(ends), "a pipe to write to");
	refuses("read", SYS_read, 1, file, 0, 16, 0, 0);
	refuses("write", SYS_write, 1, ends[1], 0, 16, 0, 0);
	refuses("pread64", SYS_pread64, 1, file, 0, 16, 0, 0);
	refuses("readv", SYS_readv, 1, file, 0, 1, 0, 0);
	refuses("writev", SYS_writev, 1, ends[1], 0, 1, 0, 0);
	test(readv(file, &vector, 1) == -1 && errno == EFAULT, "readv into the kernel");
	test(writev(ends[1], &vector, 1) == -1 && errno == EFAULT,
		"writev from the kernel");
	refuses("openat", SYS_openat, 1, AT_FDCWD, 0, O_RDONLY, 0, 0);
	refuses("fstat", SYS_fstat, 1, file, 0, 0, 0, 0);
	refuses("newfstatat path", SYS_newfstatat, 1, AT_FDCWD, 0, (long)&vector, 0, 0);
	refuses("newfstatat", SYS_newfstatat, 2, AT_FDCWD, (long)"/", 0, 0, 0);
	refuses("readlink path", SYS_readlink, 0, 0, (long)&vector, 16, 0, 0);
	refuses("readlink", SYS_readlink, 1, (long)"/proc/self/exe", 0, 16, 0, 0);
	refuses("getdents64", SYS_getdents64, 1, directory, 0, 512, 0, 0);
	refuses("access", SYS_access, 0, 0, F_OK, 0, 0, 0);
	refuses("chdir", SYS_chdir, 0, 0, 0, 0, 0, 0);
	refuses("getcwd", SYS_getcwd, 0, 0, 512, 0, 0, 0);
	refuses("pipe", SYS_pipe, 0, 0, 0, 0, 0, 0);
	refuses("pipe2", SYS_pipe2, 0, 0, 0, 0, 0, 0);
	refuses("mkdir", SYS_mkdir, 0, 0, 0700, 0, 0, 0);
	refuses("unlink", SYS_unlink, 0, 0, 0, 0, 0, 0);
	test(dup(0) > 0, "no descriptor was lost");
}

static void processes(void)
{
	char *words[] = {"x", NULL};

	refuses("execve path", SYS_execve, 0, 0, (long)words, 0, 0, 0);
	refuses("execve argv", SYS_execve, 1, (long)"/proc/self/exe", 0, 0, 0, 0);
	refuses("execve envp", SYS_execve, 2, (long)"/proc/self/exe", (long)words, 0, 0,
		0);
	words[0] = (char *)bad[0];
	test(syscall(SYS_execve, "/proc/self/exe", words, NULL) == -1 && errno == EFAULT,
		"execve refuses a bad argument string");
	refuses("rt_sigaction", SYS_rt_sigaction, 1, SIGUSR1, 0, 0, 8, 0);
	refuses("rt_sigaction old", SYS_rt_sigaction, 2, SIGUSR1, 0, 0, 8, 0);
	refuses("rt_sigprocmask", SYS_rt_sigprocmask, 1, SIG_BLOCK, 0, 0, 8, 0);
	refuses("rt_sigprocmask old", SYS_rt_sigprocmask, 2, SIG_BLOCK, 0, 0, 8, 0);
	refuses("rt_sigsuspend", SYS_rt_sigsuspend, 0, 0, 8, 0, 0, 0);
	refuses("rt_sigtimedwait", SYS_rt_sigtimedwait, 0, 0, 0, 0, 8, 0);
	refuses("futex", SYS_futex, 0, 0, FUTEX_WAIT, 0, 0, 0);
}

/* A string may end where memory does. */
static void last_bytes(void)
{
	char *end = (char *)bad[7];

	memcpy(end - 5, "/dev", 5);
	test(!access(end - 5, F_OK), "a path in the last bytes of a page");
	end[-1] = '/';
	test(access(end - 5, F_OK) == -1 && errno == EFAULT, "and one that has no end");
}

/* Wherever user TLS is a register, only user addresses fit in. */
static void tls(void)
{
#ifdef SYS_arch_prctl
	test(syscall(SYS_arch_prctl, 0x1002, 0x8000000000000000UL) == -1 &&
			errno == EPERM,
		"TLS at an address that cannot be");
#endif
}

static void others(void)
{
	struct timespec time = {0, 0};
	unsigned int word = 0;

	refuses("nanosleep", SYS_nanosleep, 0, 0, 0, 0, 0, 0);
	refuses("clock_nanosleep", SYS_clock_nanosleep, 2, CLOCK_MONOTONIC, 0, 0, 0, 0);
	refuses("clock_gettime", SYS_clock_gettime, 1, CLOCK_MONOTONIC, 0, 0, 0, 0);
	refuses("gettimeofday", SYS_gettimeofday, 0, 0, 0, 0, 0, 0);
	refuses("futex timeout", SYS_futex, 3, (long)&word, FUTEX_WAIT, 0, 0, 0);
	refuses("uname", SYS_uname, 0, 0, 0, 0, 0, 0);
	refuses("sysinfo", SYS_sysinfo, 0, 0, 0, 0, 0, 0);
	refuses("getrandom", SYS_getrandom, 0, 0, 16, 0, 0, 0);
	refuses("prlimit64", SYS_prlimit64, 3, 0, RLIMIT_NOFILE, 0, 0, 0);
	refuses("sched_getaffinity", SYS_sched_getaffinity, 2, 0, 128, 0, 0, 0);
	refuses("sched_setaffinity", SYS_sched_setaffinity, 2, 0, 128, 0, 0, 0);
	test(!nanosleep(&time, NULL), "good addresses still work");
}

int main(void)
{
	char *pages = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	setvbuf(stdout, NULL, _IOLBF, 0);
	munmap(pages + 4096, 4096);
	mprotect(pages + 2 * 4096, 4096, PROT_NONE);
	bad[6] = (unsigned long)pages + 2 * 4096;
	bad[7] = (unsigned long)pages + 4096;
	files();
	processes();
	others();
	last_bytes();
	tls();
	printf("1..%d\n", count);
	return failures > 0;
}
