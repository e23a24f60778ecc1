/*
 * tests/linux/peers.c - memory of another process (process_vm_readv, process_vm_writev),
 * pages in pipes (vmsplice), and the flags and calls that bring memory in.
 */
#include "tests/linux/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL

static char *map(unsigned long pages)
{
	return mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* --- another process's memory --- */

static char *theirs; /* at the same place in parent and child */
static pid_t child;
static int wake[2], tell[2];

/* Says what is in its memory, byte 5, when asked. */
static void play_child(void)
{
	char c;

	memset(theirs, 'c', 4 * PAGE);
	munmap(theirs + 4 * PAGE, PAGE);
	mprotect(theirs + 6 * PAGE, PAGE, PROT_READ);
	c = 'r';
	if (write(tell[1], &c, 1) != 1)
		_exit(1);
	while (read(wake[0], &c, 1) == 1)
		if (write(tell[1], &theirs[5], 1) != 1)
			_exit(1);
	_exit(0);
}

static int start_child(void)
{
	char c;

	theirs = map(8);
	memset(theirs, 'p', 8 * PAGE);
	if (pipe(wake) || pipe(tell))
		return 0;
	child = fork();
	if (!child) {
		close(wake[1]);
		play_child();
	}
	close(wake[0]);
	return read(tell[0], &c, 1) == 1;
}

static ssize_t transfer(int write, void *mine, size_t size, void *remote, size_t theirs)
{
	struct iovec a = {mine, size}, b = {remote, theirs};

	return write ? process_vm_writev(child, &a, 1, &b, 1, 0)
		     : process_vm_readv(child, &a, 1, &b, 1, 0);
}

static void reading_and_writing(char *mine)
{
	char c = 0;

	memset(mine, 'm', 8 * PAGE);
	test(transfer(0, mine + 100, 3 * PAGE, theirs + 7, 3 * PAGE) == 3 * PAGE &&
			mine[99] == 'm' && mine[100] == 'c' &&
			mine[99 + 3 * PAGE] == 'c' && mine[100 + 3 * PAGE] == 'm',
		"the child's bytes, over page borders");
	test(theirs[0] == 'p', "which are not the parent's");
	memset(mine, 'w', 8 * PAGE);
	test(transfer(1, mine, 10, theirs, 10) == 10 && write(wake[1], "", 1) == 1 &&
			read(tell[0], &c, 1) == 1 && c == 'w' && theirs[5] == 'p',
		"written to the child, and only there");
	test(transfer(0, mine, 8 * PAGE, theirs + 3 * PAGE + 1, 3 * PAGE) == PAGE - 1,
		"up to a hole");
}

static void bad_arguments(char *mine)
{
	struct iovec a = {mine, PAGE}, b = {theirs, PAGE}, bad = {mine, -1};

	test(fails(transfer(0, mine, PAGE, theirs + 4 * PAGE, PAGE), EFAULT),
		"nothing at all from a hole");
	test(fails(transfer(1, mine, PAGE, theirs + 6 * PAGE, PAGE), EFAULT),
		"nor to what the child may not write");
	test(fails(transfer(0, (void *)8, PAGE, theirs, PAGE), EFAULT), "nor to nowhere");
	test(fails(transfer(0, mine, PAGE, (void *)-PAGE, PAGE), EFAULT),
		"nor from the kernel");
	test(fails(process_vm_readv(child, &a, 1, &b, 1, 1), EINVAL), "flags");
	test(fails(process_vm_readv(999999, &a, 1, &b, 1, 0), ESRCH), "nobody");
	test(fails(process_vm_readv(child, &a, 2000, &b, 1, 0), EINVAL),
		"too many pieces");
	test(fails(process_vm_readv(child, &bad, 1, &b, 1, 0), EINVAL),
		"a negative size");
	test(fails(process_vm_readv(child, (void *)8, 1, &b, 1, 0), EFAULT),
		"pieces at nowhere");
	test(process_vm_readv(child, &a, 0, &b, 1, 0) == 0, "no pieces");
}

static void peers(void)
{
	char *mine = map(8);
	int status;

	if (!start_child())
		return;
	reading_and_writing(mine);
	bad_arguments(mine);
	close(wake[1]);
	waitpid(child, &status, 0);
	test(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child is well");
	test(fails(transfer(0, mine, PAGE, theirs, PAGE), ESRCH), "and gone");
}

/* --- pages in pipes --- */

static void lent_pages(void)
{
	char *p = map(4), got[PAGE];
	struct iovec two[] = {{p + 10, 20}, {p + PAGE, PAGE}};
	int ends[2];

	memset(p, 'a', PAGE);
	memset(p + PAGE, 'b', PAGE);
	if (pipe(ends) || write(ends[1], "first", 5) != 5)
		return;
	test(vmsplice(ends[1], two, 2, 0) == PAGE + 20, "vmsplice");
	test(write(ends[1], "last", 4) == 4, "and bytes behind it");
	munmap(p, 4 * PAGE);
	test(read(ends[0], got, 30) == 30 &&
			!memcmp(got, "firstaaaaaaaaaaaaaaaaaaaabbbbb", 30),
		"come out in order, though the mapping is gone");
	test(read(ends[0], got, PAGE) == PAGE - 1 && got[0] == 'b' &&
			!memcmp(got + PAGE - 5, "last", 4),
		"to the last");
	close(ends[0]);
	close(ends[1]);
}

/* What a child has put into a pipe and does not map any more is still not for its parent
 * to give away: the parent's next store is on a page of its own (CVE-2020-29374). */
static void kept_secret(void)
{
	char *p = map(1), got[16];
	struct iovec one = {p, 8};
	int ends[2], status;
	pid_t pid;

	strcpy(p, "before");
	if (pipe(ends))
		return;
	pid = fork();
	if (!pid) {
		int good = vmsplice(ends[1], &one, 1, 0) == 8;

		munmap(p, PAGE);
		_exit(good ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	strcpy(p, "secret");
	test(WEXITSTATUS(status) == 0 && read(ends[0], got, 8) == 8 &&
			!strcmp(got, "before"),
		"a page in a pipe does not show what is written after fork");
	close(ends[0]);
	close(ends[1]);
}

static void pipe_errors(void)
{
	char *p = map(64), got[64];
	struct iovec one = {p, 64 * PAGE}, bad = {(void *)8, 8}, into = {got, 64};
	int ends[2], full[2], file = open("/dev/null", O_RDWR);

	if (pipe(ends) || pipe(full))
		return;
	memset(p, 'x', 64 * PAGE);
	test(fails(vmsplice(file, &one, 1, 0), EBADF), "vmsplice to what is no pipe");
	test(fails(vmsplice(-1, &one, 1, 0), EBADF), "or not open");
	test(fails(vmsplice(ends[1], &bad, 1, 0), EFAULT), "from nowhere");
	test(fails(vmsplice(ends[1], &one, 1, 0x100), EINVAL),
		"with flags that are none");
	test(vmsplice(full[1], &one, 1, SPLICE_F_NONBLOCK) == 16 * PAGE,
		"as much as there is room for");
	test(fails(vmsplice(full[1], &one, 1, SPLICE_F_NONBLOCK), EAGAIN), "and no more");
	test(write(ends[1], "hello", 5) == 5 && vmsplice(ends[0], &into, 1, 0) == 5 &&
			!memcmp(got, "hello", 5),
		"out of a pipe it copies");
	signal(SIGPIPE, SIG_IGN);
	close(ends[0]);
	test(fails(vmsplice(ends[1], &one, 1, 0), EPIPE), "nobody reads");
	close(ends[1]);
	close(full[0]);
	close(full[1]);
	close(file);
}

/* --- bringing memory in --- */

static int resident(char *p, unsigned long pages)
{
	unsigned char there[64];
	int sum = 0;

	if (mincore(p, pages * PAGE, there))
		return -1;
	for (unsigned long i = 0; i < pages; i++)
		sum += there[i] & 1;
	return sum;
}

static char *map_with(int flags)
{
	return mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

static void locking(void)
{
	char *p = map(8);

	test(resident(map_with(0), 8) == 0 && resident(map_with(MAP_POPULATE), 8) == 8 &&
			resident(map_with(MAP_LOCKED), 8) == 8 &&
			resident(map_with(MAP_STACK | MAP_NORESERVE), 8) == 0,
		"MAP_POPULATE and MAP_LOCKED bring all pages in");
	test(mlock(p + PAGE + 5, PAGE) == 0 && resident(p, 8) == 2,
		"mlock, rounded to pages");
	test(mlock2(p + 4 * PAGE, PAGE, MLOCK_ONFAULT) == 0 && resident(p, 8) == 2,
		"mlock2 can leave it to the first touch");
	test(fails(mlock2(p, PAGE, 8), EINVAL), "but knows no other flags");
	test(munlock(p, 8 * PAGE) == 0 && resident(p, 8) == 2, "munlock lets them stay");
	munmap(p + 6 * PAGE, PAGE);
	test(fails(mlock(p, 8 * PAGE), ENOMEM) && fails(munlock(p, 8 * PAGE), ENOMEM),
		"over a hole");
	mprotect(p + 7 * PAGE, PAGE, PROT_NONE);
	test(fails(mlock(p + 7 * PAGE, PAGE), ENOMEM), "without rights");
	test(fails(mlockall(0), EINVAL) && fails(mlockall(MCL_ONFAULT), EINVAL) &&
			fails(mlockall(64), EINVAL),
		"mlockall wants to know what");
	test(mlockall(MCL_CURRENT) == 0 && resident(p, 6) == 6, "all that there is");
	test(munlockall() == 0, "munlockall");
}

static void populating(void)
{
	int file = memfd_create("short", 0);
	char *p = map(8), *q;

	test(madvise(p, 4 * PAGE, MADV_POPULATE_READ) == 0 && resident(p, 8) == 4,
		"MADV_POPULATE_READ");
	test(madvise(p, 8 * PAGE, MADV_POPULATE_WRITE) == 0 && resident(p, 8) == 8,
		"MADV_POPULATE_WRITE");
	test(fails(madvise(p + 1, PAGE, MADV_POPULATE_READ), EINVAL), "not aligned");
	mprotect(p, PAGE, PROT_READ);
	test(fails(madvise(p, PAGE, MADV_POPULATE_WRITE), EINVAL), "no right to write");
	munmap(p + 2 * PAGE, PAGE);
	test(fails(madvise(p + PAGE, 4 * PAGE, MADV_POPULATE_READ), ENOMEM), "a hole");
	if (ftruncate(file, PAGE))
		return;
	q = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, file, 0);
	test(fails(madvise(q, 2 * PAGE, MADV_POPULATE_READ), EFAULT),
		"behind a file's end");
	close(file);
}

static void fixed(void)
{
	char *p = map(4);
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;

	munmap(p + PAGE, PAGE);
	test(mmap(p + PAGE, PAGE, PROT_READ, flags, -1, 0) == p + PAGE,
		"MAP_FIXED_NOREPLACE into a hole");
	test(fails((long)mmap(p + PAGE, PAGE, PROT_READ, flags, -1, 0), EEXIST) &&
			fails((long)mmap(p - PAGE, 9 * PAGE, PROT_READ, flags, -1, 0),
				EEXIST),
		"not over anything");
	test(fails((long)mmap(p + 1, PAGE, PROT_READ, flags, -1, 0), EINVAL),
		"and not where no page begins");
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	peers();
	lent_pages();
	kept_secret();
	pipe_errors();
	locking();
	populating();
	fixed();
	printf("1..%d\n", count);
	return failures > 0;
}
