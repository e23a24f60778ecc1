/*
 * tests/linux/huge.c - huge pages, as programs see them: where they are given, and that
 * whatever is done to a part of one, all of it keeps its contents. Whether there are any
 * is the policy `enabled`: the tests hold for all three.
 *
 * On Linux a huge page may be refused for want of memory in one piece, so that fewer than
 * expected are no mistake there. Splitting needs debugfs, and root.
 */
#include "tests/linux/tap.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE    4096UL
#define WORDS   (PAGE / sizeof(uint64_t))
#define RW      (PROT_READ | PROT_WRITE)
#define OWN     (MAP_PRIVATE | MAP_ANONYMOUS)
#define THREADS 4
#define ROUNDS  200

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#define SETTING "/sys/kernel/mm/transparent_hugepage/"
#define SCANS   SETTING "khugepaged/"
#define SPLIT   "/sys/kernel/debug/split_huge_pages"

static unsigned long block, pages; /* of one block: its size */
static int ours;                   /* this is not Linux */
static char policy[16];            /* always, madvise, never */

static void skip(const char *name, const char *why)
{
	printf("ok %d - %s # SKIP %s\n", ++count, name, why);
	fflush(stdout);
}

static void give_up(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

/* --- files -------------------------------------------------------------------------- */

static int read_text(const char *path, char *text, size_t room)
{
	int fd = open(path, O_RDONLY);
	ssize_t size = fd >= 0 ? read(fd, text, room - 1) : -1;

	if (fd >= 0)
		close(fd);
	text[size > 0 ? size : 0] = '\0';
	return size > 0;
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), result, error;

	if (fd < 0)
		return -1;
	result = write(fd, text, strlen(text));
	error = errno;
	close(fd);
	errno = error;
	return result;
}

static unsigned long read_number(const char *path)
{
	char text[32];

	return read_text(path, text, sizeof(text)) ? strtoul(text, NULL, 10) : ~0UL;
}

static int write_number(const char *path, unsigned long number)
{
	char text[32];

	snprintf(text, sizeof(text), "%lu\n", number);
	return write_text(path, text);
}

/* The word in brackets. */
static void find_policy(void)
{
	char text[80], *word;

	if (!read_text(SETTING "enabled", text, sizeof(text)))
		return;
	word = strchr(text, '[');
	if (word && sscanf(word, "[%15[a-z]]", policy) != 1)
		policy[0] = '\0';
}

/* Of the mappings in the range: the sum of the fields with this name, in kB; and whether
 * all of their flags have this one. */
static unsigned long in_smaps(
	const char *start, size_t size, const char *field, const char *flag, int *flagged)
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	unsigned long from, to, value, sum = 0;
	char line[512], name[64];
	int here = 0;

	*flagged = 1;
	while (smaps && fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			here = from >= (uintptr_t)start && to <= (uintptr_t)start + size;
		else if (here && !strncmp(line, "VmFlags:", 8))
			*flagged &= strstr(line, flag) != NULL;
		else if (here && sscanf(line, "%63[A-Za-z]: %lu", name, &value) == 2 &&
			 !strcmp(name, field))
			sum += value;
	}
	if (smaps)
		fclose(smaps);
	return sum;
}

/* So many blocks are mapped in the range, as blocks; where there are none, none. */
static int huge(const char *start, size_t size, unsigned long blocks)
{
	int flagged;
	unsigned long sum = in_smaps(start, size, "AnonHugePages", "", &flagged) * 1024;
	unsigned long expected = strcmp(policy, "never") ? blocks * block : 0;

	if (sum == expected || (!ours && sum < expected))
		return 1;
	printf("# %lu kB of huge pages, expected %lu\n", sum / 1024, expected / 1024);
	return 0;
}

static unsigned long in_meminfo(void)
{
	FILE *meminfo = fopen("/proc/meminfo", "r");
	unsigned long value = 0;
	char line[128];

	while (meminfo && fgets(line, sizeof(line), meminfo))
		if (sscanf(line, "AnonHugePages: %lu kB", &value) == 1)
			break;
	if (meminfo)
		fclose(meminfo);
	return value * 1024;
}

