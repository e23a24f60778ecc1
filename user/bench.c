/*
 * user/bench.c - count guest instructions per operation, for `make bench`.
 *
 * Under QEMU's -icount shift=0 one instruction takes one nanosecond of virtual time, and
 * the machine's clock is that time: differences of it are exact counts of instructions,
 * those of the kernel's threads and interrupts included. The clock is read in the
 * program's very first instructions (before libc's), which tells what the boot has cost.
 *
 * Each figure is the median of an odd number of tries, each an average over many rounds,
 * less the same loop around nothing. Faults are less the loop over pages that are there,
 * not less the clearing: `make bench` takes that off, and says so.
 *
 *     bench                   all operations, one "name instructions" a line
 *     bench echo              answer each byte, for pipe_roundtrip
 *     bench grow ADDRESS      one mmap at that hint; prints its instructions
 */
#include "user/native.h"
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRIES 11
#define PAGE  4096UL
#define MIB   (1UL << 20)

#define SPLIT_FILE "/sys/kernel/debug/split_huge_pages"
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

unsigned long start_clock; /* written by the entry code */

#ifdef __x86_64__

/* TSC: 1 GHz under icount, zero at reset. */
__asm__(".globl bench_start\n"
	"bench_start: push %rdx\n rdtsc\n shl $32, %rdx\n or %rdx, %rax\n"
	" mov %rax, start_clock(%rip)\n pop %rdx\n jmp _start");

static unsigned long read_clock(void)
{
	unsigned int low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (unsigned long)high << 32 | low;
}

static unsigned long nanoseconds(unsigned long clock)
{
	return clock;
}

#define RESET_CLOCK 0UL
#define GROW_HINT   "0x800000000000" /* 128 TiB */

#else

/* TOD clock: 4096 per microsecond since 1900; QEMU is told to start it at 2020. */
__asm__(".globl bench_start\n"
	"bench_start: larl %r1, start_clock\n stckf 0(%r1)\n jg _start");

static unsigned long read_clock(void)
{
	unsigned long clock;

	__asm__ volatile("stckf %0" : "=Q"(clock)::"cc", "memory");
	return clock;
}

static unsigned long nanoseconds(unsigned long clock)
{
	return (clock * 125 + 256) / 512;
}

/* What QEMU makes of 2020-01-01, including how it rounds. */
#define RESET_CLOCK (0x7d91048bca000000UL + 1577836800UL * 512 / 125 * 1000000000UL)
#define GROW_HINT   "0x80000000000" /* 8 TiB */

#endif

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* --- measuring --- */

/* `rounds` times the operation; `arg` is what its set-up has made. */
typedef void operation(void *arg, unsigned long rounds);

static unsigned long time_of(operation *run, void *arg, unsigned long rounds)
{
	unsigned long start = read_clock();

	run(arg, rounds);
	return nanoseconds(read_clock() - start);
}

static int compare(const void *left, const void *right)
{
	unsigned long l = *(const unsigned long *)left, r = *(const unsigned long *)right;

	return l < r ? -1 : l > r;
}

static unsigned long median(unsigned long *values)
{
	qsort(values, TRIES, sizeof(*values), compare);
	return values[TRIES / 2];
}

static void nothing(void *arg, unsigned long rounds)
{
	for (unsigned long i = 0; i < rounds; i++)
		__asm__ volatile("" ::: "memory");
}

static void report(const char *name, unsigned long took, unsigned long rounds)
{
	printf("%s %.1f\n", name, (double)took / rounds);
}

/* An operation that leaves everything as it was. */
static void bench(const char *name, operation *run, void *arg, unsigned long rounds)
{
	unsigned long took[TRIES], empty[TRIES];

	run(arg, rounds); /* warm up: tables, caches of the allocators */
	for (int i = 0; i < TRIES; i++) {
		empty[i] = time_of(nothing, arg, rounds);
		took[i] = time_of(run, arg, rounds);
	}
	report(name, median(took) - median(empty), rounds);
}

/* --- operations --- */

static void null_syscall(void *arg, unsigned long rounds)
{
	for (unsigned long i = 0; i < rounds; i++)
		getppid();
}

