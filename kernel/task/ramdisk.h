/*
 * kernel/task/ramdisk.h - the files that the boot loader brought along.
 *
 * The ramdisk is one or more cpio archives ("newc" format), one after the other, each
 * followed by any number of zero bytes. It is indexed once at boot and never changes; a
 * later file replaces an earlier one of the same path. File contents are read where they
 * lie (the frames are reserved), and copied into pages to be mapped. Directories that no
 * archive names, but paths need, exist. No name has a control character: names go into
 * the log.
 */
#pragma once

#include "kernel/base/types.h"
#include "kernel/base/list.h"

#define RAMDISK_DIRECTORY  0040000u
#define RAMDISK_FILE       0100000u
#define RAMDISK_TYPE(mode) ((mode)&0170000u)

struct open;

struct ramdisk_file {
	struct list link;
	const char *path; /* without a leading slash; "" is the root directory */
	const void *data; /* of a file */
	size_t size;
	u32 mode; /* RAMDISK_DIRECTORY or RAMDISK_FILE, and permission bits */
	u32 inode;
	u32 links;
	u32 mtime;
	u32 archive_inode;     /* joins hard links while indexing; 0: none */
	struct object *object; /* (l) ramdisk_object.c */
};

struct ramdisk {
	struct list files; /* in order of first appearance; the root first */
	u32 inodes;        /* numbers given out */
};

extern struct ramdisk ramdisk; /* (c) after boot: what was booted with */

/*
 * Add the archives at image to the index. NULL, or what is wrong with the image, and
 * *offset where; files before that place are in the index.
 */
const char *ramdisk_add(
	struct ramdisk *disk, const void *image, size_t size, size_t *offset);
bool ramdisk_init(struct ramdisk *disk); /* the root directory; false: no memory */
void ramdisk_free(struct ramdisk *disk);

/* Exact path without leading slash, "." or ".."; NULL: no such file. */
const struct ramdisk_file *ramdisk_find(const struct ramdisk *disk, const char *path);

/* The next entry of a directory after `previous` (NULL: the first), or NULL. */
const struct ramdisk_file *ramdisk_next(const struct ramdisk *disk,
	const struct ramdisk_file *directory, const struct ramdisk_file *previous);

/* The last component of its path. */
const char *ramdisk_name(const struct ramdisk_file *file);

/* Its bytes as a memory object, with a reference; of all names of a file it is the same.
 * Of `ramdisk` only. NULL: no memory. */
struct object *ramdisk_object(const struct ramdisk_file *file);

/* A readable open object on it, or NULL: no memory. */
struct open *ramdisk_open(const struct ramdisk_file *file);