/* --- memory ------------------------------------------------------------------------- */

/* So many blocks of address space, aligned, that touch no other mapping. */
static char *area(unsigned int blocks)
{
	char *at =
		mmap(NULL, (blocks + 2) * block, PROT_NONE, OWN | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		give_up("mmap");
	at = (char *)(((uintptr_t)at + block) / block * block);
	if (mprotect(at, blocks * block, RW))
		give_up("mprotect");
	return at;
}

static void forget(char *start, unsigned int blocks)
{
	if (munmap(start, blocks * block))
		give_up("munmap");
}

static uint64_t *word(char *start, unsigned long page)
{
	return (uint64_t *)(start + page * PAGE);
}

/* Of each step-th page in [from, to): the first word and the last. */
static void fill(char *start, unsigned long from, unsigned long to, unsigned long step,
	uint64_t value)
{
	for (unsigned long i = from; i < to; i += step)
		word(start, i)[0] = word(start, i)[WORDS - 1] = value + i;
}

static int holds(char *start, unsigned long from, unsigned long to, unsigned long step,
	uint64_t value)
{
	for (unsigned long i = from; i < to; i += step)
		if (word(start, i)[0] != value + i ||
			word(start, i)[WORDS - 1] != value + i) {
			printf("# page %lu has %lx and %lx, not %lx\n", i,
				word(start, i)[0], word(start, i)[WORDS - 1], value + i);
			return 0;
		}
	return 1;
}

static int is_zero(char *start, unsigned long from, unsigned long to)
{
	for (unsigned long i = from; i < to; i++)
		if (word(start, i)[0] || word(start, i)[WORDS - 1])
			return 0;
	return 1;
}

#define VALUE 0x100000UL

/* Blocks that are welcome, and filled. */
static char *filled(unsigned int blocks)
{
	char *at = area(blocks);

	if (madvise(at, blocks * block, MADV_HUGEPAGE))
		give_up("MADV_HUGEPAGE");
	fill(at, 0, blocks * pages, 1, VALUE);
	return at;
}

/* --- where they are given ----------------------------------------------------------- */

/* Each word; what holds is in brackets. At last it is as it was. */
static int defrag_is_written(void)
{
	static const char *const words[] = {
		"always", "defer", "defer+madvise", "madvise", "never"};
	char text[80], expected[32];
	int good = fails(write_text(SETTING "defrag", "sometimes"), EINVAL);

	for (int i = 0; i < 5; i++) {
		snprintf(expected, sizeof(expected), "[%s]", words[i]);
		good &= write_text(SETTING "defrag", words[i]) > 0 &&
			read_text(SETTING "defrag", text, sizeof(text)) &&
			strstr(text, expected) != NULL;
	}
	return good;
}

static void settings(void)
{
	static const char *const words[] = {"always", "madvise", "never"};
	char text[80], before[16];
	int changed = 1;

	test(block >= 2 * PAGE && !(block & (block - 1)), "hpage_pmd_size");
	test(read_text(SETTING "use_zero_page", text, sizeof(text)) &&
			(text[0] == '0' || text[0] == '1'),
		"use_zero_page");
	test(read_text(SETTING "defrag", text, sizeof(text)) && strchr(text, '['),
		"defrag");
	if (!ours) {
		skip("enabled is written", "it is not our machine");
		return;
	}
	strcpy(before, policy);
	for (int i = 0; i < 3; i++) {
		changed &= write_text(SETTING "enabled", words[i]) > 0;
		find_policy();
		changed &= !strcmp(policy, words[i]);
	}
	test(changed, "enabled is written");
	test(fails(write_text(SETTING "enabled", "sometimes"), EINVAL) &&
			fails(write_text(SETTING "enabled", "\n"), EINVAL),
		"what is no policy");
	test(write_text(SETTING "use_zero_page", "0\n") == 2 &&
			fails(write_text(SETTING "use_zero_page", "1"), EINVAL),
		"what cannot be changed");
	test(defrag_is_written(), "defrag is written");
	write_text(SETTING "enabled", before);
	find_policy();
	test(!strcmp(policy, before), "enabled is as it was");
}

static int told(char *start, size_t size, const char *flag, unsigned long eligible)
{
	int flagged;
	unsigned long is = in_smaps(start, size, "THPeligible", flag, &flagged);

	return flagged && is == eligible;
}

static void given(void)
{
	char *plain = area(2), *none = area(2), *wanted;
	int any = !!strcmp(policy, "never");

	fill(plain, 0, 2 * pages, 1, VALUE);
	test(huge(plain, 2 * block, strcmp(policy, "always") ? 0 : 2),
		"where nothing was said, the policy decides");
	wanted = filled(3);
	test(huge(wanted, 3 * block, 3), "where huge pages are welcome");
	test(in_meminfo() >= (any && ours ? 3 * block : 0), "meminfo counts them");
	test(told(wanted, 3 * block, " hg", any), "smaps: welcome, and eligible");
	test(!madvise(none, 2 * block, MADV_NOHUGEPAGE), "MADV_NOHUGEPAGE");
	fill(none, 0, 2 * pages, 1, VALUE);
	test(huge(none, 2 * block, 0) && told(none, 2 * block, " nh", 0),
		"where they are not");
	test(holds(plain, 0, 2 * pages, 1, VALUE) &&
			holds(none, 0, 2 * pages, 1, VALUE) &&
			holds(wanted, 0, 3 * pages, 1, VALUE),
		"all have what was written");
	forget(wanted, 3);
	test(huge(wanted, 3 * block, 0), "and when they are gone, none");
	wanted = area(1);
	madvise(wanted + PAGE, block - PAGE, MADV_HUGEPAGE);
	madvise(wanted, PAGE, MADV_NOHUGEPAGE);
	fill(wanted, 0, pages, 1, VALUE);
	test(huge(wanted, block, 0), "none where there is no room for a whole one");
	forget(wanted, 1);
	forget(plain, 2);
	forget(none, 2);
}

/* --- a part of one ------------------------------------------------------------------ */

static void unmapping(void)
{
	char *at = filled(3);

	test(!munmap(at + 3 * PAGE, PAGE) && !munmap(at + block, block / 2),
		"munmap of a part");
	test(huge(at, 3 * block, 1), "munmap: one is left");
	test(holds(at, 0, 3, 1, VALUE) && holds(at, 4, pages, 1, VALUE) &&
			holds(at, pages + pages / 2, 3 * pages, 1, VALUE),
		"munmap: the rest is kept");
	munmap(at, 3 * block);
}

static void protecting(void)
{
	char *at = filled(3);

	test(!mprotect(at + PAGE, PAGE, PROT_READ) &&
			!mprotect(at + block, block, PROT_READ),
		"mprotect of a part and of a whole");
	test(huge(at, 3 * block, 2), "mprotect: two are left");
	test(holds(at, 0, 3 * pages, 1, VALUE), "mprotect: all can be read");
	fill(at, 2, pages, 1, 2 * VALUE);
	test(!mprotect(at, 3 * block, RW), "mprotect back");
	fill(at, 0, 2, 1, 2 * VALUE);
	fill(at, pages, 2 * pages, 2, 2 * VALUE);
	test(holds(at, 0, pages, 1, 2 * VALUE) &&
			holds(at, pages, 2 * pages, 2, 2 * VALUE) &&
			holds(at, pages + 1, 3 * pages, 2, VALUE),
		"mprotect: written, and kept");
	forget(at, 3);
}

static int move(char *from, char *to, size_t size)
{
	return mremap(from, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to;
}

static void moving(void)
{
	char *at = filled(3), *to = area(4);

	test(move(at + block, to, block), "mremap to where a block fits");
	test(huge(to, block, 1), "mremap: it is still one");
	test(holds(to - block, pages, 2 * pages, 1, VALUE), "mremap: kept");
	test(move(to, to + 2 * block + PAGE, block), "mremap to where none fits");
	test(huge(to, 4 * block, 0), "mremap: it is none any more");
	test(holds(to + block + PAGE, pages, 2 * pages, 1, VALUE), "mremap: also kept");
	test(move(at + PAGE, to, PAGE) && holds(to - PAGE, 1, 2, 1, VALUE),
		"mremap of one page");
	test(holds(at, 0, 1, 1, VALUE) && holds(at, 2, pages, 1, VALUE) &&
			holds(at, 2 * pages, 3 * pages, 1, VALUE),
		"mremap: the rest is kept");
	munmap(at, 3 * block);
	munmap(to, 4 * block);
}

static void discarding(void)
{
	char *at = filled(2);

	test(!madvise(at + 2 * PAGE, 3 * PAGE, MADV_DONTNEED), "MADV_DONTNEED of a part");
	test(is_zero(at, 2, 5) && holds(at, 0, 2, 1, VALUE) &&
			holds(at, 5, 2 * pages, 1, VALUE),
		"MADV_DONTNEED: zeros there, the rest is kept");
	test(huge(at, 2 * block, 1), "MADV_DONTNEED: one is left");
	test(!madvise(at + block, block, MADV_DONTNEED) && is_zero(at, pages, 2 * pages),
		"MADV_DONTNEED of a whole");
	fill(at, 0, 2 * pages, 1, VALUE);
	test(holds(at, 0, 2 * pages, 1, VALUE), "MADV_DONTNEED: written again");
	forget(at, 2);
}

/* Each page as it was, or zeros. */
static int holds_or_lost(char *start, unsigned long from, unsigned long to)
{
	for (unsigned long i = from; i < to; i++)
		if (word(start, i)[0] && word(start, i)[0] != VALUE + i)
			return 0;
	return 1;
}

static void giving_up(void)
{
	char *at = filled(2);

	test(!madvise(at, block + PAGE, MADV_FREE), "MADV_FREE");
	test(holds_or_lost(at, 0, pages + 1) && holds(at, pages + 1, 2 * pages, 1, VALUE),
		"MADV_FREE: as it was, or zeros");
	fill(at, 0, 2 * pages, 2, 2 * VALUE);
	madvise(at, 2 * block, MADV_PAGEOUT);
	test(holds(at, 0, 2 * pages, 2, 2 * VALUE), "MADV_FREE: what is written stays");
	forget(at, 2);
}

/* --- several processes and threads -------------------------------------------------- */

static void forking(void)
{
	char *at = filled(2);
	int status;
	pid_t child;

	child = fork();
	if (!child) {
		int good = holds(at, 0, 2 * pages, 2, VALUE);

		fill(at, 0, 2 * pages, 2, 2 * VALUE);
		good &= holds(at, 1, 2 * pages, 2, VALUE);
		_exit(!(good && holds(at, 0, 2 * pages, 2, 2 * VALUE)));
	}
	fill(at, 1, 2 * pages, 4, 3 * VALUE);
	test(waitpid(child, &status, 0) == child && status == 0,
		"fork: the child has its own");
	test(holds(at, 1, 2 * pages, 4, 3 * VALUE) && holds(at, 3, 2 * pages, 4, VALUE) &&
			holds(at, 0, 2 * pages, 2, VALUE),
		"fork: and the parent");
	child = fork();
	if (!child)
		_exit(munmap(at + PAGE, block) || !holds(at, 0, 1, 1, VALUE));
	test(waitpid(child, &status, 0) == child && status == 0 &&
			holds(at, 0, 2 * pages, 2, VALUE),
		"fork: a child unmaps a part");
	forget(at, 2);
}

static pthread_barrier_t all;
static char *shared;

/* Every fourth page is ours. */
static void *touch(void *arg)
{
	unsigned long mine = (unsigned long)arg;

	for (int round = 0; round < rounds(ROUNDS); round++) {
		pthread_barrier_wait(&all); /* it is mapped anew */
		fill(shared, mine, pages, THREADS, VALUE * round);
		pthread_barrier_wait(&all); /* and looked at */
	}
	return NULL;
}

static int round_is_good(int round, int *whole)
{
	if (mmap(shared, block, RW, OWN | MAP_FIXED, -1, 0) != shared ||
		madvise(shared, block, MADV_HUGEPAGE))
		return 0;
	pthread_barrier_wait(&all);
	pthread_barrier_wait(&all);
	*whole &= round % 20 || huge(shared, block, 1);
	return holds(shared, 0, pages, 1, VALUE * round);
}

static void threads(void)
{
	pthread_t thread[THREADS];
	int good = 1, whole = 1;

	shared = area(1);
	pthread_barrier_init(&all, NULL, THREADS + 1);
	for (unsigned long i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, touch, (void *)i))
			give_up("pthread_create");
	for (int round = 0; round < rounds(ROUNDS); round++)
		good &= round_is_good(round, &whole);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	test(good, "threads touch the same block at once: nothing is lost");
	test(whole, "threads: and it is one");
	forget(shared, 1);
}

/* --- who holds a part of one, and splitting ----------------------------------------- */

/* The pipe has two pages of a block. */
static void into_pipe(char *at, int ends[2])
{
	struct iovec part = {at + 3 * PAGE, 2 * PAGE};

	if (pipe(ends) || vmsplice(ends[1], &part, 1, 0) != (ssize_t)(2 * PAGE))
		give_up("vmsplice");
}

static int from_pipe(const char *expected, int ends[2])
{
	static char got[2 * PAGE];
	size_t done = 0;
	ssize_t some = 1;

	while (done < sizeof(got) && some > 0) {
		some = read(ends[0], got + done, sizeof(got) - done);
		done += some > 0 ? some : 0;
	}
	close(ends[0]);
	close(ends[1]);
	if (done == sizeof(got) && !memcmp(got, expected, sizeof(got)))
		return 1;
	printf("# %zu bytes from the pipe, the first %lx, expected %lx\n", done,
		*(uint64_t *)got, *(const uint64_t *)expected);
	return 0;
}

static void holding(void)
{
	char *at = filled(2), *copy = area(1);
	struct iovec from = {at + block / 2, block}, to = {copy, block};
	int ends[2];

	test(process_vm_readv(getpid(), &to, 1, &from, 1, 0) == (ssize_t)block &&
			holds(copy - block / 2, pages / 2, pages + pages / 2, 1, VALUE),
		"process_vm_readv over a border");
	fill(copy, 0, pages, 1, 2 * VALUE);
	to.iov_base = at;
	from.iov_base = copy;
	test(process_vm_writev(getpid(), &from, 1, &to, 1, 0) == (ssize_t)block &&
			holds(at, 0, pages, 1, 2 * VALUE),
		"process_vm_writev");
	memcpy(copy, at + 3 * PAGE, 2 * PAGE);
	into_pipe(at, ends);
	test(!munmap(at, block / 2), "what a pipe has is unmapped");
	test(from_pipe(copy, ends) && holds(at, pages / 2, pages, 1, 2 * VALUE),
		"and is in the pipe all the same");
	munmap(at, 2 * block);
	forget(copy, 1);
}

static int split(char *start, char *end, const char *more)
{
	char text[80];

	snprintf(text, sizeof(text), "%d,0x%lx,0x%lx%s", getpid(), (unsigned long)start,
		(unsigned long)end, more);
	return write_text(SPLIT, text) > 0;
}

static void splitting(void)
{
	char *at, *copy;
	int ends[2];

	if (access(SPLIT, W_OK)) {
		skip("split_huge_pages", "there is none, or not for us");
		return;
	}
	at = filled(3);
	copy = area(1);
	test(split(at + block + PAGE, at + block + 2 * PAGE, ""), "split_huge_pages");
	test(huge(at, 3 * block, 2), "split: one is none any more");
	test(holds(at, 0, 3 * pages, 1, VALUE), "split: kept");
	test(!munmap(at + block + PAGE, PAGE) && holds(at, pages, pages + 1, 1, VALUE) &&
			holds(at, pages + 2, 3 * pages, 1, VALUE),
		"split: a page of it goes");
	memcpy(copy, at + 3 * PAGE, 2 * PAGE);
	into_pipe(at, ends);
	test(split(at, at + 3 * block, ""), "split what a pipe has");
	fill(at, 0, 3, 1, 2 * VALUE);
	test(from_pipe(copy, ends) && holds(at, 0, 3, 1, 2 * VALUE) &&
			holds(at, 3, pages, 1, VALUE),
		"split: the pipe keeps it, and so does the memory");
	test(split(at, at + block, ",0") && holds(at, 3, pages, 1, VALUE) &&
			huge(at, 3 * block, 0),
		"split again, into single pages");
	test(fails(write_text(SPLIT, "one,two,three"), EINVAL) &&
			fails(write_text(SPLIT, "1,0x1000"), EINVAL),
		"split: what is no range");
	test(fails(write_text(SPLIT, "999999999,0x1000,0x2000"), ESRCH),
		"split: no such process");
	munmap(at, 3 * block);
	forget(copy, 1);
}

/* It is asked for whatever the policy is. */
static void collapsing(void)
{
	char *at = filled(2), *copy = area(1);
	int ends[2];

	mprotect(at + PAGE, PAGE, PROT_READ);
	mprotect(at + PAGE, PAGE, RW);
	madvise(at + 2 * PAGE, PAGE, MADV_DONTNEED);
	if (madvise(at, 2 * block, MADV_COLLAPSE) && !ours) {
		skip("MADV_COLLAPSE", strerror(errno));
		return;
	}
	test(!strcmp(policy, "never") || huge(at, 2 * block, 2), "MADV_COLLAPSE");
	test(is_zero(at, 2, 3) && holds(at, 0, 2, 1, VALUE) &&
			holds(at, 3, 2 * pages, 1, VALUE),
		"collapse: kept");
	munmap(at + PAGE, PAGE);
	memcpy(copy, at + 3 * PAGE, 2 * PAGE);
	into_pipe(at, ends);
	test(mmap(at + PAGE, PAGE, RW, OWN | MAP_FIXED, -1, 0) == at + PAGE,
		"collapse: a hole is filled");
	(void)madvise(at, block, MADV_COLLAPSE);
	test(from_pipe(copy, ends) && holds(at, 3, 2 * pages, 1, VALUE),
		"collapse: nothing is lost of what a pipe has");
	forget(at, 2);
	forget(copy, 1);
}

/* --- in the background -------------------------------------------------------------- */

#define NEVER 4000000000UL /* ms */

/* khugepaged waits so long between two rounds. On our machine it stands still but for
 * what follows, so that all others know how many blocks there are. */
static unsigned long wait_between(unsigned long ms)
{
	unsigned long before = read_number(SCANS "scan_sleep_millisecs");

	if (ours && write_number(SCANS "scan_sleep_millisecs", ms) < 0)
		give_up("scan_sleep_millisecs");
	return before;
}

/* Until it has looked at everything, and has begun with that after now. */
static void await_scan(void)
{
	unsigned long before = read_number(SCANS "full_scans");

	(void)wait_between(1);
	while (read_number(SCANS "full_scans") - before < 2)
		usleep(1000);
	(void)wait_between(NEVER);
}

static void scan_settings(void)
{
	static const struct {
		const char *path;
		unsigned long least, most;
	} numbers[] = {
		{SCANS "defrag", 0, 1},
		{SCANS "max_ptes_none", 0, 0},
		{SCANS "max_ptes_shared", 0, 0},
		{SCANS "max_ptes_swap", 0, 0},
		{SCANS "pages_to_scan", 1, UINT32_MAX},
		{SCANS "scan_sleep_millisecs", 0, UINT32_MAX},
		{SCANS "alloc_sleep_millisecs", 0, UINT32_MAX},
	};
	int readable = read_number(SCANS "pages_collapsed") != ~0UL &&
		       read_number(SCANS "full_scans") != ~0UL;
	int refused = 1, same = 1;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		const char *path = numbers[i].path;
		unsigned long most = numbers[i].most ? numbers[i].most : pages - 1;
		unsigned long value = read_number(path);

		readable &= value >= numbers[i].least && value <= most;
		refused &=
			fails(write_number(path, most + 1), EINVAL) &&
			fails(write_text(path, "many"), EINVAL) &&
			fails(write_text(path, "-1"), EINVAL) &&
			(!numbers[i].least ||
				fails(write_number(path, numbers[i].least - 1), EINVAL));
		same &= write_number(path, value) > 0 && read_number(path) == value;
	}
	test(readable, "khugepaged: settings");
	if (access(SCANS "defrag", W_OK)) {
		skip("khugepaged: settings are written", "they are not for us");
		return;
	}
	test(refused, "khugepaged: what no setting can be");
	test(same, "khugepaged: settings are as they were");
}