static char *map(void *hint, size_t size, int prot)
{
	char *at = mmap(hint, size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		fail("mmap");
	return at;
}

static void unmap(void *at, size_t size)
{
	if (munmap(at, size))
		fail("munmap");
}

static void write_pages(void *arg, unsigned long pages)
{
	for (volatile char *at = arg; pages; pages--, at += PAGE)
		*at = 1;
}

static void read_pages(void *arg, unsigned long pages)
{
	for (volatile char *at = arg; pages; pages--, at += PAGE)
		(void)*at;
}

/* The first access to each page of fresh memory, less the second. */
static void bench_faults(const char *name, operation *touch)
{
	const unsigned long pages = 2048;
	unsigned long first[TRIES], again[TRIES];

	for (int i = -1; i < TRIES; i++) {
		char *at = map(NULL, pages * PAGE, PROT_READ | PROT_WRITE);
		unsigned long took = time_of(touch, at, pages);

		if (i >= 0) {
			first[i] = took;
			again[i] = time_of(touch, at, pages);
		}
		unmap(at, pages * PAGE);
	}
	report(name, median(first) - median(again), pages);
}

static void map_unmap(void *arg, unsigned long rounds)
{
	while (rounds--)
		unmap(map(arg, PAGE, PROT_READ | PROT_WRITE), PAGE);
}

static void map_touch_unmap(void *arg, unsigned long rounds)
{
	while (rounds--) {
		char *at = map(arg, PAGE, PROT_READ | PROT_WRITE);

		*(volatile char *)at = 1;
		unmap(at, PAGE);
	}
}

/* A hole of one page between read-only pages that are mapped: tables stay, and nothing
 * merges. */
static char *make_hole(void)
{
	char *at = map(NULL, 2 * MIB, PROT_READ) + MIB;

	read_pages(at - PAGE, 3);
	unmap(at, PAGE);
	return at;
}

static void bench_munmap(void)
{
	const unsigned long size = 64 * MIB;
	unsigned long took[TRIES];

	for (int i = 0; i < TRIES; i++) {
		char *at = map(NULL, size, PROT_READ | PROT_WRITE);
		unsigned long start;

		write_pages(at, size / PAGE);
		start = read_clock();
		unmap(at, size);
		took[i] = nanoseconds(read_clock() - start);
	}
	report("munmap_page", median(took), size / PAGE);
}

struct range {
	char *at;
	size_t size;
};

static void protect(void *arg, unsigned long rounds)
{
	const struct range *range = arg;

	while (rounds--)
		if (mprotect(range->at, range->size, PROT_READ) ||
			mprotect(range->at, range->size, PROT_READ | PROT_WRITE))
			fail("mprotect");
}

static void bench_mprotect(const char *name, unsigned long pages, unsigned long rounds)
{
	/* Gaps on both sides: the range is a whole VMA before and after. */
	char *room = map(NULL, (pages + 2) * PAGE, PROT_NONE);
	struct range range = {.at = room + PAGE, .size = pages * PAGE};

	if (mprotect(range.at, range.size, PROT_READ | PROT_WRITE))
		fail("mprotect");
	write_pages(range.at, pages);
	bench(name, protect, &range, rounds);
	unmap(room, (pages + 2) * PAGE);
}

/* --- huge pages --- */

#ifdef __x86_64__
#define BLOCK (2 * MIB)
#else
#define BLOCK MIB
#endif
#define BLOCKS 8UL

static void advise(char *at, size_t size, int advice)
{
	if (madvise(at, size, advice))
		fail("madvise");
}

/* Room for blocks, and where the first one begins. */
static char *map_blocks(char **room)
{
	*room = map(NULL, (BLOCKS + 1) * BLOCK, PROT_READ | PROT_WRITE);
	return *room + (-(unsigned long)*room & (BLOCK - 1));
}

static void write_blocks(char *at)
{
	for (unsigned long i = 0; i < BLOCKS; i++)
		*(volatile char *)(at + i * BLOCK) = 1;
}

/* The first write to each block, and what unmapping it costs. */
static void bench_blocks(void)
{
	unsigned long touched[TRIES], unmapped[TRIES];

	for (int i = 0; i < TRIES; i++) {
		char *room, *at = map_blocks(&room);
		unsigned long start;

		advise(at, BLOCKS * BLOCK, MADV_HUGEPAGE);
		start = read_clock();
		write_blocks(at);
		touched[i] = nanoseconds(read_clock() - start);
		start = read_clock();
		unmap(at, BLOCKS * BLOCK);
		unmapped[i] = nanoseconds(read_clock() - start);
		unmap(room, (BLOCKS + 1) * BLOCK);
	}
	report("pmd_fault", median(touched), BLOCKS);
	report("munmap_leaf", median(unmapped), BLOCKS);
}

static void split_blocks(int file, const char *at)
{
	char text[64];
	int length = snprintf(text, sizeof(text), "%d,0x%lx,0x%lx", (int)getpid(),
		(unsigned long)at, (unsigned long)at + BLOCKS * BLOCK);

	if (write(file, text, length) != length)
		fail(SPLIT_FILE);
}

/* Pages that were written become blocks, and blocks single pages again. */
static void bench_collapse(void)
{
	unsigned long collapsed[TRIES], split[TRIES];
	int file = open(SPLIT_FILE, O_WRONLY);

	if (file < 0)
		fail(SPLIT_FILE);
	for (int i = 0; i < TRIES; i++) {
		char *room, *at = map_blocks(&room);
		unsigned long start;

		write_pages(at, BLOCKS * BLOCK / PAGE);
		start = read_clock();
		advise(at, BLOCKS * BLOCK, MADV_COLLAPSE);
		collapsed[i] = nanoseconds(read_clock() - start);
		start = read_clock();
		split_blocks(file, at);
		split[i] = nanoseconds(read_clock() - start);
		unmap(room, (BLOCKS + 1) * BLOCK);
	}
	report("collapse_page", median(collapsed), BLOCKS * BLOCK / PAGE);
	report("split_page", median(split), BLOCKS * BLOCK / PAGE);
	close(file);
}

struct places {
	char *here, *there;
	size_t size;
};

static void move(void *arg, unsigned long rounds)
{
	struct places *places = arg;
	char *from = places->here;

	for (; rounds; rounds--) {
		if (mremap(from, places->size, places->size,
			    MREMAP_MAYMOVE | MREMAP_FIXED, places->there) == MAP_FAILED)
			fail("mremap");
		places->here = places->there;
		places->there = from;
		from = places->here;
	}
}

/* To and fro, between pages that keep the tables; it begins so many pages above a table's
 * border. */
static void bench_mremap(
	const char *name, unsigned long pages, unsigned long above, unsigned long rounds)
{
	const size_t apart = 4 * MIB, size = 3 * apart;
	char *room = map(NULL, size, PROT_NONE);
	char *border = room + (-(unsigned long)room & (2 * MIB - 1)) + 2 * MIB;
	struct places places = {.here = border + above * PAGE, .size = pages * PAGE};

	places.there = places.here + apart;
	if (mprotect(places.here, places.size, PROT_READ | PROT_WRITE))
		fail("mprotect");
	write_pages(places.here, pages);
	bench(name, move, &places, rounds);
	unmap(room, size);
}

/* --- other processes --- */

extern char **environ;

/* Start this program again, its standard input and output as given. */
static pid_t spawn(const char *mode, const char *argument, int in, int out)
{
	char *argv[] = {"bench", (char *)mode, (char *)argument, NULL};
	posix_spawn_file_actions_t files;
	pid_t pid;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in, 0);
	posix_spawn_file_actions_adddup2(&files, out, 1);
	if (posix_spawn(&pid, "/bin/bench", &files, NULL, argv, environ))
		fail("/bin/bench");
	return pid;
}

