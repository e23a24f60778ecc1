/*
 * tests/linux/ipc.c - endpoints between processes: what travels, and who is told what
 * when the other side dies. The kernel's own calls, made by a Linux program; within one
 * program user/native-ipc.c tries them out.
 *
 *     ipc [ROUNDS]      so many rounds of the storm at the end
 */
#include "tests/linux/tap.h"
#include "kernel/task/dma.h"
#include "user/native.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE  4096UL
#define PAGES 8UL

enum {
	ECHO,   /* the words, plus one */
	SUM,    /* of the first bytes of the pages that come */
	WRITE,  /* to the handle that comes: "x" */
	STALL,  /* until killed */
	ANSWER, /* pages, each beginning with 'a' + its number */
};

static unsigned long endpoint;
static char *from, *to;

static int is(long got, long expected, const char *name)
{
	if (got != expected)
		printf("# got %ld, expected %ld\n", got, expected);
	return test(got == expected, name);
}

static char *map(unsigned long pages)
{
	char *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		printf("Bail out! no memory\n");
		exit(1);
	}
	return memory;
}

static long handle(long what, long number, long rights)
{
	return native_call(NATIVE_HANDLE, what, number, rights, 0);
}

static long call(unsigned long what, struct native_long *more)
{
	unsigned long word[4] = {what, 0, 0, 0};
	long result = native_ipc(NATIVE_CALL, endpoint, word, more);

	return result < 0 ? result : (long)word[0];
}

/* --- the server: a process ---------------------------------------------------------- */

static void serve_one(unsigned long word[4], long size, struct native_long *more)
{
	unsigned long what = word[0];

	word[0]++;
	more->send_size = 0;
	if (what == SUM) {
		word[0] = 0;
		for (long at = 0; at < size; at += PAGE)
			word[0] += (unsigned char)to[at];
	} else if (what == WRITE) {
		word[0] = write(more->handle, "x", 1);
		close(more->handle);
	} else if (what == STALL) {
		pause();
	} else if (what == ANSWER) {
		for (unsigned long i = 0; i < PAGES; i++)
			from[i * PAGE] = (char)('a' + i);
		more->send = (unsigned long)from;
		more->send_size = PAGES * PAGE;
	}
	more->handle = NATIVE_NO_HANDLE;
}

static void serve(void)
{
	struct native_long more = {.receive = (unsigned long)to,
		.receive_size = PAGES * PAGE,
		.handle = NATIVE_NO_HANDLE,
		.flags = NATIVE_LONG_MOVE | NATIVE_LONG_TAKE};
	unsigned long word[4] = {0};
	long size = native_ipc(NATIVE_RECEIVE, endpoint, word, &more);

	while (size >= 0) {
		serve_one(word, size, &more);
		size = native_ipc(NATIVE_REPLY, endpoint, word, &more);
	}
	_exit(0);
}

/* The parent keeps a handle that may call only, so that the server's end is the
 * endpoint's. */
static pid_t start_server(void)
{
	long whole = native_call(NATIVE_ENDPOINT, 0, 0, 0, 0);
	pid_t pid;

	endpoint = whole;
	pid = fork();
	if (!pid)
		serve();
	endpoint = handle(NATIVE_HANDLE_COPY, whole, NATIVE_RIGHT_CALL);
	close(whole);
	return pid;
}

static int kill_and_wait(pid_t pid)
{
	int status = 0;

	kill_child(pid, SIGKILL);
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status);
}

static pid_t call_in_child(unsigned long what)
{
	pid_t pid = fork();

	if (!pid)
		_exit(call(what, NULL) == -EPIPE ? 0 : 1);
	return pid;
}

/* --- what travels ------------------------------------------------------------------- */

static void pages_move(void)
{
	struct native_long more = {.send = (unsigned long)from,
		.send_size = PAGES * PAGE,
		.handle = NATIVE_NO_HANDLE,
		.flags = NATIVE_LONG_MOVE};
	int zero = 1;

	for (unsigned long i = 0; i < PAGES; i++)
		from[i * PAGE] = (char)(i + 1);
	is(call(SUM, &more), PAGES * (PAGES + 1) / 2, "pages move to another process");
	for (unsigned long i = 0; i < PAGES; i++)
		zero &= !from[i * PAGE];
	test(zero, "and are gone here");
	more = (struct native_long){.receive = (unsigned long)to,
		.receive_size = PAGES * PAGE,
		.handle = NATIVE_NO_HANDLE,
		.flags = NATIVE_LONG_TAKE};
	call(ANSWER, &more);
	for (unsigned long i = 0; i < PAGES; i++)
		zero &= to[i * PAGE] == (char)('a' + i);
	test(zero, "pages come with the answer");
}

