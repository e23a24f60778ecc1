/*
 * kernel/linux/path.h - names: from a user's path to what it leads to.
 *
 * Five trees make up the one that programs see: the ramdisk, devices in /dev and /sys,
 * /proc, /srv, whose names are servers, and /tmp. Nothing can be renamed, or created but
 * in the last two, and there are no symbolic links but those that readlink knows, so a
 * path is resolved as text: joined to its directory, with "." and ".." gone.
 */
#pragma once

#include "kernel/linux/linux.h"
#include <linux/fcntl.h>
#include <linux/stat.h>

struct ramdisk_file;

/* What stat() tells of a file. */
struct file_info {
	u32 mode; /* S_IF* and permissions */
	u32 links;
	u64 inode, size, mtime;
	u32 device;                      /* which tree it is in */
	u32 special;                     /* of a device: its own number */
	const struct ramdisk_file *file; /* or NULL */
};

struct place {
	char path[PATH_LIMIT]; /* absolute, canonical: "/" or "/a/b" */
	struct file_info info;
};

enum {
	DEVICE_RAMDISK = 1,
	DEVICE_DEV,
	DEVICE_PROC,
	DEVICE_SRV,
	DEVICE_TMP
};

/* path.c: the absolute path of a user's path below `directory` (or AT_FDCWD); -ENOENT for
 * the empty one. path_find() also looks up what is there. */
int path_resolve(int directory, unsigned long user_path, char *path);
int path_find(int directory, unsigned long user_path, struct place *place);

/* The handle's open object, a new reference; NULL: -EBADF. */
struct open *file_get(int fd);

/* Both get numbers, which are written to `to`, or none; takes over the open objects. */
long file_add_pair(struct open *ends[2], bool close_on_exec, unsigned long to);

/* tree.c: by canonical path. */
int tree_lookup(const char *path, struct file_info *info);
int tree_open(const struct place *place, struct open **open);
void tree_describe(struct open *open, struct file_info *info);

/* Entry number `index` of a directory, in no promised order; false: there is none. */
struct entry {
	char name[256];
	struct file_info info;
};
bool tree_entry(const char *directory, u64 index, struct entry *entry);

/* Opens what was not there: made (O_EXCL: -EEXIST, if somebody has been faster) in /tmp,
 * or by a server; -EROFS elsewhere. */
int tree_create(const char *path, int flags, struct open **open);

/* tmp.c: files in /tmp. The one of this name, or (NULL) with that number, and (not NULL)
 * its name; false: there is none. One is opened, or made; its name goes. */
bool tmp_find(const char *name, u64 index, struct file_info *info, char *found);
int tmp_open(const char *name, int flags, struct open **open);
int tmp_remove(const char *name);

/* srv.c: `path` is what follows "/srv". */
int srv_lookup(const char *path, bool create, struct file_info *info);
int srv_open(const char *path, struct open **open);
bool srv_entry(const char *path, u64 index, struct entry *entry);

/* proc.c: `path` is what follows "/proc". */
int proc_lookup(const char *path, struct file_info *info);
int proc_open(const char *path, struct open **open);
bool proc_entry(const char *path, u64 index, struct entry *entry);
ssize_t proc_link(const char *path, char *to, size_t size);
bool proc_describes(const struct open *open);

/* A number at *text, which moves behind it: 1 to 16 digits. */
bool take_number(const char **text, unsigned int base, unsigned long *value);

/* proc_mem.c: files of /proc/<pid> about this mm; take over the reference. NULL: no
 * memory. */
struct open *mem_open(struct mm *mm);
struct open *pagemap_open(struct mm *mm);
struct open *clear_refs_open(struct mm *mm);
bool mem_describes(const struct open *open);
