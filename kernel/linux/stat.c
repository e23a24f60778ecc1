/*
 * kernel/linux/stat.c - asking about files: stat and its kin, statfs, access, readlink.
 *
 * The structures' layouts are the machine's own (<asm/stat.h>). No state.
 */
#include "kernel/linux/path.h"
#undef __unused /* there it is the name of a field */
#include <asm/stat.h>
#include <asm/statfs.h>
#include <linux/magic.h>

#define BLOCK 512

static long put_stat(unsigned long to, const struct file_info *info)
{
	struct stat stat = {
		.st_dev = info->device,
		.st_ino = info->inode,
		.st_nlink = info->links,
		.st_mode = info->mode,
		.st_rdev = info->special,
		.st_size = info->size,
		.st_blksize = PAGE_SIZE,
		.st_blocks = ALIGN_UP(info->size, BLOCK) / BLOCK,
		.st_atime = info->mtime,
		.st_mtime = info->mtime,
		.st_ctime = info->mtime,
	};

	return user_put(to, &stat, sizeof(stat));
}

static int describe_fd(int fd, struct file_info *info)
{
	struct open *open = file_get(fd);

	if (!open)
		return -EBADF;
	tree_describe(open, info);
	open_put(open);
	return 0;
}

static int describe_path(int directory, unsigned long path, struct file_info *info)
{
	struct place place;
	int error = path_find(directory, path, &place);

	*info = place.info;
	return error;
}

/* AT_EMPTY_PATH with an empty path asks about the handle itself: how libc does fstat. */
static int describe_at(int fd, unsigned long path, int flags, struct file_info *info)
{
	char first;

	if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT |
			    AT_STATX_SYNC_TYPE))
		return -EINVAL;
	if (!(flags & AT_EMPTY_PATH) || fd == AT_FDCWD)
		return describe_path(fd, path, info);
	if (user_get(&first, path, 1))
		return -EFAULT;
	return first ? describe_path(fd, path, info) : describe_fd(fd, info);
}

long sys_stat(struct regs *regs)
{
	struct file_info info;
	int error = describe_path(AT_FDCWD, regs_arg(regs, 0), &info);

	return error ? error : put_stat(regs_arg(regs, 1), &info);
}

long sys_fstat(struct regs *regs)
{
	struct file_info info;
	int error = describe_fd(regs_arg(regs, 0), &info);

	return error ? error : put_stat(regs_arg(regs, 1), &info);
}

long sys_newfstatat(struct regs *regs)
{
	struct file_info info;
	int error = describe_at(
		regs_arg(regs, 0), regs_arg(regs, 1), regs_arg(regs, 3), &info);

	return error ? error : put_stat(regs_arg(regs, 2), &info);
}

/* Linux, too, tells of no blocks where only memory is the limit. */
static long tell_system(unsigned long path, unsigned long to)
{
	struct file_info info;
	int error = describe_path(AT_FDCWD, path, &info);
	struct statfs answer = {.f_bsize = PAGE_SIZE, .f_namelen = 255};

	if (error)
		return error;
	answer.f_type = info.device == DEVICE_TMP ? TMPFS_MAGIC : RAMFS_MAGIC;
	return user_put(to, &answer, sizeof(answer));
}

long sys_statfs(struct regs *regs)
{
	return tell_system(regs_arg(regs, 0), regs_arg(regs, 1));
}

#ifdef __NR_statfs64
long sys_statfs64(struct regs *regs)
{
	if (regs_arg(regs, 1) != sizeof(struct statfs))
		return -EINVAL;
	return tell_system(regs_arg(regs, 0), regs_arg(regs, 2));
}
#endif

#define MAY_EXECUTE 1
#define MAY_WRITE   2
#define MAY_ALL     7

static long check_access(int directory, unsigned long path, int mode)
{
	struct file_info info;
	int error;

	if (mode & ~MAY_ALL)
		return -EINVAL;
	error = describe_path(directory, path, &info);
	if (error)
		return error;
	if (mode & MAY_WRITE && !S_ISCHR(info.mode) && info.device != DEVICE_TMP)
		return -EROFS;
	if (mode & MAY_EXECUTE && !(info.mode & 0111))
		return -EACCES;
	return 0;
}

long sys_access(struct regs *regs)
{
	return check_access(AT_FDCWD, regs_arg(regs, 0), regs_arg(regs, 1));
}

long sys_faccessat(struct regs *regs)
{
	return check_access(regs_arg(regs, 0), regs_arg(regs, 1), regs_arg(regs, 2));
}

/* The only links are in /proc. */
static long read_link(int directory, unsigned long path, unsigned long to, int size)
{
	char text[PATH_LIMIT];
	struct place place;
	ssize_t length;
	int error = path_find(directory, path, &place);

	if (error)
		return error;
	if (size <= 0 || place.info.device != DEVICE_PROC)
		return -EINVAL;
	length = proc_link(place.path + strlen("/proc"), text, sizeof(text));
	if (length < 0)
		return length;
	length = min(length, (ssize_t)size);
	return user_put(to, text, length) ? -EFAULT : length;
}

long sys_readlink(struct regs *regs)
{
	return read_link(
		AT_FDCWD, regs_arg(regs, 0), regs_arg(regs, 1), regs_arg(regs, 2));
}

long sys_readlinkat(struct regs *regs)
{
	return read_link(regs_arg(regs, 0), regs_arg(regs, 1), regs_arg(regs, 2),
		regs_arg(regs, 3));
}
