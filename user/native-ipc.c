/*
 * user/native-ipc.c - endpoints and handles, tried out by the threads of one program.
 *
 * A test in TAP, of the kernel's own calls only: it is a program for LINUX=n, too, where
 * it is process 1. Each part starts a server thread on an endpoint of its own, which does
 * what the first word of each call asks for (enum).
 */
#include "user/native.h"
#include "kernel/base/errno.h"

NATIVE_THREADS;

#define PAGE       4096UL
#define STACK_SIZE 65536

enum {
	ECHO,    /* the words, plus one; and the bytes */
	LENGTH,  /* how many bytes came */
	SUM,     /* of the bytes that came */
	GRAB,    /* takes pages; answers how many bytes, and the first one */
	FORWARD, /* calls ECHO at the endpoint whose handle came */
	QUIT,    /* the thread ends, with the call unanswered */
	STOP,    /* answers, and ends */
	STALL,   /* serves until `go_on`, then answers: `answered` */
};

static char stacks[8][STACK_SIZE] __attribute__((aligned(16)));
static char from[32 * PAGE] __attribute__((aligned(4096)));
static char to[32 * PAGE] __attribute__((aligned(4096)));
static char bytes[NATIVE_LONG_MAX] __attribute__((aligned(4096)));
static int tests, failures, threads;
static volatile long go_on, answered, serving, result_of[8];

void native_main(void);

/* --- output ------------------------------------------------------------------------- */

static void print(const char *text)
{
	long size = 0;

	while (text[size])
		size++;
	native_call(NATIVE_WRITE, 1, (long)text, size, 0);
}

static void print_number(long number)
{
	char digits[24], *at = digits + sizeof(digits) - 1;
	unsigned long rest = number < 0 ? -(unsigned long)number : (unsigned long)number;

	*at = '\0';
	do
		*--at = (char)('0' + rest % 10);
	while (rest /= 10);
	if (number < 0)
		*--at = '-';
	print(at);
}

static void is(long got, long expected, const char *what)
{
	if (got != expected) {
		print("# got ");
		print_number(got);
		print(", expected ");
		print_number(expected);
		print("\n");
		failures++;
	}
	print(got == expected ? "ok " : "not ok ");
	print_number(++tests);
	print(" - ");
	print(what);
	print("\n");
}

/* --- short forms -------------------------------------------------------------------- */

static void start(void (*fn)(long), long arg)
{
	native_thread(fn, arg, stacks[threads++ % 8] + STACK_SIZE);
}

static void yield_until(volatile long *word)
{
	while (!*word)
		native_call(NATIVE_YIELD, 0, 0, 0, 0);
}

static void more_init(struct native_long *more)
{
	more->send = more->send_size = more->receive = more->receive_size = 0;
	more->handle = NATIVE_NO_HANDLE;
	more->flags = 0;
}

static long handle(long what, long number, long rights)
{
	return native_call(NATIVE_HANDLE, what, number, rights, 0);
}

static long call(long endpoint, unsigned long what, struct native_long *more)
{
	unsigned long word[4];

	word[0] = what;
	word[1] = word[2] = word[3] = 0;
	return native_ipc(NATIVE_CALL, endpoint, word, more);
}

/* The first word of the answer, or the error. */
static long ask(long endpoint, unsigned long what, struct native_long *more)
{
	unsigned long word[4];
	long result;

	word[0] = what;
	word[1] = word[2] = word[3] = 7;
	result = native_ipc(NATIVE_CALL, endpoint, word, more);
	return result < 0 ? result : (long)word[0];
}

/* --- the server --------------------------------------------------------------------- */

static void stall(unsigned long word[4])
{
	serving = 1;
	yield_until(&go_on);
	answered = native_ipc(NATIVE_REPLY, NATIVE_NO_HANDLE, word, 0);
	if (!answered)
		answered = 1;
	native_call(NATIVE_THREAD_EXIT, 0, 0, 0, 0);
}

