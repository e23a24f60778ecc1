/*
 * tests/linux/lazy.c - memory that is given up (MADV_FREE) and pages that are taken back
 * (MADV_PAGEOUT), as programs see it: until a page is written again it has its old
 * contents or zeros, and what is written after the call is never lost, whoever writes it.
 */
#include "tests/linux/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE   4096UL
#define PAGES  96UL
#define SIZE   (PAGES * PAGE)
#define WORDS  (PAGE / sizeof(uint64_t))
#define ROUNDS 300

static void *map(int flags, int fd)
{
	void *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (memory == MAP_FAILED) {
		printf("Bail out! no memory\n");
		exit(1);
	}
	return memory;
}

static uint64_t *map_own(void)
{
	return map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static void fill(uint64_t *pages, uint64_t value)
{
	for (unsigned long i = 0; i < PAGES; i++)
		pages[i * WORDS] = pages[i * WORDS + WORDS - 1] = value + i;
}

static int holds(const uint64_t *pages, uint64_t value)
{
	for (unsigned long i = 0; i < PAGES; i++)
		if (pages[i * WORDS] != value + i ||
			pages[i * WORDS + WORDS - 1] != value + i)
			return 0;
	return 1;
}

static int is_or_lost(const uint64_t *word, uint64_t expected)
{
	uint64_t value = __atomic_load_n(word, __ATOMIC_RELAXED);

	return value == expected || !value;
}

/* Each page as it was, or zeros; it may be taken between two looks. */
static int holds_or_lost(const uint64_t *pages, uint64_t value)
{
	for (unsigned long i = 0; i < PAGES; i++)
		if (!is_or_lost(&pages[i * WORDS], value + i) ||
			!is_or_lost(&pages[i * WORDS + WORDS - 1], value + i))
			return 0;
	return 1;
}

static int give_up(void *pages)
{
	return madvise(pages, SIZE, MADV_FREE);
}

static int page_out(void *pages)
{
	return madvise(pages, SIZE, MADV_PAGEOUT);
}

static int refused(int result, int error)
{
	return result == -1 && errno == error;
}

/* --- by one thread --- */

static void test_alone(void)
{
	uint64_t *pages = map_own();

	fill(pages, 1000);
	test(!give_up(pages) && holds_or_lost(pages, 1000),
		"what is given up has its old contents, or zeros");
	test(!page_out(pages) && holds_or_lost(pages, 1000),
		"the same after it may have been taken");
	fill(pages, 2000);
	test(!page_out(pages) && holds(pages, 2000), "what is written again stays");
	give_up(pages);
	mprotect(pages, SIZE, PROT_READ);
	mprotect(pages, SIZE, PROT_READ | PROT_WRITE);
	fill(pages, 3000);
	test(!page_out(pages) && holds(pages, 3000), "also when rights came back before");
	munmap(pages, SIZE);
}

static void test_errors(void)
{
	int file = memfd_create("lazy", 0);
	uint64_t *shared = map(MAP_SHARED | MAP_ANONYMOUS, -1), *own = map_own();
	uint64_t *private;

	if (ftruncate(file, SIZE))
		printf("Bail out! ftruncate\n");
	private = map(MAP_PRIVATE, file);
	fill(shared, 1);
	fill(private, 1);
	test(refused(give_up(shared), EINVAL) && refused(give_up(private), EINVAL),
		"shared memory and files are not given up (EINVAL)");
	test(!page_out(shared) && !page_out(private) && holds(shared, 1) &&
			holds(private, 1),
		"and lose nothing by MADV_PAGEOUT");
	munmap((char *)own + SIZE - PAGE, PAGE);
	test(refused(give_up(own), ENOMEM) && refused(page_out(own), ENOMEM),
		"a hole is ENOMEM");
	test(refused(madvise((char *)own + 1, PAGE, MADV_FREE), EINVAL),
		"an address within a page is EINVAL");
	munmap(own, SIZE - PAGE);
	munmap(shared, SIZE);
	munmap(private, SIZE);
	close(file);
}

/* --- by others --- */

static int stop; /* atomic */

static void *take_always(void *pages)
{
	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST))
		page_out(pages);
	return NULL;
}

