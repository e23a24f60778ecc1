/*
 * tests/linux/srv.c - files whose pages come from servers: honest ones (the ramdisk's
 * `pager` and `store`), ones that lie, hang, die or ask themselves, and ones that are
 * killed at any moment.
 *
 *     srv [ROUNDS [SEED]]      so many rounds of killing at the end
 */
#include "tests/linux/servers.h"
#include "tests/linux/tap.h"
#include "kernel/ipc/pager.h"
#include "kernel/task/dma.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE  4096UL
#define PAGES 8UL
#define SELF  99 /* a request of ours: read the file whose handle comes */

static int is(long got, long expected, const char *name)
{
	if (got != expected)
		printf("# got %ld, expected %ld\n", got, expected);
	return test(got == expected, name);
}

/* How it ends that fn(arg) runs in a child: as waitpid() tells. */
static int in_child(void (*fn)(void *), void *arg)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		fn(arg);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return status;
}

static void kill_and_wait(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* --- a server of our own: what a file is called is what goes wrong with it -----------
 */

enum mode {
	GOOD,
	SHORT,
	OTHER_PAGE,
	OTHER_FILE,
	FAILS,
	STRANGE, /* an error number that is none */
	HANGS,
	DIES,
	HUGE, /* lookup: a size that no file has */
	MODES,
};

static const char *const modes[MODES] = {"good", "short", "other_page", "other_file",
	"fails", "strange", "hangs", "dies", "huge"};

static char *kept; /* shared: what was written back of "good" */
static char bytes[PAGE] __attribute__((aligned(4096)));

static long lookup(unsigned long word[4], long size)
{
	for (int mode = 0; mode < MODES; mode++) {
		if ((long)strlen(modes[mode]) != size || memcmp(modes[mode], bytes, size))
			continue;
		word[1] = mode;
		word[2] = mode == HUGE ? ~0UL : PAGES * PAGE;
		return 0;
	}
	return -ENOENT;
}

static long page_in(unsigned long word[4], struct native_long *more)
{
	memcpy(bytes, kept + word[2] % PAGES * PAGE, PAGE);
	more->send = (unsigned long)bytes;
	more->send_size = word[1] == SHORT ? PAGE - 1 : PAGE;
	if (word[1] == HANGS)
		pause();
	if (word[1] == DIES)
		_exit(0);
	if (word[1] == FAILS)
		return -ENOSPC;
	word[2] += word[1] == OTHER_PAGE;
	if (word[1] == STRANGE)
		return 12345;
	word[1] += word[1] == OTHER_FILE;
	return 0;
}

static long write_back(unsigned long word[4])
{
	if (word[1] != GOOD)
		return -EROFS;
	memcpy(kept + word[2] % PAGES * PAGE, bytes, PAGE);
	return 0;
}

static long read_own(struct native_long *more)
{
	char byte;
	long result = read(more->handle, &byte, 1) < 0 ? errno : 0;

	close(more->handle);
	return result;
}

static void serve(long endpoint)
{
	struct native_long more = {.receive = (unsigned long)bytes,
		.receive_size = PAGE,
		.handle = NATIVE_NO_HANDLE};
	unsigned long word[4] = {0};
	long size = native_ipc(NATIVE_RECEIVE, endpoint, word, &more);

	while (size >= 0) {
		more.send_size = 0;
		word[0] = word[0] == PAGER_LOOKUP       ? lookup(word, size)
			  : word[0] == PAGER_PAGE_IN    ? page_in(word, &more)
			  : word[0] == PAGER_WRITE_BACK ? write_back(word)
			  : word[0] == SELF             ? read_own(&more)
							: -EROFS;
		more.handle = NATIVE_NO_HANDLE;
		size = native_ipc(NATIVE_REPLY, endpoint, word, &more);
	}
	_exit(1);
}

static pid_t start_own(const char *name)
{
	long endpoint = native_call(NATIVE_ENDPOINT, 0, 0, 0, 0);
	pid_t pid = fork();

	if (!pid) {
		if (native_call(NATIVE_NAME, NATIVE_NAME_MAKE, (long)name, strlen(name),
			    endpoint))
			_exit(2);
		serve(endpoint);
	}
	close(endpoint); /* the child's is the last that may receive */
	for (long handle = -1; handle < 0; usleep(1000)) {
		handle = server_find(name);
		if (handle >= 0)
			close(handle);
	}
	return pid;
}

static void touch(void *path)
{
	int fd = open(path, O_RDWR);
	volatile char *at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);

	if (fd < 0 || at == MAP_FAILED)
		_exit(1);
	(void)*at;
}