/* Two blocks of pages, of which the second has but a half. */
static char *single_pages(void)
{
	char *at = area(2);

	madvise(at, 2 * block, MADV_NOHUGEPAGE);
	fill(at, 0, pages + pages / 2, 1, VALUE);
	madvise(at, 2 * block, MADV_HUGEPAGE);
	return at;
}

static int is_as_filled(char *at)
{
	return holds(at, 0, pages + pages / 2, 1, VALUE) &&
	       is_zero(at, pages + pages / 2, 2 * pages);
}

static void background(void)
{
	unsigned long done = read_number(SCANS "pages_collapsed");
	char *at = single_pages(), *copy = area(1);
	int ends[2];

	write_number(SCANS "max_ptes_none", pages / 2 - 1);
	await_scan();
	test(huge(at, 2 * block, 1), "khugepaged: not where too much is missing");
	write_number(SCANS "max_ptes_none", pages / 2);
	await_scan();
	test(huge(at, 2 * block, 2), "khugepaged: where not too much is missing");
	write_number(SCANS "max_ptes_none", pages - 1);
	test(is_as_filled(at), "khugepaged: kept");
	test(read_number(SCANS "pages_collapsed") - done >= 2, "pages_collapsed");
	forget(at, 2);
	at = single_pages();
	memcpy(copy, at + 3 * PAGE, 2 * PAGE);
	into_pipe(at, ends);
	await_scan();
	test(huge(at, 2 * block, 1), "khugepaged: not what a pipe has");
	test(from_pipe(copy, ends) && is_as_filled(at), "khugepaged: which is kept");
	madvise(at, block, MADV_NOHUGEPAGE);
	await_scan();
	test(huge(at, 2 * block, 1), "khugepaged: not where blocks are not welcome");
	forget(at, 2);
	forget(copy, 1);
}

