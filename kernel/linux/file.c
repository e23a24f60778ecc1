/*
 * kernel/linux/file.c - file descriptors: read and write, open, dup, pipe, fcntl.
 *
 * Descriptors are the handles of kernel/task, which also moves the bytes and owns all
 * locks; here numbers and flags are translated. Files can be written that are memory, of
 * servers and in /tmp: a change to the ramdisk's is -EROFS.
 */
#include "kernel/linux/path.h"
#include "kernel/ipc/server.h"
#include "kernel/task/pipe.h"
#include "kernel/task/memory_file.h"
#include "mm/space/frame.h"
#include <linux/fs.h>
#include <linux/uio.h>

struct open *file_get(int fd)
{
	return handles_lookup(current_task()->handles, fd);
}

/* --- reading and writing --- */

/* `position` is that of pread and pwrite; NULL: the open object's own. */
static long transfer(
	int fd, unsigned long address, size_t size, const u64 *position, bool write)
{
	struct open *open = file_get(fd);
	ssize_t result;

	if (!open)
		return -EBADF;
	if (position && open_is_stream(open))
		result = -ESPIPE;
	else if (write && open->kind == OPEN_SOCKET && size > PIPE_ATOMIC)
		result = -EMSGSIZE; /* it would be two */
	else if (write)
		result = open_write_user(open, address, size, position);
	else
		result = open_read_user(open, address, size, position);
	open_put(open);
	if (result == -EPIPE)
		signal_send_self(SIGPIPE);
	return result;
}

static long transfer_on(struct regs *regs, bool write)
{
	return transfer(
		regs_arg(regs, 0), regs_arg(regs, 1), regs_arg(regs, 2), NULL, write);
}

static long transfer_at(struct regs *regs, bool write)
{
	u64 position = regs_arg(regs, 3);

	if ((s64)position < 0)
		return -EINVAL;
	return transfer(regs_arg(regs, 0), regs_arg(regs, 1), regs_arg(regs, 2),
		&position, write);
}

long sys_read(struct regs *regs)
{
	return transfer_on(regs, false);
}

long sys_write(struct regs *regs)
{
	return transfer_on(regs, true);
}

long sys_pread64(struct regs *regs)
{
	return transfer_at(regs, false);
}

long sys_pwrite64(struct regs *regs)
{
	return transfer_at(regs, true);
}

/* One buffer after the other, until one is not filled; what was done counts. */
static long transfer_vector(struct regs *regs, bool write)
{
	unsigned long array = regs_arg(regs, 1), count = regs_arg(regs, 2);
	int fd = regs_arg(regs, 0);
	struct iovec vector;
	long done = 0, result = 0;

	if (count > UIO_MAXIOV)
		return -EINVAL;
	for (unsigned long i = 0; i < count; i++) {
		if (user_get(&vector, array + i * sizeof(vector), sizeof(vector)))
			return done ? done : -EFAULT;
		if (!vector.iov_len && i + 1 < count)
			continue;
		result = transfer(
			fd, (unsigned long)vector.iov_base, vector.iov_len, NULL, write);
		if (result < 0)
			break;
		done += result;
		if ((size_t)result < vector.iov_len)
			break;
	}
	return done ? done : result;
}

long sys_readv(struct regs *regs)
{
	return transfer_vector(regs, false);
}

long sys_writev(struct regs *regs)
{
	return transfer_vector(regs, true);
}

static s64 seek_locked(struct open *open, s64 distance, int whence)
{
	u64 end = open->kind == OPEN_MEMORY ? object_size(open->object) : open->size;
	s64 base = whence == SEEK_CUR ? open->offset : whence == SEEK_END ? end : 0UL;
	s64 to;

	if (whence < SEEK_SET || whence > SEEK_END ||
		__builtin_add_overflow(base, distance, &to) || to < 0)
		return -EINVAL;
	open->offset = to;
	return to;
}