static int read_errno(const char *path)
{
	int fd = open(path, O_RDONLY);
	char byte;
	int result = fd < 0 || read(fd, &byte, 1) < 0 ? errno : 0;

	close(fd);
	return result;
}

/* --- parts -------------------------------------------------------------------------- */

static void honest(void)
{
	int fd = open("/srv/own/good", O_RDWR);
	char text[16] = "", *shared, *private;
	struct stat info;

	strcpy(kept + PAGE, "from the server");
	is(pread(fd, text, sizeof(text), PAGE), sizeof(text), "a page is read");
	test(!strcmp(text, "from the server"), "as the server has it");
	shared = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	private = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	strcpy(shared + 2 * PAGE, "written here");
	strcpy(private + 3 * PAGE, "nobody's business");
	test(!strcmp(private + 2 * PAGE, "written here"),
		"a store is seen in other mappings");
	test(!*(kept + 2 * PAGE), "but the server does not know yet");
	is(msync(shared, PAGES * PAGE, MS_SYNC), 0, "msync()");
	test(!strcmp(kept + 2 * PAGE, "written here"), "and now it does");
	is(pwrite(fd, "by a call", 10, 4 * PAGE), 10, "a call writes");
	is(fsync(fd), 0, "fsync()");
	test(!strcmp(kept + 4 * PAGE, "by a call"), "and the server has it");
	test(!*(kept + 3 * PAGE), "what was written to a private mapping it has not");
	test(ftruncate(fd, PAGE) < 0 && errno == EROFS, "a server may refuse a new size");
	test(!fstat(fd, &info) && info.st_size == PAGES * PAGE,
		"which is as it was then");
	test(open("/srv/own/none", O_RDWR) < 0 && errno == ENOENT, "no such file");
	test(open("/srv/none/good", O_RDWR) < 0 && errno == ENOENT, "no such server");
	is(in_child(touch, "/srv/own/good"), 0, "another process maps it");
	munmap(shared, PAGES * PAGE);
	munmap(private, PAGES * PAGE);
	close(fd);
}

/* A device wants a page that is not there yet; what it writes is nobody else's. */
static void pinned(void)
{
	int fd = open("/srv/own/good", O_RDWR), device = open("/dev/dma", O_RDWR);
	char *at = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	struct dma_command dma = {DMA_START, 5, (unsigned long)at + 6 * PAGE, 1, 77};

	is(write(device, &dma, sizeof(dma)), sizeof(dma), "a page comes in to be pinned");
	dma.operation = DMA_RUN;
	write(device, &dma, sizeof(dma));
	is(*(long *)(at + 6 * PAGE), 77, "and is written to by a device");
	dma.operation = DMA_FINISH;
	write(device, &dma, sizeof(dma));
	munmap(at, PAGES * PAGE);
	close(device);
	close(fd);
}

static void refuses(void)
{
	int fd = open("/srv/own/fails", O_RDWR);
	char page[PAGE];

	memset(page, 1, PAGE);
	test(pwrite(fd, page, PAGE, PAGES * PAGE) < 0,
		"a page that has to come in first fails");
	close(fd);
}

static void liars(void)
{
	static const enum mode lies[] = {SHORT, OTHER_PAGE, OTHER_FILE, FAILS, STRANGE};
	char path[32], what[64];

	for (unsigned int i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		sprintf(path, "/srv/own/%s", modes[lies[i]]);
		sprintf(what, "%s: a touch is SIGBUS", modes[lies[i]]);
		is(in_child(touch, path), SIGBUS, what);
		sprintf(what, "%s: a read is EIO", modes[lies[i]]);
		is(read_errno(path), EIO, what);
	}
	is(read_errno("/srv/own/huge"), EIO, "a size that no file has");
	is(in_child(touch, "/srv/own/good"), 0, "the honest file is as it was");
}

static void asks_itself(void)
{
	struct native_long more = {.handle = NATIVE_NO_HANDLE};
	unsigned long word[4] = {SELF};
	long server = server_find("own");

	more.handle = open("/srv/own/hangs", O_RDONLY);
	is(native_ipc(NATIVE_CALL, server, word, &more), 0,
		"a server reads a file of its own");
	is(word[0], EIO, "and does not wait for itself");
	close(server);
}