static void serve_one(unsigned long word[4], long size, struct native_long *more)
{
	unsigned long what = word[0];

	more->send_size = 0;
	for (int i = 0; i < 4; i++)
		word[i]++;
	if (what == ECHO) {
		more->send = more->receive;
		more->send_size = size;
	} else if (what == LENGTH) {
		word[0] = size;
	} else if (what == SUM) {
		word[0] = 0;
		for (long i = 0; i < size; i++)
			word[0] += (unsigned char)bytes[i];
	} else if (what == GRAB) {
		word[0] = size + (size ? bytes[0] : 0);
	} else if (what == FORWARD) {
		word[0] = ask(more->handle, ECHO, 0);
		handle(NATIVE_HANDLE_CLOSE, more->handle, 0);
	} else if (what == QUIT) {
		native_call(NATIVE_THREAD_EXIT, 0, 0, 0, 0);
	} else if (what == STALL) {
		stall(word);
	}
	more->handle = NATIVE_NO_HANDLE;
}

static void server(long endpoint)
{
	unsigned long word[4] = {0};
	struct native_long more;
	long size;

	more_init(&more);
	more.receive = (unsigned long)bytes;
	more.receive_size = sizeof(bytes);
	more.flags = NATIVE_LONG_TAKE;
	size = native_ipc(NATIVE_RECEIVE, endpoint, word, &more);
	while (size >= 0) {
		int stops = word[0] == STOP;

		serve_one(word, size, &more);
		size = native_ipc(NATIVE_REPLY,
			stops ? NATIVE_NO_HANDLE : (unsigned long)endpoint, word, &more);
		if (stops)
			break;
	}
	native_call(NATIVE_THREAD_EXIT, 0, 0, 0, 0);
}

static long serve(void)
{
	long endpoint = native_call(NATIVE_ENDPOINT, 0, 0, 0, 0);

	start(server, endpoint);
	return endpoint;
}

/* The thread ends, and with the handle the endpoint. */
static void end_server(long endpoint)
{
	is(call(endpoint, STOP, 0), 0, "the server stops");
	handle(NATIVE_HANDLE_CLOSE, endpoint, 0);
}

/* --- parts -------------------------------------------------------------------------- */

static void short_messages(void)
{
	long endpoint = serve();
	unsigned long word[4];
	long right = 0;

	for (unsigned long i = 0; i < 1000; i++) {
		for (int n = 0; n < 4; n++)
			word[n] = n ? i * 4 + n : ECHO;
		right += !native_ipc(NATIVE_CALL, endpoint, word, 0) &&
			 word[0] == ECHO + 1 && word[1] == i * 4 + 2 &&
			 word[2] == i * 4 + 3 && word[3] == i * 4 + 4;
	}
	is(right, 1000, "a thousand short calls, each with its answer");
	end_server(endpoint);
}

static void fill(char *at, unsigned long size, int seed)
{
	for (unsigned long i = 0; i < size; i++)
		at[i] = (char)(i * 7 + i / 251 + seed);
}

static long same(const char *left, const char *right, unsigned long size)
{
	unsigned long i = 0;

	while (i < size && left[i] == right[i])
		i++;
	return i == size;
}

static void long_messages(void)
{
	static const unsigned long sizes[] = {
		1, 100, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE + 17, NATIVE_LONG_MAX};
	long endpoint = serve(), right = 0;
	struct native_long more;

	more_init(&more);
	for (int i = 0; i < 7; i++) {
		int skew = i * 1000 % 4096;

		fill(from + skew, sizes[i], i);
		more.send = (unsigned long)from + skew;
		more.receive = (unsigned long)to + 13 * i;
		more.send_size = more.receive_size = sizes[i];
		right += call(endpoint, ECHO, &more) == (long)sizes[i] &&
			 same(from + skew, to + 13 * i, sizes[i]);
	}
	is(right, 7, "bytes go and come back, at all kinds of places");
	more.receive_size = 10;
	is(call(endpoint, ECHO, &more), 10, "what there is no room for is cut off");
	more.send_size = NATIVE_LONG_MAX + 1;
	is(call(endpoint, ECHO, &more), -EMSGSIZE, "too long a message");
	more.send = 0;
	more.send_size = 10;
	is(call(endpoint, ECHO, &more), -EFAULT, "bytes that are not there");
	more.send = (unsigned long)from;
	more.receive = ~0UL - 100;
	is(call(endpoint, ECHO, &more), -EFAULT, "a place that is not there");
	is(call(endpoint, ECHO, (struct native_long *)8), -EFAULT, "no struct there");
	more.receive_size = 0;
	more.flags = 64;
	is(call(endpoint, ECHO, &more), -EINVAL, "a flag that is none");
	end_server(endpoint);
}