long sys_lseek(struct regs *regs)
{
	struct open *open = file_get(regs_arg(regs, 0));
	s64 result = -ESPIPE;

	if (!open)
		return -EBADF;
	if (!open_is_stream(open)) {
		mutex_lock(&open->lock);
		result = seek_locked(open, regs_arg(regs, 1), regs_arg(regs, 2));
		mutex_unlock(&open->lock);
	}
	open_put(open);
	return result;
}

/* --- opening and closing --- */

static unsigned int open_flags(int flags)
{
	static const unsigned int access[] = {
		OPEN_READ, OPEN_WRITE, OPEN_READ | OPEN_WRITE, 0};

	return access[flags & O_ACCMODE] | (flags & O_APPEND ? OPEN_APPEND : 0) |
	       (flags & O_NONBLOCK ? OPEN_NONBLOCK : 0);
}

/* May a file like this be opened with these flags? */
static int check_open(const struct file_info *info, int flags)
{
	bool writes = (flags & O_ACCMODE) != O_RDONLY;

	if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return -EEXIST;
	if (S_ISDIR(info->mode))
		return writes || flags & O_CREAT ? -EISDIR : 0;
	if (flags & O_DIRECTORY)
		return -ENOTDIR;
	if (info->device == DEVICE_SRV || info->device == DEVICE_TMP)
		return 0; /* its server decides, if any */
	if (S_ISREG(info->mode) && (writes || flags & O_TRUNC))
		return info->device != DEVICE_PROC ? -EROFS
		       : info->mode & 0200         ? 0
						   : -EACCES;
	return 0;
}

/* O_TMPFILE: memory that has no name. */
static int open_unnamed(const struct place *place, int flags, struct open **open)
{
	if (!S_ISDIR(place->info.mode))
		return -ENOTDIR;
	if ((flags & O_ACCMODE) == O_RDONLY)
		return -EINVAL;
	if (place->info.device != DEVICE_RAMDISK && place->info.device != DEVICE_TMP)
		return -EOPNOTSUPP;
	*open = memory_file_create();
	return *open ? 0 : -ENOMEM;
}

static int open_place(const struct place *place, int flags, struct open **open)
{
	int error;

	if ((flags & O_TMPFILE) == O_TMPFILE)
		return open_unnamed(place, flags, open);
	error = check_open(&place->info, flags);
	return error ? error : tree_open(place, open);
}

static long open_at(int directory, unsigned long path, int flags)
{
	struct open *open;
	struct place place;
	int error = path_find(directory, path, &place);

	if (!error)
		error = open_place(&place, flags, &open);
	if (error == -ENOENT && flags & O_CREAT)
		error = tree_create(place.path, flags, &open);
	if (error)
		return error;
	open->flags = open_flags(flags);
	if (open->kind == OPEN_MEMORY && flags & O_TRUNC)
		error = server_resize(open->object, 0);
	if (error) {
		open_put(open);
		return error;
	}
	return handles_add(current_task()->handles, open, 0, flags & O_CLOEXEC);
}

long sys_open(struct regs *regs)
{
	return open_at(AT_FDCWD, regs_arg(regs, 0), regs_arg(regs, 1));
}

long sys_openat(struct regs *regs)
{
	return open_at(regs_arg(regs, 0), regs_arg(regs, 1), regs_arg(regs, 2));
}

long sys_close(struct regs *regs)
{
	return handles_close(current_task()->handles, regs_arg(regs, 0));
}

/* Of servers' files: who wants to be sure of one says fsync(). */
long sys_sync(struct regs *regs)
{
	return 0;
}

long sys_fsync(struct regs *regs)
{
	struct open *open = file_get(regs_arg(regs, 0));
	long result = -EINVAL;

	if (!open)
		return -EBADF;
	if (open->kind == OPEN_MEMORY)
		result = server_sync(open->object);
	else if (open->kind == OPEN_FILE || open->kind == OPEN_DIRECTORY)
		result = 0;
	open_put(open);
	return result;
}

/* --- dup and pipe --- */

