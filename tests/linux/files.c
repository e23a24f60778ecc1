/*
 * tests/linux/files.c - paths, descriptors, directories, pipes: the calls around files
 * that never change. Uses only names that Linux has too.
 */
#include "tests/linux/tap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static void paths(void)
{
	char path[PATH_MAX], name[PATH_MAX + 2];
	ssize_t size;
	int directory;

	test(!chdir("/dev") && getcwd(path, sizeof(path)) && !strcmp(path, "/dev"),
		"chdir and getcwd");
	test(!access("null", F_OK) && !access("./null", R_OK) &&
			!access("../dev//null", W_OK),
		"paths from the working directory");
	test(!chdir("..") && getcwd(path, sizeof(path)) && !strcmp(path, "/"),
		"up to the root");
	test(!chdir("../..") && !access("dev", F_OK), "and no further");
	test(fails(chdir("/dev/null"), ENOTDIR), "a device is no directory");
	test(fails(open("/dev/null/x", O_RDONLY), ENOTDIR), "nor can it hold anything");
	test(fails(open("/no/such/file", O_RDONLY), ENOENT), "no such file");
	test(fails(open("", O_RDONLY), ENOENT), "the empty path");
	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	test(fails(open(name, O_RDONLY), ENAMETOOLONG), "a name that is too long");
	size = readlink("/proc/self/exe", path, sizeof(path));
	test(size > 0 && path[0] == '/', "the program knows its own path");
	test(fails(readlink("/dev", path, sizeof(path)), EINVAL),
		"a directory is no link");
	directory = open("/dev", O_RDONLY | O_DIRECTORY);
	test(openat(directory, "null", O_RDONLY) >= 0, "openat below a directory");
	test(!fchdir(directory) && !access("zero", F_OK), "fchdir");
	test(fails(openat(99, "null", O_RDONLY), EBADF), "openat below nothing");
	test(fails(open("/dev/null", O_RDONLY | O_DIRECTORY), ENOTDIR), "O_DIRECTORY");
	test(fails(open("/dev", O_WRONLY), EISDIR), "directories are not written");
	close(directory);
}

static void directories(void)
{
	DIR *directory = opendir("/dev");
	struct dirent *entry;
	int null = 0, dots = 0, other = 0;

	while (directory && (entry = readdir(directory))) {
		if (!strcmp(entry->d_name, "null"))
			null += entry->d_type == DT_CHR || entry->d_type == DT_UNKNOWN;
		else if (entry->d_name[0] == '.')
			dots++;
		else
			other++;
	}
	test(null == 1 && dots >= 2 && other >= 2, "/dev lists each entry once");
	rewinddir(directory);
	test(readdir(directory) != NULL, "and again from the start");
	closedir(directory);
	directory = opendir("/sys/kernel");
	other = 0;
	while (directory && (entry = readdir(directory)))
		other += !strcmp(entry->d_name, "debug");
	test(directory && other == 1, "so does what only leads to other directories");
	closedir(directory);
}

static void reading(void)
{
	int file = open("/proc/self/exe", O_RDONLY), copy;
	struct stat status;
	char a[16], b[16], c[8], d[8];
	struct iovec vectors[2] = {{c, 8}, {d, 8}};
	off_t end;

	test(file >= 0 && read(file, a, 16) == 16 && !memcmp(a, "\177ELF", 4),
		"open, read");
	test(pread(file, b, 16, 0) == 16 && !memcmp(a, b, 16), "pread");
	test(lseek(file, 0, SEEK_CUR) == 16, "which does not move the offset");
	copy = dup(file);
	test(lseek(copy, 4, SEEK_SET) == 4 && read(file, b, 4) == 4 &&
			!memcmp(b, a + 4, 4),
		"dup shares the offset");
	lseek(file, 0, SEEK_SET);
	test(readv(file, vectors, 2) == 16 && !memcmp(a, c, 8) && !memcmp(a + 8, d, 8),
		"readv");
	end = lseek(file, 0, SEEK_END);
	test(!fstat(file, &status) && status.st_size == end && S_ISREG(status.st_mode),
		"fstat knows the size");
	test(read(file, a, 16) == 0, "nothing is behind the end");
	test(fails(lseek(file, -1, SEEK_SET), EINVAL), "nor before the start");
	test(fails(lseek(file, 0, 77), EINVAL), "a whence that is none");
	test(fails(write(file, a, 1), EBADF), "opened for reading only");
	close(file);
	test(read(copy, a, 1) == 0 && !close(copy), "a duplicate outlives the original");
	test(fails(close(copy), EBADF) && fails(read(copy, a, 1), EBADF),
		"closed is closed");
}

static void descriptors(void)
{
	int file = open("/dev/zero", O_RDWR | O_CLOEXEC), copy;
	char bytes[4] = "abc";

	test(fcntl(file, F_GETFD) == FD_CLOEXEC, "O_CLOEXEC is remembered");
	copy = fcntl(file, F_DUPFD, 50);
	test(copy == 50 && fcntl(copy, F_GETFD) == 0, "F_DUPFD finds a number above");
	test(fcntl(copy, F_DUPFD_CLOEXEC, 50) == 51 && fcntl(51, F_GETFD) == FD_CLOEXEC,
		"F_DUPFD_CLOEXEC");
	test(dup2(file, 60) == 60 && fcntl(60, F_GETFD) == 0, "dup2");
	test(dup2(60, 60) == 60, "dup2 onto itself");
	test(fails(dup3(60, 60, 0), EINVAL) && fails(dup2(99, 60), EBADF),
		"and its errors");
	test(fails(dup2(file, -1), EBADF) && fails(dup2(file, INT_MAX), EBADF),
		"numbers out of range");
	test((fcntl(file, F_GETFL) & O_ACCMODE) == O_RDWR, "F_GETFL");
	test(read(file, bytes, 4) == 4 && !bytes[0] && write(file, bytes, 4) == 4,
		"/dev/zero");
	close(file);
	file = open("/dev/null", O_RDWR);
	test(read(file, bytes, 4) == 0 && write(file, bytes, 4) == 4, "/dev/null");
	close(file);
}

static void pipes(void)
{
	static char bulk[65536 + 4096];
	int ends[2];
	ssize_t sent = 0, got;
	char text[8];

	signal(SIGPIPE, SIG_IGN);
	test(!pipe2(ends, O_NONBLOCK), "pipe2");
	test(fails(read(ends[0], text, 8), EAGAIN), "an empty pipe, not waiting");
	test(write(ends[1], "abcdef", 6) == 6 && read(ends[0], text, 4) == 4 &&
			read(ends[0], text + 4, 4) == 2 && !memcmp(text, "abcdef", 6),
		"bytes come out in order");
	while ((got = write(ends[1], bulk, sizeof(bulk))) > 0)
		sent += got;
	test(errno == EAGAIN && sent == 65536, "it holds 64 KiB");
	test(fails(lseek(ends[0], 0, SEEK_SET), ESPIPE) &&
			fails(pread(ends[0], text, 1, 0), ESPIPE),
		"pipes cannot be positioned");
	close(ends[0]);
	test(fails(write(ends[1], "x", 1), EPIPE), "nobody reads any more");
	close(ends[1]);
	test(!pipe(ends) && !close(ends[1]) && read(ends[0], text, 1) == 0,
		"nobody writes");
	close(ends[0]);
	test(fails(fcntl(0, 9999), EINVAL), "an unknown command");
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	paths();
	directories();
	reading();
	descriptors();
	pipes();
	printf("1..%d\n", count);
	return failures > 0;
}