static pid_t start_waiter(void)
{
	pid_t pid = fork();

	if (!pid)
		touch("/srv/own/hangs");
	return pid;
}

/* Waiters of a server that hangs can be killed; when it dies, they get errors. */
static void hangs(pid_t server)
{
	pid_t first = start_waiter(), second = start_waiter(), third = start_waiter();
	int status = 0;

	usleep(50000);
	kill(first, SIGKILL);
	waitpid(first, &status, 0);
	is(status, SIGKILL, "who waits for a server that hangs can be killed");
	kill(second, SIGINT);
	waitpid(second, &status, 0);
	is(status, SIGINT, "or told to end, as Ctrl-C does");
	kill_and_wait(server);
	waitpid(third, &status, 0);
	is(WTERMSIG(status) == SIGBUS || WEXITSTATUS(status) == 1, 1,
		"who still waits when it dies gets an error");
	test(open("/srv/own/good", O_RDWR) < 0 && errno == ENOENT, "its name is gone");
}

static void dies(void)
{
	pid_t server = start_own("own");
	int fd = open("/srv/own/good", O_RDWR);
	char byte;

	is(pread(fd, &byte, 1, 0), 1, "a new server of the name");
	is(in_child(touch, "/srv/own/dies"), SIGBUS,
		"it dies instead of an answer: SIGBUS");
	waitpid(server, NULL, 0);
	is(pread(fd, &byte, 1, 0), 1, "a page that is there stays");
	test(pread(fd, &byte, 1, PAGE) < 0 && errno == EIO, "the others are gone");
	test(!fsync(fd), "nothing was written, so nothing is lost");
	test(pwrite(fd, &byte, 1, 0) == 1 && fsync(fd) < 0 && errno == EIO,
		"and nothing can be written back");
	close(fd);
}

static void names(void)
{
	long endpoint = native_call(NATIVE_ENDPOINT, 0, 0, 0, 0);
	long caller = native_call(
		NATIVE_HANDLE, NATIVE_HANDLE_COPY, endpoint, NATIVE_RIGHT_CALL, 0);

	is(native_call(NATIVE_NAME, NATIVE_NAME_MAKE, (long)"x", 1, caller), -EACCES,
		"who may only call does not serve a name");
	is(native_call(NATIVE_NAME, NATIVE_NAME_MAKE, (long)"a/b", 3, endpoint), -EINVAL,
		"a name has no slash");
	is(native_call(NATIVE_NAME, NATIVE_NAME_MAKE, 8, 3, endpoint), -EFAULT,
		"a name that is not there");
	is(native_call(NATIVE_NAME, NATIVE_NAME_MAKE, (long)"x", 1, 1), -EINVAL,
		"the console is no server");
	is(native_call(NATIVE_NAME, NATIVE_NAME_MAKE, (long)"x", 1, endpoint), 0,
		"a name");
	is(native_call(NATIVE_NAME, NATIVE_NAME_MAKE, (long)"x", 1, endpoint), -EEXIST,
		"only once");
	close(endpoint);
	is(server_find("x"), -ENOENT, "with its endpoint it goes");
	close(caller);
}

/* --- pager and store ---------------------------------------------------------------- */

static void fill(char *page, unsigned int seed)
{
	for (unsigned long i = 0; i < PAGE / sizeof(int); i++)
		((unsigned int *)page)[i] = seed * 2654435761u + i;
}

static int holds(const char *page, unsigned int seed)
{
	char wanted[PAGE] __attribute__((aligned(8)));

	fill(wanted, seed);
	return !memcmp(page, wanted, PAGE);
}

