/*
 * tests/linux/tmp.c - files in /tmp: made, found, mapped, cut, and their names taken
 * away. Uses only what Linux has too.
 */
#include "tests/linux/tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE   4096
#define ROUNDS 50
#define MANY   1100 /* more than there may be on our machine */

static char name[64], inside[80];
static int ours; /* this is not Linux */

static int make(int flags)
{
	return open(name, O_CREAT | O_RDWR | flags, 0600);
}

/* How often /tmp lists the file. */
static int listed(void)
{
	DIR *directory = opendir("/tmp");
	struct dirent *entry;
	int times = 0;

	while (directory && (entry = readdir(directory)))
		times += !strcmp(entry->d_name, strrchr(name, '/') + 1);
	if (directory)
		closedir(directory);
	return times;
}

/* --- one file ----------------------------------------------------------------------- */

static void making(void)
{
	int fd = make(O_EXCL), again;
	struct stat by_fd, by_name;
	char text[8] = "";

	test(fd >= 0, "a file is made");
	test(fails(make(O_EXCL), EEXIST), "but once only");
	test(write(fd, "origami", 7) == 7, "it is written");
	again = make(0);
	test(read(again, text, 8) == 7 && !memcmp(text, "origami", 7),
		"and read by its name");
	test(!fstat(fd, &by_fd) && !stat(name, &by_name) && S_ISREG(by_name.st_mode) &&
			by_fd.st_ino == by_name.st_ino &&
			by_fd.st_dev == by_name.st_dev && by_name.st_size == 7,
		"stat and fstat know it");
	test(listed() == 1, "it is listed");
	test(!access(name, R_OK | W_OK), "access");
	close(again);
	again = open(name, O_RDONLY);
	test(fails(write(again, "x", 1), EBADF), "opened for reading only");
	close(again);
	again = open(name, O_WRONLY | O_TRUNC);
	test(!fstat(fd, &by_fd) && by_fd.st_size == 0, "O_TRUNC");
	close(again);
	close(fd);
	unlink(name);
}

static void mapping(void)
{
	int fd = make(0);
	char *at, *own;

	test(!ftruncate(fd, 2 * PAGE), "ftruncate");
	at = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	own = mmap(NULL, 2 * PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	test(at != MAP_FAILED && own != MAP_FAILED, "mapped, shared and private");
	at[PAGE] = 'x';
	test(own[PAGE] == 'x' && pwrite(fd, "y", 1, PAGE) == 1 && at[PAGE] == 'y',
		"all see the same");
	munmap(own, 2 * PAGE);
	test(!unlink(name) && fails(access(name, F_OK), ENOENT) && !listed(),
		"unlink: the name is gone");
	close(fd);
	test(at[PAGE] == 'y', "what is mapped is not");
	fd = make(O_EXCL);
	test(fd >= 0 && lseek(fd, 0, SEEK_END) == 0, "another one of that name is empty");
	munmap(at, 2 * PAGE);
	close(fd);
	unlink(name);
}

static void errors(void)
{
	char longer[NAME_MAX + 8] = "";
	struct statfs where;

	close(make(0));
	memset(longer, 'a', 5 + NAME_MAX + 1);
	memcpy(longer, name, strlen(name));
	test(fails(open(longer, O_CREAT | O_RDWR, 0600), ENAMETOOLONG), "a long name");
	longer[5 + NAME_MAX] = '\0';
	test(!close(open(longer, O_CREAT | O_RDWR, 0600)) && !unlink(longer),
		"the longest one");
	test(fails(open(name, O_RDONLY | O_DIRECTORY), ENOTDIR), "it is no directory");
	test(fails(open(inside, O_CREAT | O_RDWR, 0600), ENOTDIR), "nothing is in it");
	test(!unlinkat(AT_FDCWD, name, 0) && fails(unlink(name), ENOENT), "unlinkat");
	test(fails(open(name, O_RDWR), ENOENT), "not made unasked");
	test(fails(open(inside, O_CREAT | O_RDWR, 0600), ENOENT), "nor its directory");
	test(fails(unlink("/tmp"), EISDIR), "/tmp stays");
	test(!statfs("/tmp", &where) && where.f_namelen == NAME_MAX &&
			(!ours || where.f_type == 0x01021994),
		"statfs: what kind of file system it is in");
}

/* --- several processes -------------------------------------------------------------- */

/* Which of `count` children did well, each with its number: how many. */
static int children(int count, int (*child)(int number))
{
	int status, good = 0;

	fflush(stdout);
	for (int i = 0; i < count; i++)
		if (!fork())
			_exit(child(i));
	while (count--)
		good += wait(&status) > 0 && !status;
	return good;
}

static int makes_first(int number)
{
	return make(O_EXCL) < 0;
}

/* Some make it, one takes its name away: who makes it has it. */
static int has_it(int number)
{
	int good = 1;

	for (int round = 0; round < rounds(ROUNDS); round++) {
		int fd = number ? make(0) : -1;

		good &= number ? fd >= 0 : !unlink(name) || errno == ENOENT;
		close(fd);
	}
	return !good;
}

static void racing(void)
{
	int once = 1;

	for (int round = 0; round < rounds(ROUNDS) / 5 + 1; round++) {
		unlink(name);
		once &= children(4, makes_first) == 1;
	}
	test(once, "O_EXCL: one of several is first");
	test(children(4, has_it) == 4, "made while its name is taken away");
	unlink(name);
}

/* --- many --------------------------------------------------------------------------- */

static void many(void)
{
	int made = 0, gone = 0, most = rounds(MANY), fd;
	size_t length = strlen(name);

	if (!ours) {
		printf("ok %d - many names # SKIP it is not our machine\n", ++count);
		return;
	}
	for (; made < most; made++) {
		sprintf(name + length, "-%d", made);
		fd = make(O_EXCL);
		if (fd < 0)
			break;
		close(fd);
	}
	test(most < MANY ? made == most : made > 1000 && fd < 0 && errno == ENOSPC,
		"many names, but not all");
	while (gone < made) {
		sprintf(name + length, "-%d", gone);
		if (unlink(name))
			break;
		gone++;
	}
	name[length] = '\0';
	test(gone == made && !close(make(O_EXCL)) && !unlink(name), "and then again");
}

/* What is left, if the child has come to a bad end. */
static void clean(void)
{
	DIR *directory = opendir("/tmp");
	const char *own = strrchr(name, '/') + 1;
	struct dirent *entry;
	char path[NAME_MAX + 8];

	while (directory && (entry = readdir(directory))) {
		snprintf(path, sizeof(path), "/tmp/%s", entry->d_name);
		if (strncmp(entry->d_name, own, strlen(own)) || unlink(path))
			continue;
		rewinddir(directory); /* the numbers of the others have changed */
	}
	if (directory)
		closedir(directory);
}

int main(void)
{
	int status = 1;

	ours = !access("/proc/policies", R_OK);
	sprintf(name, "/tmp/origami-%d.", getpid());
	sprintf(inside, "%s/x", name);
	if (!fork()) {
		PART(making());
		PART(mapping());
		PART(errors());
		PART(racing());
		PART(many());
		printf("1..%d\n", count);
		exit(failures > 0);
	}
	wait(&status);
	clean();
	return status != 0;
}