static void moved_pages(void)
{
	long endpoint = serve(), zeros = 0;
	struct native_long more;

	more_init(&more);
	more.send = (unsigned long)from;
	more.send_size = 4 * PAGE;
	more.flags = NATIVE_LONG_MOVE;
	fill(from, 4 * PAGE, 5);
	is(ask(endpoint, GRAB, &more), 4 * PAGE + 5, "four pages move");
	fill(to, 4 * PAGE, 5);
	is(same(bytes, to, 4 * PAGE), 1, "with what was in them");
	for (unsigned long i = 0; i < 4 * PAGE; i++)
		zeros += !from[i];
	is(zeros, 4 * PAGE, "and the sender has them no more");
	more.send_size = PAGE + 1;
	is(call(endpoint, GRAB, &more), -EINVAL, "only whole pages move");
	more.send_size = 0;
	more.receive = (unsigned long)to;
	more.receive_size = 2 * PAGE;
	more.flags = NATIVE_LONG_TAKE;
	is(call(endpoint, ECHO, &more), 0, "none move, none come");
	end_server(endpoint);
}

/* Who takes none gets the bytes, and the sender keeps its pages. */
static void copies_only(long endpoint)
{
	unsigned long word[4] = {0};
	struct native_long more;
	long size;

	more_init(&more);
	more.receive = (unsigned long)bytes;
	more.receive_size = PAGE + 100;
	size = native_ipc(NATIVE_RECEIVE, endpoint, word, &more);
	word[0] = size;
	native_ipc(NATIVE_REPLY, NATIVE_NO_HANDLE, word, 0);
	native_call(NATIVE_THREAD_EXIT, 0, 0, 0, 0);
}

static void unwanted_pages(void)
{
	long endpoint = native_call(NATIVE_ENDPOINT, 0, 0, 0, 0);
	struct native_long more;

	start(copies_only, endpoint);
	more_init(&more);
	fill(from, 2 * PAGE, 9);
	fill(to, 2 * PAGE, 9);
	more.send = (unsigned long)from;
	more.send_size = 2 * PAGE;
	more.flags = NATIVE_LONG_MOVE;
	is(ask(endpoint, 0, &more), PAGE + 100,
		"a receiver that takes no pages gets bytes");
	is(same(bytes, to, PAGE + 100), 1, "the right ones");
	is(same(from, to, 2 * PAGE), 1, "and the sender keeps its pages");
	handle(NATIVE_HANDLE_CLOSE, endpoint, 0);
	is(call(endpoint, 0, &more), -EBADF, "what is closed is no handle");
	is(same(from, to, 2 * PAGE), 1, "the pages of a call that fails come back");
}

static void handles_travel(void)
{
	long first = serve(), second = serve();
	struct native_long more;

	more_init(&more);
	more.handle = handle(NATIVE_HANDLE_COPY, second, NATIVE_RIGHT_CALL);
	is(ask(first, FORWARD, &more), ECHO + 1, "a server calls through what was sent");
	is(more.handle, NATIVE_NO_HANDLE, "nothing came back");
	more.handle = 200;
	is(call(first, FORWARD, &more), -EBADF, "no such handle to send");
	end_server(first);
	end_server(second);
}

static void rights(void)
{
	long endpoint = serve();
	long caller = handle(NATIVE_HANDLE_COPY, endpoint, NATIVE_RIGHT_CALL);
	long nothing = handle(NATIVE_HANDLE_COPY, caller, NATIVE_RIGHT_RECEIVE);
	unsigned long word[4] = {0};

	is(ask(caller, ECHO, 0), ECHO + 1, "a copy may call");
	is(native_ipc(NATIVE_RECEIVE, caller, word, 0), -EACCES, "but not receive");
	is(call(nothing, ECHO, 0), -EACCES, "a copy of it may not even call");
	is(native_ipc(NATIVE_RECEIVE, nothing, word, 0), -EACCES, "nor receive");
	is(handle(NATIVE_HANDLE_COPY, endpoint, 4), -EINVAL, "a right that is none");
	is(handle(99, endpoint, 0), -EINVAL, "nothing to do with a handle");
	is(native_ipc(NATIVE_CALL, 1, word, 0), -EINVAL, "the console is no endpoint");
	is(native_ipc(NATIVE_REPLY, NATIVE_NO_HANDLE, word, 0), -EINVAL,
		"nothing to answer");
	is(native_ipc(NATIVE_CALL, 250, word, 0), -EBADF, "no such handle");
	is(handle(NATIVE_HANDLE_REVOKE, endpoint, 0), 0, "all copies are revoked");
	is(call(caller, ECHO, 0), -EBADF, "the copy is no handle any more");
	is(call(nothing, ECHO, 0), -EBADF, "nor is the copy's copy");
	is(ask(endpoint, ECHO, 0), ECHO + 1, "the original is as it was");
	handle(NATIVE_HANDLE_CLOSE, caller, 0);
	caller = handle(NATIVE_HANDLE_COPY, endpoint, NATIVE_RIGHT_CALL);
	is(ask(caller, ECHO, 0), ECHO + 1, "and can be copied again");
	handle(NATIVE_HANDLE_CLOSE, caller, 0);
	handle(NATIVE_HANDLE_CLOSE, nothing, 0);
	end_server(endpoint);
}

