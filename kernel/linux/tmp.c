/*
 * kernel/linux/tmp.c - /tmp: files that are nothing but memory, with names.
 *
 * A file is a memory object (mm/space/object.h), as memfd_create() makes one, and a name
 * in the one directory that there is. The name has a reference; so has who has the file
 * open, or mapped, and goes on with it when the name is gone. Names are the kernel's
 * memory, so there are not too many (ENOSPC). Of permissions nothing is kept.
 *
 * Locks: tmp_lock (spin): the list. What is in the files is their objects' business.
 */
#include "kernel/linux/path.h"
#include "kernel/task/memory_file.h"
#include "mm/space/cache.h"

#define TMP_FILES_MAX 1024

struct tmp_file {
	struct list link;      /* (l:tmp_lock) */
	struct object *object; /* (c) with a reference */
	u32 inode;             /* (c) */
	char name[256];
};

static struct spinlock tmp_lock = SPINLOCK_INIT("tmp", RANK_RAMDISK);
static struct list files = LIST_INIT(files); /* (l:tmp_lock) oldest first */
static u32 inodes = 1;                       /* (l:tmp_lock) the directory's is 1 */

/* Lock held. The file of that name, or (NULL) with that number. */
static struct tmp_file *find(const char *name, u64 index)
{
	struct tmp_file *file;

	list_for_each (file, &files, link)
		if (name ? !strcmp(file->name, name) : !index--)
			return file;
	return NULL;
}

static bool describe(const struct tmp_file *file, struct file_info *info)
{
	if (file)
		*info = (struct file_info){.mode = S_IFREG | 0666,
			.links = 1,
			.inode = file->inode,
			.size = object_size(file->object),
			.device = DEVICE_TMP};
	return file;
}

static void drop(struct tmp_file *file)
{
	if (file)
		object_put(file->object);
	kfree(file);
}

/* NULL: no memory. */
static struct tmp_file *make(const char *name)
{
	struct tmp_file *file = kmalloc(sizeof(*file));

	if (file && (file->object = object_create(0))) {
		string_copy(file->name, name, sizeof(file->name));
		return file;
	}
	kfree(file);
	return NULL;
}

bool tmp_find(const char *name, u64 index, struct file_info *info, char *found)
{
	const struct tmp_file *file;

	spin_lock(&tmp_lock);
	file = find(name, index);
	if (describe(file, info) && found)
		string_copy(found, file->name, sizeof(file->name));
	spin_unlock(&tmp_lock);
	return file;
}

/* Lock held. The file's object, with a reference; if there is no file, of the fresh one
 * (NULL: none), which is one from now on. */
static int get(const char *name, bool exclusive, struct tmp_file *fresh,
	struct object **object, u32 *inode)
{
	struct tmp_file *file = find(name, 0);

	if (file && exclusive)
		return -EEXIST;
	if (!file && (!fresh || find(NULL, TMP_FILES_MAX - 1)))
		return fresh ? -ENOSPC : -ENOENT;
	if (!file) {
		file = fresh;
		file->inode = ++inodes;
		list_append(&files, &file->link);
	}
	*object = file->object;
	*inode = file->inode;
	object_get(*object);
	return file == fresh;
}

int tmp_open(const char *name, int flags, struct open **open)
{
	struct tmp_file *fresh = NULL;
	struct object *object;
	u32 inode;
	int result;

	if (strlen(name) >= sizeof(fresh->name))
		return -ENAMETOOLONG;
	if (strchr(name, '/'))
		return -ENOENT; /* nothing in there is a directory */
	if (flags & O_CREAT && !(fresh = make(name)))
		return -ENOMEM;
	spin_lock(&tmp_lock);
	result = get(name, flags & O_EXCL, fresh, &object, &inode);
	spin_unlock(&tmp_lock);
	if (result != 1)
		drop(fresh);
	*open = result < 0 ? NULL : memory_file_open(object);
	if (*open)
		(*open)->device = inode;
	return *open ? 0 : result < 0 ? result : -ENOMEM;
}

int tmp_remove(const char *name)
{
	struct tmp_file *file;

	spin_lock(&tmp_lock);
	file = find(name, 0);
	if (file)
		list_remove(&file->link);
	spin_unlock(&tmp_lock);
	drop(file);
	return file ? 0 : -ENOENT;
}