static long duplicate(int fd, int from, bool close_on_exec)
{
	struct open *open = file_get(fd);

	if (!open)
		return -EBADF;
	return handles_add(current_task()->handles, open, from, close_on_exec);
}

static long duplicate_to(int fd, int to, int flags)
{
	struct open *open;

	if (flags & ~O_CLOEXEC)
		return -EINVAL;
	if (to < 0 || to >= HANDLES_MAX)
		return -EBADF;
	open = file_get(fd);
	if (!open)
		return -EBADF;
	return handles_replace(current_task()->handles, to, open, flags & O_CLOEXEC);
}

long sys_dup(struct regs *regs)
{
	return duplicate(regs_arg(regs, 0), 0, false);
}

long sys_dup2(struct regs *regs)
{
	int fd = regs_arg(regs, 0), to = regs_arg(regs, 1);
	struct open *open;

	if (fd != to)
		return duplicate_to(fd, to, 0);
	open = file_get(fd);
	if (!open)
		return -EBADF;
	open_put(open);
	return to;
}

long sys_dup3(struct regs *regs)
{
	int fd = regs_arg(regs, 0), to = regs_arg(regs, 1);

	return fd == to ? -EINVAL : duplicate_to(fd, to, regs_arg(regs, 2));
}

/* Both numbers or none. Takes over the ends. */
static int add_ends(struct open *ends[2], bool close_on_exec, int fds[2])
{
	struct handles *handles = current_task()->handles;

	fds[0] = handles_add(handles, ends[0], 0, close_on_exec);
	if (fds[0] < 0) {
		open_put(ends[1]);
		return fds[0];
	}
	fds[1] = handles_add(handles, ends[1], 0, close_on_exec);
	if (fds[1] >= 0)
		return 0;
	handles_close(handles, fds[0]);
	return fds[1];
}

long file_add_pair(struct open *ends[2], bool close_on_exec, unsigned long to)
{
	int fds[2];
	int error = add_ends(ends, close_on_exec, fds);

	if (error)
		return error;
	if (!user_put(to, fds, sizeof(fds)))
		return 0;
	handles_close(current_task()->handles, fds[0]);
	handles_close(current_task()->handles, fds[1]);
	return -EFAULT;
}

static long make_pipe(unsigned long to, int flags)
{
	struct open *ends[2];
	int error;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	error = pipe_create(ends, false);
	if (error)
		return error;
	if (flags & O_NONBLOCK) {
		ends[0]->flags |= OPEN_NONBLOCK;
		ends[1]->flags |= OPEN_NONBLOCK;
	}
	return file_add_pair(ends, flags & O_CLOEXEC, to);
}

long sys_pipe(struct regs *regs)
{
	return make_pipe(regs_arg(regs, 0), 0);
}

long sys_pipe2(struct regs *regs)
{
	return make_pipe(regs_arg(regs, 0), regs_arg(regs, 1));
}

/* --- fcntl and ioctl --- */

static long get_flags(const struct open *open)
{
	unsigned int flags = READ_ONCE(open->flags);
	long access = O_RDONLY;

	if (flags & OPEN_WRITE)
		access = flags & OPEN_READ ? O_RDWR : O_WRONLY;
	return access | (flags & OPEN_APPEND ? O_APPEND : 0) |
	       (flags & OPEN_NONBLOCK ? O_NONBLOCK : 0) |
	       (open->kind == OPEN_DIRECTORY ? O_DIRECTORY : 0);
}

static long set_flags(struct open *open, int flags)
{
	unsigned int changeable = OPEN_APPEND | OPEN_NONBLOCK;

	mutex_lock(&open->lock);
	open->flags = (open->flags & ~changeable) | (open_flags(flags) & changeable);
	mutex_unlock(&open->lock);
	return 0;
}

