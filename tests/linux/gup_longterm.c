/*
 * tests/linux/gup_longterm.c - which memory may be pinned for long, as Linux's test of
 * that name asks for it: of which kind, private or shared, to be read or written, the
 * slow way and the fast one. All but one: what is written to a file that is written back.
 *
 * What is pinned is what the program sees there, also after it has written. Linux needs
 * its device for gup_test (6.3 or later); a file of that kind needs servers: ours.
 */
#define _GNU_SOURCE
#include "kernel/linux/gup_test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE   4096UL
#define PAGES  4UL
#define SIZE   (PAGES * PAGE)
#define DEVICE "/sys/kernel/debug/gup_test"

extern char **environ;

static int count, failures, device, servers;

/* --- kinds of memory ---------------------------------------------------------------- */

static int no_file(void)
{
	return -1;
}

static int memory_file(void)
{
	return memfd_create("longterm", MFD_CLOEXEC);
}

static int unnamed_file(void)
{
	return open("/tmp", O_RDWR | O_TMPFILE, 0600);
}

static int server_file(void)
{
	return open("/srv/files/longterm", O_RDWR | O_CREAT, 0600);
}

static const struct kind {
	const char *name;
	int (*open)(void);
	int tracked; /* its source gets back what was written */
} kinds[] = {
	{"anonymous memory", no_file, 0},
	{"a memory file", memory_file, 0},
	{"a file without a name", unnamed_file, 0},
	{"a server's file", server_file, 1},
};

#define KINDS (sizeof(kinds) / sizeof(*kinds))

static char *map(int fd, int flags)
{
	char *at;

	if (fd >= 0 && ftruncate(fd, SIZE))
		return NULL;
	at = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		flags | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
	return at == MAP_FAILED ? NULL : at;
}

static pid_t groups[2]; /* of the servers, which go on when who was started ends */

static int run(char *const words[], pid_t *group)
{
	posix_spawnattr_t its_own;
	int status;

	posix_spawnattr_init(&its_own);
	posix_spawnattr_setflags(&its_own, POSIX_SPAWN_SETPGROUP);
	return !posix_spawn(group, words[0], NULL, &its_own, words, environ) &&
	       waitpid(*group, &status, 0) == *group && status == 0;
}

static int start_servers(void)
{
	char *const store[] = {"/bin/store", "-d", NULL};
	char *const pager[] = {"/bin/pager", "-d", "files", NULL};

	return !access(store[0], X_OK) && run(store, &groups[0]) &&
	       run(pager, &groups[1]);
}

/* With what they hold: process 1 reaps them. */
static void end_servers(void)
{
	for (int i = 0; i < 2; i++)
		while (groups[i] > 0 && !kill(-groups[i], SIGKILL))
			usleep(1000);
}

/* --- pins --------------------------------------------------------------------------- */

static int pin(char *at, unsigned int flags)
{
	struct pin_longterm_test pins = {
		.addr = (unsigned long)at, .size = SIZE, .flags = flags};

	return ioctl(device, PIN_LONGTERM_TEST_START, &pins) ? errno : 0;
}

/* What a device sees is what the program has there. */
static int sees(const char *at)
{
	static char got[SIZE];
	__u64 address = (unsigned long)got;

	if (ioctl(device, PIN_LONGTERM_TEST_READ, &address)) {
		printf("# reading pins: %s\n", strerror(errno));
		return 0;
	}
	for (unsigned long i = 0; i < SIZE; i++)
		if (got[i] != at[i]) {
			printf("# byte %lu: pinned %d, seen %d\n", i, got[i], at[i]);
			return 0;
		}
	return 1;
}

static int stays(char *at)
{
	int good = sees(at);

	for (unsigned long i = 0; i < PAGES; i++)
		at[i * PAGE + i] = 'A' + i;
	good = good && sees(at);
	mprotect(at, PAGE, PROT_READ);
	mprotect(at, PAGE, PROT_READ | PROT_WRITE);
	at[0] = 'z';
	return good && sees(at);
}

enum state {
	UNTOUCHED,
	READ,
	WRITTEN,
	STATES
};

static const char *const states[] = {"untouched", "read", "written"};

static void touch(char *at, enum state state)
{
	for (unsigned long i = 0; i < PAGES; i++)
		if (state == READ)
			(void)*(volatile char *)(at + i * PAGE);
		else if (state == WRITTEN)
			at[i * PAGE] = 'a' + i;
}

/* Of memory in that state: is it pinned, or refused, as it must be? */
static int right(const struct kind *kind, int flags, unsigned int pins, enum state state)
{
	int refused =
		kind->tracked && flags == MAP_SHARED && pins & PIN_LONGTERM_USE_WRITE;
	int fd = kind->open(), good = 0, error;
	char *at = map(fd, flags);

	if (at) {
		touch(at, state);
		error = pin(at, pins);
		good = error == (refused ? EFAULT : 0) && (error || stays(at));
		if (!good)
			printf("# %s: %s\n", states[state], strerror(error));
		if (ioctl(device, PIN_LONGTERM_TEST_STOP))
			good = 0;
		munmap(at, SIZE);
	}
	if (fd >= 0)
		close(fd);
	return good;
}

static void test(const struct kind *kind, int flags, unsigned int pins)
{
	const char *why = device < 0 ? "this kernel has no device that pins"
			  : kind->tracked && !servers ? "there are no servers"
						      : NULL;
	int good = 1;

	for (enum state state = 0; !why && state < STATES; state++)
		good &= right(kind, flags, pins, state);
	failures += !good;
	printf("%sok %d - %s, %s, pinned to be %s%s%s%s\n", good ? "" : "not ", ++count,
		kind->name, flags == MAP_SHARED ? "shared" : "private",
		pins & PIN_LONGTERM_USE_WRITE ? "written" : "read",
		pins & PIN_LONGTERM_USE_FAST ? ", fast" : "", why ? " # SKIP " : "",
		why ? why : "");
	fflush(stdout);
}

int main(void)
{
	device = open(DEVICE, O_RDWR);
	if (device >= 0 && ioctl(device, PIN_LONGTERM_TEST_STOP)) {
		close(device); /* Linux's of old keeps no pins */
		device = -1;
	}
	servers = device >= 0 && start_servers();
	for (unsigned int i = 0; i < KINDS; i++)
		for (unsigned int pins = 0; pins < 4; pins++) {
			test(&kinds[i], MAP_PRIVATE, pins);
			test(&kinds[i], MAP_SHARED, pins);
		}
	end_servers();
	printf("1..%d\n", count);
	return failures > 0;
}
