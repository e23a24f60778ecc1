/*
 * kernel/linux/path.c - paths as text: joining, canonical form, the working directory.
 *
 * The working directory is a canonical path in the task (l:lock of its Linux part). ".."
 * is taken away textually, which is right because no directory can be reached by two
 * paths. Calls that would change a directory all answer -EROFS, but for unlink() in /tmp.
 */
#include "kernel/linux/path.h"
#include "kernel/base/atomic.h"

/* Append the components of `text` to `path` ("" is the root). 0 or -ENAMETOOLONG. */
static int append(char *path, const char *text)
{
	size_t length = strlen(path);

	while (*text) {
		const char *end = strchr(text, '/');
		size_t size = end ? (size_t)(end - text) : strlen(text);

		if (size == 2 && !memcmp(text, "..", 2)) {
			while (length && path[--length] != '/')
				;
		} else if (size && !(size == 1 && *text == '.')) {
			if (length + size + 2 > PATH_LIMIT)
				return -ENAMETOOLONG;
			path[length++] = '/';
			memcpy(path + length, text, size);
			length += size;
		}
		path[length] = '\0';
		text += size + (end != NULL);
	}
	return 0;
}

static void copy_directory(char *path)
{
	struct linux_task *state = linux_task();

	spin_lock(&state->lock);
	memcpy(path, state->directory, PATH_LIMIT);
	spin_unlock(&state->lock);
}

static int directory_of(int fd, char *path)
{
	struct open *open;
	int error = 0;

	if (fd == AT_FDCWD) {
		copy_directory(path);
		return 0;
	}
	open = file_get(fd);
	if (!open)
		return -EBADF;
	if (open->kind == OPEN_DIRECTORY)
		string_copy(path, open->object, PATH_LIMIT);
	else
		error = -ENOTDIR;
	open_put(open);
	return error;
}

/* As path_resolve(); *slash: the path ends like one of a directory. */
static int resolve(int directory, unsigned long user_path, char *path, bool *slash)
{
	char text[PATH_LIMIT];
	ssize_t length = user_get_string(text, user_path, sizeof(text));
	int error = 0;

	if (length <= 0)
		return length ? length : -ENOENT;
	*slash = text[length - 1] == '/';
	path[0] = '\0';
	if (text[0] != '/')
		error = directory_of(directory, path);
	if (error)
		return error;
	if (!strcmp(path, "/"))
		path[0] = '\0';
	error = append(path, text);
	if (!path[0])
		string_copy(path, "/", PATH_LIMIT);
	return error;
}

int path_resolve(int directory, unsigned long user_path, char *path)
{
	bool slash;

	return resolve(directory, user_path, path, &slash);
}

/* Nothing is there: because what should be a directory on the way is none? */
static int why_missing(const char *path)
{
	struct place above;
	char *end;

	string_copy(above.path, path, PATH_LIMIT);
	while ((end = strrchr(above.path, '/')) && end != above.path) {
		*end = '\0';
		if (!tree_lookup(above.path, &above.info))
			return S_ISDIR(above.info.mode) ? -ENOENT : -ENOTDIR;
	}
	return -ENOENT;
}

int path_find(int directory, unsigned long user_path, struct place *place)
{
	bool slash;
	int error = resolve(directory, user_path, place->path, &slash);

	if (error)
		return error;
	error = tree_lookup(place->path, &place->info);
	if (error == -ENOENT)
		return why_missing(place->path);
	if (!error && slash && !S_ISDIR(place->info.mode))
		return -ENOTDIR;
	return error;
}

/* --- calls --- */

long sys_getcwd(struct regs *regs)
{
	char path[PATH_LIMIT];
	size_t size;

	copy_directory(path);
	size = strlen(path) + 1;
	if (regs_arg(regs, 1) < size)
		return -ERANGE;
	return user_put(regs_arg(regs, 0), path, size) ? -EFAULT : (long)size;
}

static int change_directory(const char *path, const struct file_info *info)
{
	struct linux_task *state = linux_task();

	if (!S_ISDIR(info->mode))
		return -ENOTDIR;
	spin_lock(&state->lock);
	string_copy(state->directory, path, PATH_LIMIT);
	spin_unlock(&state->lock);
	return 0;
}

long sys_chdir(struct regs *regs)
{
	struct place place;
	int error = path_find(AT_FDCWD, regs_arg(regs, 0), &place);

	return error ? error : change_directory(place.path, &place.info);
}

long sys_fchdir(struct regs *regs)
{
	struct place place;
	int fd = regs_arg(regs, 0);
	int error = fd == AT_FDCWD ? -EBADF : directory_of(fd, place.path);

	if (!error)
		error = tree_lookup(place.path, &place.info);
	return error ? error : change_directory(place.path, &place.info);
}

long sys_umask(struct regs *regs)
{
	return atomic_exchange(&linux_task()->umask, regs_arg(regs, 0) & 0777);
}

/* What would change a directory: to `unlink` a name, or something else. */
static long change(int directory, unsigned long user_path, bool unlink)
{
	struct place place;
	int error = path_find(directory, user_path, &place);

	if (error && (unlink || error != -ENOENT))
		return error;
	if (!unlink)
		return -EROFS;
	if (S_ISDIR(place.info.mode))
		return -EISDIR;
	return place.info.device == DEVICE_TMP ? tmp_remove(strrchr(place.path, '/') + 1)
					       : -EROFS;
}

/* And under their numbers all that would change the ramdisk. */
long sys_mkdir(struct regs *regs)
{
	return change(AT_FDCWD, regs_arg(regs, 0), false);
}

long sys_mkdirat(struct regs *regs)
{
	return change(regs_arg(regs, 0), regs_arg(regs, 1), false);
}

long sys_unlink(struct regs *regs)
{
	return change(AT_FDCWD, regs_arg(regs, 0), true);
}

/* With a flag it is rmdir(). */
long sys_unlinkat(struct regs *regs)
{
	return change(regs_arg(regs, 0), regs_arg(regs, 1), !regs_arg(regs, 2));
}
