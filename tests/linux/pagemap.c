/*
 * tests/linux/pagemap.c - what /proc tells of pages (smaps, pagemap, clear_refs), and the
 * other calls that Linux's own tests of memory need: populating, files without a name,
 * pairs of sockets.
 */
#define _GNU_SOURCE
#include "tests/linux/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define RW   (PROT_READ | PROT_WRITE)
#define OWN  (MAP_PRIVATE | MAP_ANONYMOUS)

#define WRITTEN (1UL << 55)
#define ONCE    (1UL << 56)
#define FILES   (1UL << 61)
#define PRESENT (1UL << 63)

static char *map(size_t pages, int prot, int flags, int fd)
{
	char *at = mmap(NULL, pages * PAGE, prot, flags, fd, 0);

	if (at == MAP_FAILED) {
		printf("Bail out! mmap: %s\n", strerror(errno));
		exit(1);
	}
	return at;
}

static uint64_t entry(const void *at)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t word = ~0UL;

	if (pread(fd, &word, sizeof(word), (uintptr_t)at / PAGE * sizeof(word)) !=
		sizeof(word))
		printf("# pagemap: %s\n", strerror(errno));
	close(fd);
	return word;
}

static int clear(const char *text)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY);
	int done = write(fd, text, strlen(text));

	close(fd);
	return done;
}

/* Do the flags in smaps of the mapping that begins there have this one? */
static int has_flag(const void *at, const char *flag)
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	char line[512], head[32];
	int found = 0, here = 0;

	snprintf(head, sizeof(head), "%08lx-", (unsigned long)at);
	while (smaps && fgets(line, sizeof(line), smaps)) {
		if (!strncmp(line, head, strlen(head)))
			here = 1;
		if (here && !strncmp(line, "VmFlags:", 8)) {
			found = strstr(line, flag) != NULL;
			break;
		}
	}
	if (smaps)
		fclose(smaps);
	return found;
}

static void about_pages(void)
{
	char *own = map(4, RW, OWN, -1);
	char *shared = map(1, RW, MAP_SHARED | MAP_ANONYMOUS, -1);
	char word[12];
	int fd = open("/proc/self/pagemap", O_RDONLY);

	madvise(own, 4 * PAGE, MADV_NOHUGEPAGE);
	test(!(entry(own) & PRESENT), "pagemap: nothing is there yet");
	test(own[PAGE] == 0 && entry(own + PAGE) & PRESENT,
		"pagemap: zeros that were read");
	own[0] = shared[0] = 1;
	test((entry(own) & (PRESENT | ONCE | FILES)) == (PRESENT | ONCE),
		"pagemap: a page of its own");
	test((entry(shared) & (PRESENT | FILES)) == (PRESENT | FILES),
		"pagemap: a page of shared memory");
	test(!munmap(own + 3 * PAGE, PAGE) && !entry(own + 3 * PAGE), "pagemap: a hole");
	test(fails(pread(fd, word, 4, 0), EINVAL) && fails(pread(fd, word, 8, 4), EINVAL),
		"pagemap is read by words");
	test(pread(fd, word, 8, 1L << 62) == 0, "pagemap ends where addresses do");
	test(fails(open("/proc/self/pagemap", O_WRONLY | O_DIRECTORY), ENOTDIR),
		"pagemap is a file");
	close(fd);
}

static void written(void)
{
	char *own = map(4, RW, OWN, -1), *later;

	if (!has_flag(own, " sd")) {
		printf("ok %d - soft-dirty # SKIP this kernel was built without\n",
			++count);
		return;
	}
	madvise(own, 4 * PAGE, MADV_NOHUGEPAGE);
	own[0] = own[PAGE] = 1;
	test(has_flag(own, " rd") && has_flag(own, " wr"), "smaps: what may be done");
	test(has_flag(own, " sd") && entry(own) & WRITTEN &&
			entry(own + 3 * PAGE) & WRITTEN,
		"a new mapping is soft-dirty");
	test(fails(clear("9"), EINVAL), "clear_refs: there is no 9");
	test(clear("4") == 1, "clear_refs");
	test(!has_flag(own, " sd") && !(entry(own) & WRITTEN), "all is clean");
	test(own[0] == 1 && own[2 * PAGE] == 0 && !(entry(own) & WRITTEN) &&
			!(entry(own + 2 * PAGE) & WRITTEN),
		"and stays so when it is read");
	own[PAGE] = 2;
	test(entry(own + PAGE) & WRITTEN && !(entry(own) & WRITTEN),
		"what is written is soft-dirty");
	test(!madvise(own, PAGE, MADV_POPULATE_WRITE) && entry(own) & WRITTEN,
		"what is populated to be written, too");
	later = map(1, RW, MAP_SHARED | MAP_ANONYMOUS, -1);
	test((entry(later) & WRITTEN) != 0, "so is a mapping that is younger");
	test(clear("4\n") == 2 && own[PAGE] == 2 && !(entry(own + PAGE) & WRITTEN),
		"clear_refs again");
}

