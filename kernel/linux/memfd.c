/*
 * kernel/linux/memfd.c - files that are nothing but memory: made, and their size and
 * space changed. A served file's size is its server's business, and its space too.
 */
#include "kernel/ipc/server.h"
#include "kernel/linux/path.h"
#include "kernel/task/memory_file.h"
#include <linux/falloc.h>
#include <linux/memfd.h>

#define MFD_NAME_MAX 249 /* as Linux, which puts "memfd:" before it */

long sys_memfd_create(struct regs *regs)
{
	unsigned int flags = regs_arg(regs, 1);
	char name[MFD_NAME_MAX + 1];
	ssize_t length = user_get_string(name, regs_arg(regs, 0), sizeof(name));
	struct open *open;

	if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING))
		return -EINVAL;
	if (length < 0)
		return length == -EFAULT ? -EFAULT : -EINVAL;
	open = memory_file_create();
	if (!open)
		return -ENOMEM;
	return handles_add(current_task()->handles, open, 0, flags & MFD_CLOEXEC);
}

long sys_ftruncate(struct regs *regs)
{
	struct open *open = file_get(regs_arg(regs, 0));
	s64 size = regs_arg(regs, 1);
	long error = -EINVAL;

	if (!open)
		return -EBADF;
	if (size >= 0 && open->kind == OPEN_MEMORY && READ_ONCE(open->flags) & OPEN_WRITE)
		error = server_resize(open->object, size);
	open_put(open);
	return error;
}

static long punch(struct object *object, u64 start, u64 end, bool keep_size)
{
	return keep_size ? object_punch(object, start, end) : -EOPNOTSUPP;
}

/* Grown first: an object has no pages beyond its end. */
static long allocate(struct object *object, u64 start, u64 end, bool keep_size)
{
	if (object->source)
		return -EOPNOTSUPP; /* the server's; libc then writes zeros */
	if (!keep_size)
		object_grow(object, end);
	return object_allocate(object, start, min(end, object_size(object)));
}

static long change_space(struct open *open, int mode, u64 start, u64 end)
{
	bool keep_size = mode & FALLOC_FL_KEEP_SIZE;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	if (!(READ_ONCE(open->flags) & OPEN_WRITE))
		return -EBADF;
	if (open->kind != OPEN_MEMORY)
		return open->kind == OPEN_PIPE ? -ESPIPE : -ENODEV;
	if (end > OBJECT_SIZE_MAX)
		return -EFBIG;
	return mode & FALLOC_FL_PUNCH_HOLE
		       ? punch(open->object, start, end, keep_size)
		       : allocate(open->object, start, end, keep_size);
}

long sys_fallocate(struct regs *regs)
{
	struct open *open = file_get(regs_arg(regs, 0));
	s64 offset = regs_arg(regs, 2), length = regs_arg(regs, 3);
	long error = -EINVAL;

	if (!open)
		return -EBADF;
	if (offset >= 0 && length > 0)
		error = change_space(
			open, regs_arg(regs, 1), offset, (u64)offset + length);
	open_put(open);
	return error;
}