struct peer {
	int from, to;
};

static void roundtrip(void *arg, unsigned long rounds)
{
	const struct peer *peer = arg;
	char byte = 'x';

	while (rounds--)
		if (write(peer->to, &byte, 1) != 1 || read(peer->from, &byte, 1) != 1)
			fail("pipe");
}

static int echo(void)
{
	char byte;

	while (read(0, &byte, 1) == 1 && byte != 'q')
		write(1, &byte, 1);
	return 0;
}

static void bench_pipe(void)
{
	int there[2], back[2];
	struct peer peer;
	pid_t pid;

	if (pipe(there) || pipe(back))
		fail("pipe");
	peer = (struct peer){.from = back[0], .to = there[1]};
	pid = spawn("echo", NULL, there[0], back[1]);
	bench("pipe_roundtrip", roundtrip, &peer, 256);
	write(peer.to, "q", 1);
	waitpid(pid, NULL, 0);
}

static void call_native(void *arg, unsigned long rounds)
{
	unsigned long word[4] = {0};

	while (rounds--)
		if (native_ipc(NATIVE_CALL, *(unsigned long *)arg, word, NULL))
			fail("call");
}

/* A call of the kernel's own, and its answer, between two processes. */
static void bench_ipc(void)
{
	unsigned long endpoint = native_call(NATIVE_ENDPOINT, 0, 0, 0, 0);
	unsigned long word[4] = {0};
	pid_t pid = fork();

	if (!pid) {
		native_ipc(NATIVE_RECEIVE, endpoint, word, NULL);
		while (!native_ipc(NATIVE_REPLY, endpoint, word, NULL))
			;
	}
	bench("ipc_roundtrip", call_native, &endpoint, 256);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* A child that does nothing; it ends when `hold` can be read, or at once. */
static pid_t start_child(int hold)
{
	pid_t pid = fork();
	char byte;

	if (pid < 0)
		fail("fork");
	if (!pid)
		_exit(hold >= 0 && read(hold, &byte, 1) != 1);
	return pid;
}

/* The first store to each page after a fork, less the second: while a child has the page,
 * too, and after it has ended. */
static void bench_cow(const char *name, bool copies)
{
	const unsigned long pages = 2048;
	unsigned long first[TRIES], again[TRIES];
	char *at = map(NULL, pages * PAGE, PROT_READ | PROT_WRITE);
	int hold[2];

	if (pipe(hold))
		fail("pipe");
	for (int i = -1; i < TRIES; i++) {
		pid_t pid;

		write_pages(at, pages);
		pid = start_child(copies ? hold[0] : -1);
		if (!copies)
			waitpid(pid, NULL, 0);
		if (i >= 0)
			first[i] = time_of(write_pages, at, pages);
		if (i >= 0)
			again[i] = time_of(write_pages, at, pages);
		if (copies) {
			write(hold[1], "q", 1);
			waitpid(pid, NULL, 0);
		}
	}
	report(name, median(first) - median(again), pages);
	unmap(at, pages * PAGE);
	close(hold[0]);
	close(hold[1]);
}

/* All that a child costs that has nothing to do, for each page of its parent. */
static void bench_fork(void)
{
	const unsigned long pages = 16 * MIB / PAGE;
	unsigned long took[TRIES];
	char *at = map(NULL, pages * PAGE, PROT_READ | PROT_WRITE);

	for (int i = 0; i < TRIES; i++) {
		unsigned long start;

		write_pages(at, pages);
		start = read_clock();
		waitpid(start_child(-1), NULL, 0);
		took[i] = nanoseconds(read_clock() - start);
	}
	report("fork_page", median(took), pages);
	unmap(at, pages * PAGE);
}

/* An mmap that adds levels, which happens only once in the life of a process. */
static int grow(const char *address)
{
	unsigned long hint = strtoul(address, NULL, 0), start, took;
	char *at;

	unmap(map(NULL, PAGE, PROT_READ), PAGE);
	start = read_clock();
	at = mmap((void *)hint, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	took = nanoseconds(read_clock() - start);
	printf("%lu\n", (unsigned long)at == hint ? took : 0);
	return 0;
}

/* Nothing is printed where there is no such address, or where it needs no new level. */
static void bench_upgrade(void)
{
	unsigned long took[TRIES];
	int answer[2];

	if (pipe(answer))
		fail("pipe");
	for (int i = 0; i < TRIES; i++) {
		char text[32] = "";
		pid_t pid = spawn("grow", GROW_HINT, 0, answer[1]);

		waitpid(pid, NULL, 0);
		read(answer[0], text, sizeof(text) - 1);
		took[i] = strtoul(text, NULL, 10);
		if (!took[i])
			return;
	}
	report("upgrade", median(took), 1);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "echo"))
		return echo();
	if (argc > 2)
		return grow(argv[2]);
	report("boot", nanoseconds(start_clock - RESET_CLOCK), 1);
	bench("null_syscall", null_syscall, NULL, 1000);
	bench_faults("anon_fault", write_pages);
	bench_faults("read_fault", read_pages);
	bench_cow("cow_copy", true);
	bench_cow("cow_reuse", false);
	bench_fork();
	bench("mmap_munmap_untouched", map_unmap, make_hole(), 256);
	bench("mmap_munmap_touched", map_touch_unmap, make_hole(), 256);
	bench_munmap();
	bench_mprotect("mprotect_1", 1, 256);
	bench_mprotect("mprotect_512", 512, 16);
	bench_mremap("mremap_1", 1, 1, 256);
	bench_mremap("mremap_512", 512, 1, 16);
	bench_mremap("mremap_table", 512, 0, 64);
	bench_blocks();
	bench_collapse();
	bench_pipe();
	bench_ipc();
	bench_upgrade();
	return 0;
}