/* What a process may do while its pages become blocks, and blocks go again. */
static int is_busy(void)
{
	int good = 1;

	for (int round = 0; round < rounds(ROUNDS / 4); round++) {
		char *at = single_pages();

		fill(at, 1, pages, 7, VALUE);
		madvise(at + (round % 8 + 1) * PAGE, PAGE, MADV_DONTNEED);
		mprotect(at, block, PROT_READ);
		mprotect(at, 2 * block, RW);
		munmap(at, PAGE);
		good &= holds(at, 10, pages + pages / 2, 1, VALUE);
		munmap(at, 2 * block);
	}
	return good;
}

/* Also with memory that is just being looked at, processes end. */
static void busy(void)
{
	pid_t child[4];
	int status, good = 1;

	wait_between(0);
	for (int i = 0; i < 4; i++) {
		child[i] = fork();
		if (!child[i])
			_exit(!is_busy());
	}
	for (int i = 0; i < 4; i++)
		good &= waitpid(child[i], &status, 0) == child[i] && status == 0;
	test(good, "khugepaged beside all that processes do");
	wait_between(NEVER);
}

int main(void)
{
	unsigned long between;
	char text[32];

	ours = !access("/proc/policies", R_OK);
	find_policy();
	if (!policy[0] || !read_text(SETTING "hpage_pmd_size", text, sizeof(text))) {
		printf("%sok 1 - huge pages%s\n1..1\n", ours ? "not " : "",
			ours ? "" : " # SKIP this Linux has none");
		return ours;
	}
	block = strtoul(text, NULL, 10);
	pages = block / PAGE;
	between = wait_between(NEVER);
	PART(settings());
	PART(given());
	PART(unmapping());
	PART(protecting());
	PART(moving());
	PART(discarding());
	PART(giving_up());
	PART(forking());
	PART(threads());
	PART(holding());
	PART(splitting());
	PART(collapsing());
	PART(scan_settings());
	if (!ours || !strcmp(policy, "never")) {
		skip("khugepaged", ours ? "it is off" : "it is not our machine");
	} else {
		background();
		busy();
	}
	wait_between(between);
	printf("1..%d\n", count);
	return failures > 0;
}