/* One thread gives up and writes, the other takes away, all the time. */
static void test_threads(void)
{
	uint64_t *pages = map_own();
	pthread_t taker;
	int good = 1;

	pthread_create(&taker, NULL, take_always, pages);
	for (uint64_t round = 1; good && round <= (uint64_t)rounds(ROUNDS); round++) {
		fill(pages, round * 1000);
		good = !give_up(pages) && holds_or_lost(pages, round * 1000);
		fill(pages, round * 2000);
		good = good && holds(pages, round * 2000);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	pthread_join(taker, NULL);
	test(good, "while another thread takes pages away all the time");
	munmap(pages, SIZE);
}

static int in_child(int (*act)(uint64_t *pages), uint64_t *pages)
{
	int status = -1;
	pid_t child = fork();

	if (!child)
		_exit(act(pages));
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return status;
}

static int use_copy(uint64_t *pages)
{
	if (!holds_or_lost(pages, 1000))
		return 1;
	fill(pages, 2000);
	page_out(pages);
	return !holds(pages, 2000);
}

static void test_fork(void)
{
	uint64_t *pages = map_own();

	fill(pages, 1000);
	give_up(pages);
	test(!in_child(use_copy, pages), "a child has it as its parent, and its own");
	page_out(pages);
	test(holds_or_lost(pages, 1000),
		"what a child has written the parent never sees");
	fill(pages, 3000);
	page_out(pages);
	test(holds(pages, 3000), "what the parent writes afterwards stays");
	munmap(pages, SIZE);
}

static uint64_t source[PAGES * WORDS];

static int write_to_parent(uint64_t *pages)
{
	struct iovec from = {source, SIZE}, to = {pages, SIZE};

	return process_vm_writev(getppid(), &from, 1, &to, 1, 0) != (ssize_t)SIZE;
}

static void test_peer(void)
{
	uint64_t *pages = map_own();

	fill(source, 5000);
	fill(pages, 1000);
	give_up(pages);
	test(!in_child(write_to_parent, pages), "another process writes there");
	page_out(pages);
	test(holds(pages, 5000), "and that stays");
	munmap(pages, SIZE);
}

static void test_pipe(void)
{
	uint64_t *pages = map_own();
	int ends[2], good = !pipe(ends);

	fill(source, 6000);
	fill(pages, 1000);
	give_up(pages);
	for (unsigned long i = 0; i < PAGES; i++) {
		good = good && write(ends[1], &source[i * WORDS], PAGE) == (ssize_t)PAGE;
		good = good && read(ends[0], &pages[i * WORDS], PAGE) == (ssize_t)PAGE;
	}
	page_out(pages);
	test(good && holds(pages, 6000), "what a system call stores there stays");
	close(ends[0]);
	close(ends[1]);
	munmap(pages, SIZE);
}

/* --- files --- */

static void test_file(const char *path)
{
	int file = open(path, O_RDONLY);
	char *pages = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	static char now[SIZE];
	int good = pages != MAP_FAILED && read(file, now, SIZE) == (ssize_t)SIZE;

	good = good && !memcmp(pages, now, SIZE) && !page_out(pages);
	test(good && !memcmp(pages, now, SIZE), "a file's pages come again");
	if (good) {
		pages[PAGE] = now[PAGE] = 'x';
		page_out(pages);
	}
	test(good && !memcmp(pages, now, SIZE),
		"but not over what was written privately");
	close(file);
}

int main(int argc, char **argv)
{
	(void)argc;
	PART(test_alone());
	PART(test_errors());
	PART(test_threads());
	PART(test_fork());
	PART(test_peer());
	PART(test_pipe());
	PART(test_file(access(argv[0], R_OK) ? "/bin/lazy" : argv[0]));
	printf("1..%d\n", count);
	return failures != 0;
}
