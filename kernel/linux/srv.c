/*
 * kernel/linux/srv.c - /srv: a directory for each server, and its files in there.
 *
 * What files there are only the server knows: it is asked for each path, and cannot be
 * asked for a list. A file's object does the rest (kernel/ipc/server.h). fsync() and
 * msync() hand over what was written.
 */
#include "kernel/ipc/pager.h"
#include "kernel/ipc/server.h"
#include "kernel/linux/path.h"
#include "kernel/task/memory_file.h"
#include <asm/mman.h>

static void describe_directory(struct file_info *info)
{
	*info = (struct file_info){
		.mode = S_IFDIR | 0555, .links = 2, .inode = 1, .device = DEVICE_SRV};
}

static int server_exists(const char *name)
{
	struct open *open;
	int error = server_connect(name, &open);

	if (!error)
		open_put(open);
	return error;
}

int srv_lookup(const char *path, bool create, struct file_info *info)
{
	struct file_lookup found;
	int error = 0;

	describe_directory(info);
	if (!path[0])
		return 0;
	if (!strchr(path + 1, '/')) {
		error = server_exists(path + 1);
		return error == -ENOENT && create ? -EROFS : error;
	}
	error = server_lookup(path + 1, create ? PAGER_CREATE : 0, &found);
	if (error)
		return error;
	*info = (struct file_info){.mode = S_IFREG | 0666,
		.links = 1,
		.inode = found.file,
		.size = found.size,
		.device = DEVICE_SRV};
	return 0;
}

int srv_open(const char *path, struct open **open)
{
	struct object *object;
	int error = server_open(path + 1, &object);

	if (error)
		return error;
	*open = memory_file_open(object);
	return *open ? 0 : -ENOMEM;
}

bool srv_entry(const char *path, u64 index, struct entry *entry)
{
	if (path[0] || !server_name(index, entry->name))
		return false;
	describe_directory(&entry->info);
	return true;
}

/* MS_ASYNC alone waits for nothing, and as in Linux begins nothing either. */
long sys_msync(struct regs *regs)
{
	unsigned long address = regs_arg(regs, 0), length = regs_arg(regs, 1);
	unsigned long flags = regs_arg(regs, 2), both = MS_ASYNC | MS_SYNC;

	if (flags & ~(both | MS_INVALIDATE) || (flags & both) == both)
		return -EINVAL;
	return flags & MS_SYNC ? mm_sync(current()->mm, address, length)
			       : mm_advise(current()->mm, address, length);
}
