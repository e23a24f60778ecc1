/*
 * kernel/task/ramdisk_object.c - the ramdisk's files as memory objects, to be mapped.
 *
 * A file has an object as long as somebody maps it. Its pages are copies of the file's
 * bytes, which lie at no page boundary; they are made when they are touched, and shared
 * by all who map the file, under whatever name. Nobody can write to them: no handle on a
 * ramdisk file allows it, and what is written to a private mapping goes to copies.
 *
 * Locks: `lock` for the files' `object`, which is no reference: an object whose last one
 * is gone takes itself out before it is freed.
 */
#include "kernel/base/errno.h"
#include "kernel/base/spin.h"
#include "kernel/base/string.h"
#include "kernel/task/ramdisk.h"
#include "mm/space/object.h"

static struct spinlock lock = SPINLOCK_INIT("ramdisk", RANK_RAMDISK);

static int file_page_in(struct object *object, u64 index, void *to)
{
	const struct ramdisk_file *file = object->private;
	u64 offset = index * PAGE_SIZE;

	if (offset >= file->size)
		return -EIO;
	memcpy(to, (const char *)file->data + offset,
		min(file->size - offset, PAGE_SIZE));
	return 0;
}

/* Pages are never dirty: so they may go, and be copied again (mm/space/reclaim.c). */
static int file_allow_write(struct object *object, u64 index)
{
	return -EROFS;
}

static int file_write_back(struct object *object, u64 index, void *copy, size_t size)
{
	return -EROFS;
}

static void file_release(struct object *object)
{
	struct ramdisk_file *file = object->private;

	spin_lock(&lock);
	if (file->object == object) /* or there is a new one already */
		file->object = NULL;
	spin_unlock(&lock);
}

/* The first of the names that share these contents. */
static struct ramdisk_file *first_name(const struct ramdisk_file *file)
{
	struct ramdisk_file *first;

	list_for_each (first, &ramdisk.files, link)
		if (first->data == file->data && first->size == file->size)
			return first;
	return NULL;
}

struct object *ramdisk_object(const struct ramdisk_file *name)
{
	static const struct object_source source = {.page_in = file_page_in,
		.write_back = file_write_back,
		.allow_write = file_allow_write,
		.release = file_release};
	struct ramdisk_file *file = first_name(name);
	struct object *fresh = object_create_from(file->size, &source, file), *object;

	if (!fresh)
		return NULL;
	spin_lock(&lock);
	object = file->object;
	if (!object || !object_try_get(object))
		object = file->object = fresh;
	spin_unlock(&lock);
	if (object != fresh)
		object_put(fresh);
	return object;
}
