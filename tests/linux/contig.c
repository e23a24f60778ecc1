/*
 * tests/linux/contig.c - memory in one piece, mapped by leaves as large as fit, as
 * programs see it: whatever is done to a part of it, the rest keeps its contents.
 *
 * The argument tells how many pages one touch is to map at once: as the machine can.
 * Without the boot option `contig=` there is a device without pages.
 */
#include "tests/linux/tap.h"
#include "kernel/task/contig.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE   4096UL
#define RW     (PROT_READ | PROT_WRITE)
#define ROUNDS 100

static int device;
static unsigned long pages; /* of the device */

static void give_up(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static char *map(unsigned long first, unsigned long count, int prot)
{
	char *at = mmap(NULL, count * PAGE, prot, MAP_SHARED, device, first * PAGE);

	if (at == MAP_FAILED)
		give_up("mmap");
	return at;
}

/* In pages: the 24th field of stat. The name has no blanks. */
static unsigned long resident(void)
{
	unsigned long value = 0;
	FILE *file = fopen("/proc/self/stat", "r");

	if (!file || fscanf(file, "%*s %*s %*s") < 0)
		give_up("/proc/self/stat");
	for (int field = 4; field <= 24; field++)
		if (fscanf(file, "%lu", &value) != 1 && fscanf(file, "%*s") < 0)
			give_up("/proc/self/stat");
	fclose(file);
	return value;
}

/* How a child ends that reads or writes there: 0, or the signal. */
static int touch_ends(char *at, int write)
{
	int status = -1;
	pid_t child = fork();

	if (!child) {
		if (write)
			*(volatile char *)at = 1;
		else
			(void)*(volatile char *)at;
		_exit(0);
	}
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

/* Some pages, everywhere: the first word of each is its number. */
#define STRIDE 1021

static void fill(char *at)
{
	for (unsigned long i = 0; i < pages; i += STRIDE)
		*(uint64_t *)(at + i * PAGE) = i;
}

static int is_filled(const char *at, unsigned long from, unsigned long to)
{
	for (unsigned long i = 0; i < pages; i += STRIDE)
		if ((i < from || i >= to) && *(const uint64_t *)(at + i * PAGE) != i)
			return 0;
	return 1;
}

static void test_device(void)
{
	struct stat info;

	test(!fstat(device, &info) && S_ISCHR(info.st_mode), "a character device");
	test(fails(ioctl(device, 1), ENOTTY), "no other request");
	test(fails((long)mmap(NULL, PAGE, RW, MAP_PRIVATE, device, 0), EINVAL),
		"no private mapping");
	test(touch_ends(map(pages, 1, RW), 0) == SIGBUS, "beyond its end: a bus error");
}

static void test_leaves(unsigned long expected)
{
	char *at = map(0, pages, RW), *odd;
	unsigned long before, more;

	(void)resident(); /* the C library has its buffers */
	before = resident();
	at[5 * PAGE] = 1;
	more = resident() - before;
	printf("# one touch maps %lu pages\n", more);
	test(!expected || more == expected, "one entry maps so much");
	at[5 * PAGE] = 0;
	fill(at);
	test(is_filled(at, 0, 0), "all of it can be written");
	odd = map(STRIDE, pages - STRIDE, PROT_READ);
	test(*(uint64_t *)odd == STRIDE, "and is seen from elsewhere, page by page");
	munmap(odd, (pages - STRIDE) * PAGE);
	munmap(at, pages * PAGE);
	test(resident() <= before + 8, "nothing is left of it");
	at = map(0, pages, PROT_READ);
	test(is_filled(at, 0, 0) && touch_ends(at, 1) == SIGSEGV,
		"it keeps its contents; reading does not allow writing");
	munmap(at, pages * PAGE);
}

static void test_parts(void)
{
	char *at = map(0, pages, RW), *moved;
	unsigned long cut = 2 * STRIDE;

	fill(at);
	munmap(at + cut * PAGE, PAGE);
	test(touch_ends(at + cut * PAGE, 0) == SIGSEGV && is_filled(at, cut, cut + 1),
		"a page is unmapped in the middle");
	mprotect(at + 3 * STRIDE * PAGE, PAGE, PROT_READ);
	test(touch_ends(at + 3 * STRIDE * PAGE, 1) == SIGSEGV &&
			!touch_ends(at + 3 * STRIDE * PAGE, 0) &&
			!touch_ends(at + 3 * STRIDE * PAGE + PAGE, 1),
		"another is protected");
	mprotect(at + 3 * STRIDE * PAGE, PAGE, RW);
	*(uint64_t *)(at + 3 * STRIDE * PAGE) = 3 * STRIDE;
	test(fails(madvise(at, PAGE, MADV_DONTNEED), EINVAL), "nothing to discard");
	moved = mremap(at + 4 * STRIDE * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		at + cut * PAGE);
	test(moved == at + cut * PAGE && *(uint64_t *)moved == 4 * STRIDE &&
			touch_ends(at + 4 * STRIDE * PAGE, 0) == SIGSEGV,
		"a page moves");
	munmap(at, pages * PAGE);
}

static void test_shared(void)
{
	char *at = map(0, pages, RW), word[8];
	struct iovec to = {word, 8}, from = {at, 8};
	int status = -1;
	pid_t child;

	fill(at);
	child = fork();
	if (!child) {
		if (!is_filled(at, 0, 0))
			_exit(1);
		at[PAGE] = 3;
		_exit(0);
	}
	test(waitpid(child, &status, 0) == child && !status && at[PAGE] == 3,
		"a child has the same memory");
	test(fails(process_vm_readv(getpid(), &to, 1, &from, 1, 0), EFAULT),
		"nobody else holds it");
	munmap(at, pages * PAGE);
}

/* Which of the first 64 pages were written, since it was last asked. */
static uint64_t recorded(void)
{
	unsigned int words[2] = {~0u, ~0u};
	struct contig_record wish = {0, 64, words};

	if (ioctl(device, CONTIG_RECORD, &wish))
		give_up("CONTIG_RECORD");
	return words[0] | (uint64_t)words[1] << 32;
}

static void test_tracked(void)
{
	struct contig_record wish = {1, 32, NULL}, nowhere = {0, 64, NULL};
	char *at = map(0, pages, RW);

	at[3 * PAGE] = 1;
	test(!recorded(), "nothing is recorded of what is not tracked");
	test(!ioctl(device, CONTIG_TRACK, 1) && !recorded(), "nothing was written yet");
	at[3 * PAGE] = 2;
	at[40 * PAGE] = 2;
	*(volatile char *)at; /* leaves no trace */
	test(recorded() == (1ULL << 3 | 1ULL << 40),
		"what was written is recorded, page by page");
	test(!recorded(), "once");
	at[3 * PAGE] = 3;
	at[3 * PAGE] = 4;
	test(fails(ioctl(device, CONTIG_RECORD, &nowhere), EFAULT),
		"nowhere to write it");
	test(recorded() == 1ULL << 3 && at[3 * PAGE] == 4,
		"and again, when it is written again");
	test(fails(ioctl(device, CONTIG_RECORD, &wish), EINVAL), "multiples of 32");
	wish.first = pages;
	test(fails(ioctl(device, CONTIG_RECORD, &wish), EINVAL), "within the device");
	test(fails(ioctl(device, CONTIG_RECORD, 8), EFAULT), "a request that is nowhere");
	test(!ioctl(device, CONTIG_TRACK, 0), "no more");
	at[3 * PAGE] = 0;
	test(!recorded(), "of what is written from now on nothing is known");
	munmap(at, pages * PAGE);
}

static char *shown;
static int stop;

/* Over and over; what a part is mapped by changes meanwhile. */
static void *look(void *wrong)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		if (!is_filled(shown, 0, 0))
			__atomic_store_n((int *)wrong, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void test_storm(void)
{
	pthread_t threads[2];
	int wrong = 0, done = 1;

	shown = map(0, pages, RW);
	fill(shown);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, look, &wrong);
	for (int i = 0; i < rounds(ROUNDS); i++) {
		done &= !mprotect(shown, PAGE, i & 1 ? RW : PROT_READ);
		done &= mmap(shown + PAGE, PAGE, RW, MAP_SHARED | MAP_FIXED, device,
				PAGE) == shown + PAGE;
		done &= shown[PAGE] == 3;
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	test(done && !wrong, "threads use it while leaves are cut and come back");
	munmap(shown, pages * PAGE);
}

int main(int argc, char **argv)
{
	device = open("/dev/contig", O_RDWR);
	if (device < 0)
		give_up("open /dev/contig");
	pages = ioctl(device, CONTIG_PAGES);
	test_device();
	if (pages) {
		test_leaves(argc > 1 ? strtoul(argv[1], NULL, 0) : 0);
		test_parts();
		test_shared();
		test_tracked();
		test_storm();
	}
	printf("1..%d\n", count);
	return failures != 0;
}