static void populating(void)
{
	char *writable = map(2, PROT_WRITE, OWN, -1);
	char *readable = map(2, PROT_READ, OWN, -1);
	char *shared = map(2, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1);

	test(fails(madvise(writable, 2 * PAGE, MADV_POPULATE_READ), EINVAL),
		"what may not be read is not populated to be read");
	test(!madvise(writable, 2 * PAGE, MADV_POPULATE_WRITE) &&
			entry(writable + PAGE) & PRESENT,
		"but to be written");
	test(fails(madvise(readable, 2 * PAGE, MADV_POPULATE_WRITE), EINVAL),
		"and the other way round");
	test(!madvise(readable, 2 * PAGE, MADV_POPULATE_READ) &&
			entry(readable + PAGE) & PRESENT,
		"what may be read");
	test(entry(shared) & PRESENT && entry(shared + PAGE) & PRESENT,
		"MAP_POPULATE of shared memory");
}

static void unnamed(void)
{
	int fd = open("/tmp", O_RDWR | O_TMPFILE | O_EXCL, 0600);
	struct stat stat;
	char *own, *shared;

	test(fd >= 0 && !fstat(fd, &stat) && S_ISREG(stat.st_mode) && stat.st_size == 0,
		"a file without a name");
	test(write(fd, "text", 4) == 4 && !ftruncate(fd, PAGE), "it can be written");
	shared = map(1, RW, MAP_SHARED, fd);
	own = map(1, RW, MAP_PRIVATE | MAP_POPULATE, fd);
	test(!strcmp(shared, "text") && !strcmp(own, "text"), "and be mapped");
	strcpy(shared, "other");
	test(!strcmp(own, "other") || !strcmp(own, "text"),
		"a private mapping is populated");
	test(fails(open("/tmp", O_RDONLY | O_TMPFILE), EINVAL), "not only to be read");
	test(open("/proc", O_RDWR | O_TMPFILE, 0600) == -1, "nor in /proc");
	close(fd);
}

static void sockets(void)
{
	static char big[PAGE];
	char text[16] = "";
	int end[2], status;
	pid_t child;

	test(socketpair(AF_INET, SOCK_SEQPACKET, 0, end) == -1,
		"no pair over the network");
	if (!test(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, end), "a pair of sockets"))
		return;
	test(write(end[0], "one", 3) == 3 && write(end[0], "three", 5) == 5 &&
			write(end[1], "back", 4) == 4,
		"messages in both directions");
	test(read(end[1], text, sizeof(text)) == 3 && !memcmp(text, "one", 3),
		"one read, one message");
	test(read(end[1], text, 2) == 2 && read(end[0], text, 16) == 4 &&
			!memcmp(text, "back", 4),
		"the other way");
	test(write(end[0], big, sizeof(big)) == sizeof(big) &&
			write(end[0], "x", 1) == 1 && read(end[1], big, 1) == 1 &&
			read(end[1], text, 16) == 1 && text[0] == 'x',
		"what the reader has no room for is lost");
	test(fails(lseek(end[0], 0, SEEK_CUR), ESPIPE), "no place to seek to");
	child = fork();
	if (!child) {
		close(end[0]);
		_exit(read(end[1], text, 16) == 3 && write(end[1], "yes", 3) == 3 ? 0
										  : 1);
	}
	close(end[1]);
	test(write(end[0], "ask", 3) == 3 && read(end[0], text, 16) == 3 &&
			waitpid(child, &status, 0) == child && status == 0,
		"a child answers");
	signal(SIGPIPE, SIG_IGN);
	test(read(end[0], text, 16) == 0 && fails(write(end[0], "x", 1), EPIPE),
		"and has ended");
	close(end[0]);
	test(!socketpair(
		     AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, end) &&
			fails(read(end[0], text, 1), EAGAIN) &&
			fcntl(end[0], F_GETFD) == FD_CLOEXEC,
		"one that does not wait");
}

int main(void)
{
	about_pages();
	written();
	populating();
	unnamed();
	sockets();
	printf("1..%d\n", count);
	return failures > 0;
}
