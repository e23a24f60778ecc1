/*
 * kernel/task/memory_file.c - reading and writing memory objects through a handle.
 *
 * A write beyond the end makes the object larger, as with any file. Everything that can
 * be in each other's way is ordered by the object (mm/space/object.h).
 */
#include "kernel/task/memory_file.h"
#include "kernel/base/errno.h"

static ssize_t memory_read(struct open *open, void *to, size_t size, u64 offset)
{
	size_t done = 0;
	ssize_t some;

	do {
		some = object_read(
			open->object, offset + done, (char *)to + done, size - done);
		done += max(some, 0L);
	} while (some > 0 && done < size);
	return done ? (ssize_t)done : some;
}

static ssize_t memory_write(struct open *open, const void *from, size_t size, u64 offset)
{
	size_t done = 0;
	ssize_t some = 0;

	if (offset > OBJECT_SIZE_MAX || size > OBJECT_SIZE_MAX - offset)
		return -EFBIG;
	object_grow(open->object, offset + size);
	do {
		some = object_write(open->object, offset + done,
			(const char *)from + done, size - done);
		done += max(some, 0L);
	} while (some > 0 && done < size);
	return done || some >= 0 ? (ssize_t)done : some == -ENOMEM ? -ENOSPC : some;
}

static int memory_bring(struct open *open, u64 offset, bool write)
{
	int error = object_prepare(open->object, offset / PAGE_SIZE, write);

	return error == -EIO && offset >= object_size(open->object) ? 0 : error;
}

static void memory_copied(struct open *copy)
{
	object_get(copy->object);
}

static void memory_close(struct open *open)
{
	object_put(open->object);
}

struct open *memory_file_open(struct object *object)
{
	static const struct open_ops ops = {.read = memory_read,
		.write = memory_write,
		.bring = memory_bring,
		.close = memory_close,
		.copied = memory_copied};
	struct open *open =
		open_create(&ops, OPEN_MEMORY, OPEN_READ | OPEN_WRITE, object);

	if (!open)
		object_put(object);
	return open;
}

struct open *memory_file_create(void)
{
	struct object *object = object_create(0);

	return object ? memory_file_open(object) : NULL;
}