/* What a child still sees, and what a device writes to, must stay. */
static void pages_stay(void)
{
	struct dma_command dma = {DMA_START, 77, (unsigned long)from + PAGE, 1, 5};
	struct native_long more = {.send = (unsigned long)from,
		.send_size = 2 * PAGE,
		.handle = NATIVE_NO_HANDLE,
		.flags = NATIVE_LONG_MOVE};
	int device = open("/dev/dma", O_RDWR), tell[2];
	pid_t child;
	char byte;

	memset(from, 3, 2 * PAGE);
	write(device, &dma, sizeof(dma));
	if (pipe(tell))
		exit(1);
	child = fork();
	if (!child)
		_exit(read(tell[0], &byte, 1) != 1 || from[0] != 3);
	is(call(SUM, &more), 6, "shared and pinned pages are sent, too");
	test(from[0] == 3 && from[PAGE] == 3, "but stay here");
	write(tell[1], "", 1);
	waitpid(child, NULL, 0);
	dma.operation = DMA_RUN;
	write(device, &dma, sizeof(dma));
	is(*(long *)(from + PAGE), 5, "and are what the device writes to");
	dma.operation = DMA_FINISH;
	write(device, &dma, sizeof(dma));
	close(tell[0]);
	close(tell[1]);
	close(device);
}

static void handles_move(void)
{
	struct native_long more = {.handle = NATIVE_NO_HANDLE};
	int ends[2];
	char byte = 0;
	long copy;

	if (pipe(ends))
		exit(1);
	copy = handle(NATIVE_HANDLE_COPY, ends[1], NATIVE_RIGHT_WRITE);
	more.handle = copy;
	is(call(WRITE, &more), 1, "the server writes to the pipe that it was sent");
	test(read(ends[0], &byte, 1) == 1 && byte == 'x', "and we read it");
	handle(NATIVE_HANDLE_REVOKE, ends[1], 0);
	test(write(copy, "y", 1) < 0 && errno == EBADF, "a revoked copy is no file");
	test(write(ends[1], "z", 1) == 1, "the original is one");
	close(ends[0]);
	close(ends[1]);
	close(copy);
}

/* --- who dies ----------------------------------------------------------------------- */

static void server_dies(pid_t server)
{
	int status = -1;
	pid_t served = call_in_child(STALL), queued;

	usleep(20000);
	queued = call_in_child(ECHO);
	usleep(20000);
	test(kill_and_wait(server), "the server is killed while it serves");
	waitpid(served, &status, 0);
	is(status, 0, "the call that it served ends with EPIPE");
	waitpid(queued, &status, 0);
	is(status, 0, "and so does the one behind it");
	is(call(ECHO, NULL), -EPIPE, "nobody is there any more");
	close(endpoint);
}

static void caller_dies(void)
{
	unsigned long word[4] = {0};
	pid_t caller;

	endpoint = native_call(NATIVE_ENDPOINT, 0, 0, 0, 0);
	caller = call_in_child(ECHO);
	is(native_ipc(NATIVE_RECEIVE, endpoint, word, NULL), 0,
		"a child's call is received");
	test(kill_and_wait(caller), "the child is killed while it waits for the answer");
	is(native_ipc(NATIVE_REPLY, NATIVE_NO_HANDLE, word, NULL), -ESRCH,
		"the answer finds nobody");
	caller = call_in_child(ECHO);
	usleep(20000);
	test(kill_and_wait(caller), "another one is killed while its call is queued");
	caller = call_in_child(SUM);
	native_ipc(NATIVE_RECEIVE, endpoint, word, NULL);
	is(word[0], SUM, "the call that is received then is the next one's");
	native_ipc(NATIVE_REPLY, NATIVE_NO_HANDLE, word, NULL);
	waitpid(caller, NULL, 0);
	close(endpoint);
}

/* Callers and servers that are killed at any moment; who is left gets an error, or an
 * answer that is right. */
static void call_for_ever(unsigned int seed)
{
	struct native_long more = {.send = (unsigned long)from,
		.handle = NATIVE_NO_HANDLE,
		.flags = NATIVE_LONG_MOVE};

	for (;;) {
		long sum = 0, got;

		more.send_size = rand_r(&seed) % (PAGES + 1) * PAGE;
		for (unsigned long at = 0; at < more.send_size; at += PAGE)
			sum += from[at] = (char)(rand_r(&seed) % 100);
		got = call(SUM, &more);
		if (got != sum)
			_exit(got == -EPIPE ? 0 : 1);
	}
}

static void storm(int rounds)
{
	unsigned int seed = 1;
	int wrong = 0;

	for (int round = 0; round < rounds; round++) {
		pid_t server = start_server(), caller[3];
		int status = 0;

		for (int i = 0; i < 3; i++) {
			caller[i] = fork();
			if (!caller[i])
				call_for_ever(seed + i);
		}
		usleep(rand_r(&seed) % 10000);
		wrong += !kill_and_wait(caller[0]);
		usleep(rand_r(&seed) % 5000);
		wrong += !kill_and_wait(server);
		for (int i = 1; i < 3; i++)
			wrong += waitpid(caller[i], &status, 0) != caller[i] || status;
		close(endpoint);
	}
	is(wrong, 0, "killed at any moment, the others get EPIPE, or the right answer");
}

int main(int argc, char **argv)
{
	pid_t server;

	from = map(PAGES);
	to = map(PAGES);
	server = start_server();
	is(call(ECHO, NULL), ECHO + 1, "a call to another process");
	pages_move();
	pages_stay();
	handles_move();
	server_dies(server);
	caller_dies();
	storm(argc > 1 ? atoi(argv[1]) : rounds(20));
	printf("1..%d\n", count);
	return failures != 0;
}
