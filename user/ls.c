/*
 * user/ls.c - list directories, sorted; -l adds type, permissions and size.
 */
#include "user/box.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char type_letter(mode_t mode)
{
	return S_ISDIR(mode) ? 'd' : S_ISCHR(mode) ? 'c' : S_ISLNK(mode) ? 'l' : '-';
}

static void print_entry(const char *path, const char *name, int details)
{
	struct stat info;

	if (details && !lstat(path, &info)) {
		putchar(type_letter(info.st_mode));
		for (int bit = 8; bit >= 0; bit--)
			putchar(info.st_mode & (1u << bit) ? "xwr"[bit % 3] : '-');
		printf(" %8lld ", (long long)info.st_size);
	}
	puts(name);
}

static int list_directory(const char *path, int details)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);
	char child[PATH_MAX];

	if (count < 0)
		return box_error("ls", path);
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;

		snprintf(child, sizeof(child), "%s/%s", path, name);
		if (name[0] != '.')
			print_entry(child, name, details);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

static int list(const char *path, int details)
{
	struct stat info;

	if (stat(path, &info))
		return box_error("ls", path);
	if (S_ISDIR(info.st_mode))
		return list_directory(path, details);
	print_entry(path, path, details);
	return 0;
}

int ls_main(int argc, char **argv)
{
	int details = argc > 1 && !strcmp(argv[1], "-l");
	int failed = 0;

	if (argc == 1 + details)
		return list(".", details);
	for (int i = 1 + details; i < argc; i++) {
		if (argc > 2 + details)
			printf("%s:\n", argv[i]);
		failed |= list(argv[i], details);
	}
	return failed;
}