static long called; /* through this handle */

static void caller_thread(long number)
{
	result_of[number] = call(called, STALL, 0);
	if (!result_of[number])
		result_of[number] = 1;
	native_call(NATIVE_THREAD_EXIT, 0, 0, 0, 0);
}

static void revoke_under_way(void)
{
	long endpoint = serve();

	called = handle(NATIVE_HANDLE_COPY, endpoint, NATIVE_RIGHT_CALL);
	serving = go_on = answered = result_of[0] = result_of[1] = 0;
	start(caller_thread, 0);
	yield_until(&serving);
	start(caller_thread, 1); /* queued behind it, or soon so, or too late */
	for (int i = 0; i < 100; i++)
		native_call(NATIVE_YIELD, 0, 0, 0, 0);
	handle(NATIVE_HANDLE_REVOKE, endpoint, 0);
	yield_until(&result_of[0]);
	yield_until(&result_of[1]);
	is(result_of[0], -EBADF, "revoked while it is served: the caller goes on");
	is(result_of[1], -EBADF, "revoked while it is queued");
	go_on = 1;
	yield_until(&answered);
	is(answered, -ESRCH, "the server's answer finds nobody");
	handle(NATIVE_HANDLE_CLOSE, called, 0);
	handle(NATIVE_HANDLE_CLOSE, endpoint, 0);
}

static void servers_end(void)
{
	long endpoint = serve();

	is(call(endpoint, QUIT, 0), -EPIPE, "a server that ends while it serves");
	called = handle(NATIVE_HANDLE_COPY, endpoint, NATIVE_RIGHT_CALL);
	result_of[2] = 0;
	start(caller_thread, 2);
	for (int i = 0; i < 100; i++)
		native_call(NATIVE_YIELD, 0, 0, 0, 0);
	handle(NATIVE_HANDLE_CLOSE, endpoint, 0);
	yield_until(&result_of[2]);
	is(result_of[2], -EPIPE,
		"the last who could receive is closed: queued calls end");
	is(call(called, ECHO, 0), -EPIPE, "and calls that come later");
	handle(NATIVE_HANDLE_CLOSE, called, 0);
}

static void one_at_a_time(void)
{
	long endpoint = native_call(NATIVE_ENDPOINT, 0, 0, 0, 0);
	unsigned long word[4] = {0};

	called = endpoint;
	result_of[3] = 0;
	start(caller_thread, 3);
	is(native_ipc(NATIVE_RECEIVE, endpoint, word, 0), 0, "the call is received");
	is(word[0], STALL, "as it was sent");
	is(native_ipc(NATIVE_RECEIVE, endpoint, word, 0), -EBUSY, "a second one is not");
	is(native_ipc(NATIVE_REPLY, NATIVE_NO_HANDLE, word, 0), 0, "it is answered");
	is(native_ipc(NATIVE_REPLY, NATIVE_NO_HANDLE, word, 0), -EINVAL, "once");
	yield_until(&result_of[3]);
	is(result_of[3], 1, "the caller has its answer");
	handle(NATIVE_HANDLE_CLOSE, endpoint, 0);
}

void native_main(void)
{
	short_messages();
	long_messages();
	moved_pages();
	unwanted_pages();
	handles_travel();
	rights();
	revoke_under_way();
	servers_end();
	one_at_a_time();
	print("1..");
	print_number(tests);
	print("\n");
	native_call(NATIVE_TASK_EXIT, failures != 0, 0, 0, 0);
}

NATIVE_PROGRAM(native_main);
