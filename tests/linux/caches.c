/*
 * tests/linux/caches.c - /proc/sys/vm/drop_caches: what is a file's goes, and comes again
 * when it is touched; what is a program's, and has no copy, stays. Not tried on a Linux
 * that others use, too.
 */
#include "tests/linux/tap.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE   4096UL
#define PAGES  64UL
#define SIZE   (PAGES * PAGE)
#define ROUNDS 50
#define NAME   "/proc/sys/vm/drop_caches"

static int control;

static int drop(const char *how)
{
	return write(control, how, strlen(how));
}

static unsigned long resident(void *memory)
{
	unsigned char page[PAGES];
	unsigned long sum = 0;

	if (mincore(memory, SIZE, page))
		return ~0UL;
	for (unsigned long i = 0; i < PAGES; i++)
		sum += page[i] & 1;
	return sum;
}

static uint64_t sum_of(const void *memory)
{
	uint64_t sum = 0;

	for (const uint64_t *word = memory; (char *)word < (char *)memory + SIZE; word++)
		sum = sum * 31 + *word;
	return sum;
}

/* Pages of the program's own file, which it maps once more. */
static char *map_file(void)
{
	int file = open("/proc/self/exe", O_RDONLY);
	char *memory = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE, file, 0);

	close(file);
	if (memory == MAP_FAILED) {
		printf("Bail out! no mapping\n");
		exit(1);
	}
	return memory;
}

static void test_file(void)
{
	char *memory = map_file();
	uint64_t sum = sum_of(memory);

	test(resident(memory) == PAGES, "a file's pages are mapped");
	test(drop("1") == 1 && !resident(memory), "they go");
	test(sum_of(memory) == sum && resident(memory) == PAGES,
		"and come again as they were");
	test(drop("3\n") == 2 && !resident(memory), "also by what Linux calls 3");
	test(sum_of(memory) == sum && drop("2\n") == 2 && resident(memory) == PAGES,
		"2 is about other things");
	munmap(memory, SIZE);
}

static void test_own(void)
{
	int file = memfd_create("caches", 0);
	char *own = mmap(
		NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *shared, *copied;
	uint64_t sum;

	if (ftruncate(file, SIZE))
		printf("# ftruncate\n");
	shared = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	copied = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	memset(own, 1, SIZE);
	memset(shared, 2, SIZE);
	memset(copied, 3, SIZE);
	sum = sum_of(own) + sum_of(shared) + sum_of(copied);
	test(drop("1") == 1 && resident(own) == PAGES && resident(shared) == PAGES &&
			resident(copied) == PAGES,
		"memory of a program's own stays, and files of memory");
	test(sum_of(own) + sum_of(shared) + sum_of(copied) == sum, "as it was");
	munmap(own, SIZE);
	munmap(shared, SIZE);
	munmap(copied, SIZE);
	close(file);
}

static int stop; /* atomic */

static void *drop_always(void *unused)
{
	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST))
		drop("1");
	return NULL;
}

/* Also the code that the two threads run goes, all the time. */
static void test_threads(void)
{
	char *memory = map_file();
	uint64_t sum = sum_of(memory);
	pthread_t dropper;
	int good = 1;

	pthread_create(&dropper, NULL, drop_always, NULL);
	for (int i = 0; good && i < rounds(ROUNDS); i++)
		good = sum_of(memory) == sum;
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	pthread_join(dropper, NULL);
	test(good, "who reads while pages go reads what the file has");
	munmap(memory, SIZE);
}

static void test_errors(void)
{
	static const char *const wrong[] = {"0", "4", "11", "1 2", "x", "-1", "\n"};
	struct stat stat;
	int good = 1;

	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		good &= fails(drop(wrong[i]), EINVAL);
	test(good, "other words are EINVAL");
	test(fails(read(control, &good, 1), EBADF), "it cannot be read");
	test(!fstat(control, &stat) && (stat.st_mode & 0777) == 0200,
		"and its mode says so");
	test(fails(open("/proc/sys/vm/nothing", O_WRONLY), ENOENT), "no other is there");
}

int main(void)
{
	control = open(NAME, O_WRONLY);
	test(control >= 0, NAME " is there");
	test_file();
	test_own();
	test_threads();
	test_errors();
	printf("1..%d\n", count);
	return failures > 0;
}