static void stored(void)
{
	pid_t store = server_start("store", "store"),
	      pager = server_start("pager", "files");
	char page[PAGE] __attribute__((aligned(8))), *at;
	int fd, good = 1;

	server_wait_for("files");
	fd = open("/srv/files/one", O_RDWR | O_CREAT, 0644);
	test(fd >= 0, "a file is made");
	is(ftruncate(fd, PAGES * PAGE), 0, "and gets a size");
	at = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	for (unsigned long i = 0; i < PAGES; i++)
		fill(at + i * PAGE, i);
	fill(page, PAGES);
	is(pwrite(fd, page, PAGE, PAGES * PAGE), PAGE, "it grows by a write");
	is(fsync(fd), 0, "all of it is written back");
	munmap(at, PAGES * PAGE);
	close(fd);
	kill_and_wait(pager);
	test(open("/srv/files/one", O_RDWR) < 0 && errno == ENOENT,
		"the pager is killed");
	pager = server_start("pager", "files");
	server_wait_for("files");
	fd = open("/srv/files/one", O_RDWR);
	for (unsigned long i = 0; i <= PAGES; i++)
		good &= pread(fd, page, PAGE, i * PAGE) == PAGE && holds(page, i);
	test(good, "a new one finds everything in the store");
	is(ftruncate(fd, PAGE + 100), 0, "it is truncated");
	is(ftruncate(fd, 3 * PAGE), 0, "and grows again");
	good = pread(fd, page, PAGE, PAGE) == PAGE;
	for (unsigned long i = 100; i < PAGE; i++)
		good &= !page[i];
	test(good, "what was cut off is zeros");
	kill_and_wait(store);
	test(pread(fd, page, 1, 2 * PAGE) < 0 && errno == EIO, "the store is killed");
	close(fd);
	kill_and_wait(pager);
}

/* --- killing at any moment ---------------------------------------------------------- */

/* Reads, writes and maps a file of its own until something goes wrong; but never finds
 * anything that it has not written there. */
static void client(int number, unsigned int seed)
{
	char path[32], page[PAGE] __attribute__((aligned(8)));
	unsigned int written[PAGES] = {0};
	char *at;
	int fd;

	sprintf(path, "/srv/files/%d", number);
	fd = open(path, O_RDWR | O_CREAT, 0644);
	if (fd < 0 || ftruncate(fd, 0) || ftruncate(fd, PAGES * PAGE))
		_exit(0);
	at = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		_exit(1);
	for (;;) {
		unsigned int n = rand_r(&seed) % PAGES;

		if (pread(fd, page, PAGE, n * PAGE) != PAGE)
			_exit(0);
		if (written[n] && !holds(page, written[n]))
			_exit(1);
		written[n] = rand_r(&seed) | 1;
		if (rand_r(&seed) % 2)
			fill(at + n * PAGE, written[n]);
		else
			fill(page, written[n]);
		if (!holds(at + n * PAGE, written[n]) &&
			pwrite(fd, page, PAGE, n * PAGE) != PAGE)
			_exit(0);
		if (rand_r(&seed) % 8 == 0 && fsync(fd))
			_exit(0);
		if (rand_r(&seed) % 16 == 0)
			madvise(at, PAGES * PAGE, MADV_DONTNEED);
	}
}

/* One round: how many clients ended as nobody may. */
static int killing_round(unsigned int *seed)
{
	pid_t servers[] = {server_start("store", "store"),
		server_start("pager", "files")},
	      clients[3];
	int first = rand_r(seed) % 2, wrong = 0, status;

	server_wait_for(rand_r(seed) % 4 ? "files" : "store");
	for (int i = 0; i < 3; i++) {
		clients[i] = fork();
		if (!clients[i])
			client(i, *seed + i);
	}
	usleep(rand_r(seed) % 15000);
	kill_and_wait(servers[first]);
	usleep(rand_r(seed) % 5000);
	kill_and_wait(servers[!first]);
	for (int i = 0; i < 3; i++) {
		if (waitpid(clients[i], &status, 0) != clients[i] ||
			(status && WTERMSIG(status) != SIGBUS))
			wrong++;
	}
	return wrong;
}

#define WARM_UP 5   /* rounds: what the kernel keeps for later is taken by then */
#define KEPT    128 /* pages that it may keep more or less in between */

static void killing(int rounds, unsigned int seed)
{
	unsigned long before = KEPT;
	int wrong = 0;

	for (int round = 0; round < rounds; round++) {
		if (round == WARM_UP)
			before = free_pages();
		wrong += killing_round(&seed);
	}
	is(wrong, 0,
		"servers are killed at any moment: clients get errors, or what they "
		"wrote");
	test(pages_come_back(before - KEPT), "and no page is lost");
}

int main(int argc, char **argv)
{
	pid_t server;

	kept = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	names();
	server = start_own("own");
	honest();
	pinned();
	refuses();
	liars();
	asks_itself();
	hangs(server);
	dies();
	stored();
	killing(argc > 1 ? atoi(argv[1]) : 12, argc > 2 ? atoi(argv[2]) : 1);
	printf("1..%d\n", count);
	return failures != 0;
}