/* The commands about a number in the table. */
static long fcntl_handle(int fd, int command, unsigned long argument)
{
	struct handles *handles = current_task()->handles;
	bool value;

	switch (command) {
	case F_GETFD:
		return handles_close_on_exec(handles, fd, NULL);
	case F_SETFD:
		value = argument & FD_CLOEXEC;
		return min(handles_close_on_exec(handles, fd, &value), 0);
	default:
		if (argument >= HANDLES_MAX)
			return -EINVAL;
		return duplicate(fd, argument, command == F_DUPFD_CLOEXEC);
	}
}

long sys_fcntl(struct regs *regs)
{
	int fd = regs_arg(regs, 0), command = regs_arg(regs, 1);
	unsigned long argument = regs_arg(regs, 2);
	struct open *open;
	long result = -EINVAL;

	if (command == F_GETFD || command == F_SETFD || command == F_DUPFD ||
		command == F_DUPFD_CLOEXEC)
		return fcntl_handle(fd, command, argument);
	open = file_get(fd);
	if (!open)
		return -EBADF;
	if (command == F_GETFL)
		result = get_flags(open);
	else if (command == F_SETFL)
		result = set_flags(open, argument);
	open_put(open);
	return result;
}

long sys_ioctl(struct regs *regs)
{
	struct open *open = file_get(regs_arg(regs, 0));
	long result = -ENOTTY;

	if (!open)
		return -EBADF;
	if (open->kind == OPEN_CONSOLE)
		result = terminal_ioctl(regs_arg(regs, 1), regs_arg(regs, 2));
	else if (open->ops->control)
		result = open->ops->control(open, regs_arg(regs, 1), regs_arg(regs, 2));
	open_put(open);
	return result;
}

/* --- directories --- */

struct dirent {
	u64 inode;
	s64 next;
	u16 size;
	u8 type;
	char name[];
};

#define NAME_OFFSET offsetof(struct dirent, name)

/* Append an entry, if it fits; returns its size or 0. */
static size_t put_entry(char *to, size_t room, const struct entry *entry, u64 next)
{
	struct dirent *dirent = (struct dirent *)to;
	size_t length = strlen(entry->name) + 1;
	size_t size = ALIGN_UP(NAME_OFFSET + length, 8);

	if (size > room)
		return 0;
	dirent->inode = entry->info.inode;
	dirent->next = next;
	dirent->size = size;
	dirent->type = entry->info.mode >> 12; /* DT_* is what S_IF* says */
	memset(to + NAME_OFFSET, 0, size - NAME_OFFSET);
	memcpy(dirent->name, entry->name, length);
	return size;
}

/* Fill a kernel page with entries from number *next on, and move *next. */
static ssize_t read_entries(struct open *open, u64 *next, char *to, size_t room)
{
	struct entry entry;
	size_t done = 0, size;

	while (tree_entry(open->object, *next, &entry)) {
		size = put_entry(to + done, room - done, &entry, *next + 1);
		if (!size)
			break;
		done += size;
		++*next;
	}
	if (!done && tree_entry(open->object, *next, &entry))
		return -EINVAL; /* not even one fits */
	return done;
}

/* Two readers of one open directory may see an entry twice: its lock cannot be held, as
 * /proc needs the tree lock, which comes before it. */
static long get_entries(struct open *open, unsigned long to, size_t size)
{
	struct page *page = frame_alloc(0, PAGE_KERNEL, 0);
	u64 next = READ_ONCE(open->offset);
	ssize_t done;

	if (!page)
		return -ENOMEM;
	done = read_entries(open, &next, page_address(page), min(size, PAGE_SIZE));
	if (done > 0 && user_put(to, page_address(page), done))
		done = -EFAULT;
	page_put(page);
	if (done > 0) {
		mutex_lock(&open->lock);
		open->offset = next;
		mutex_unlock(&open->lock);
	}
	return done;
}

long sys_getdents64(struct regs *regs)
{
	struct open *open = file_get(regs_arg(regs, 0));
	long result = -ENOTDIR;

	if (!open)
		return -EBADF;
	if (open->kind == OPEN_DIRECTORY)
		result = get_entries(open, regs_arg(regs, 1), (u32)regs_arg(regs, 2));
	open_put(open);
	return result;
}
