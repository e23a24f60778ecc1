/*
 * kernel/linux/tree.c - the one tree of names: the ramdisk, with /dev, /sys, /proc, /srv
 * and /tmp in it.
 *
 * Constant after boot but for the last three: living tasks (proc.c), servers with their
 * files (srv.c), and files that are only memory (tmp.c). An open
 * directory holds a copy of its path; its offset is the number of the next entry.
 */
#include "kernel/linux/path.h"
#include "kernel/base/print.h"
#include "kernel/task/console.h"
#include "kernel/task/memory_file.h"
#include "kernel/task/ramdisk.h"
#include "kernel/task/random.h"
#include "mm/space/cache.h"

#define DEVICE(major, minor) ((major) << 8 | (minor))

/* What follows `top` in the path; NULL: the path is not `top` or below it. */
static const char *below(const char *path, const char *top)
{
	size_t length = strlen(top);

	if (strncmp(path, top, length) || (path[length] && path[length] != '/'))
		return NULL;
	return path + length;
}

/* --- /dev and /sys: one table of paths; their directories follow from them --- */

/* A list, as "0,1,3": libraries count CPUs by it. (By what a thread may run on, too, but
 * that need not be all.) */
static ssize_t cpus_read(struct open *open, void *to, size_t size, u64 offset)
{
	cpuset_t cpus = atomic_load(&cpus_online);
	char text[100];
	size_t used = 0;

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		if (cpus & 1U << cpu)
			used += format_text(text + used, sizeof(text) - used, "%s%u",
				used ? "," : "", cpu);
	text[used++] = '\n';
	if (offset >= used)
		return 0;
	size = min(size, used - (size_t)offset);
	memcpy(to, text + offset, size);
	return size;
}

static const struct open_ops cpus_ops = {.read = cpus_read, .seeks = true};

static struct open *cpus_open(void)
{
	return open_create(&cpus_ops, OPEN_DEVICE, 0, NULL);
}

#define THP "/sys/kernel/mm/transparent_hugepage/"
#define KHD(name, number, mode)                                                          \
	{                                                                                \
		THP "khugepaged/" name, DEVICE(241, KHUGEPAGED_##number), mode,          \
			huge_setting_open                                                \
	}

static const struct device {
	const char *path;
	u32 number;
	u32 mode;
	struct open *(*open)(void);
} devices[] = {
	{"/dev/console", DEVICE(5, 1), 0620, console_open},
	{"/dev/tty", DEVICE(5, 0), 0666, console_open},
	{"/dev/null", DEVICE(1, 3), 0666, null_open},
	{"/dev/zero", DEVICE(1, 5), 0666, zero_open},
	{"/dev/random", DEVICE(1, 8), 0666, random_open},
	{"/dev/urandom", DEVICE(1, 9), 0666, random_open},
	{"/dev/dma", DEVICE(240, 1), 0666, dma_open},
	{"/dev/aperture", DEVICE(240, 2), 0666, aperture_open},
	{"/dev/contig", DEVICE(240, 4), 0666, contig_open},
	{"/proc/sys/vm/drop_caches", DEVICE(240, 3), 0200, drop_caches_open},
	{"/sys/kernel/debug/gup_test", DEVICE(240, 0), 0600, gup_test_open},
	{"/sys/kernel/debug/split_huge_pages", DEVICE(241, HUGE_SPLIT), 0200,
		huge_split_open},
#ifdef ORIGAMI_LAB
	{"/sys/kernel/debug/fail", DEVICE(240, 5), 0600, fail_file_open},
#endif
	{"/sys/devices/system/cpu/online", DEVICE(240, 6), 0444, cpus_open},
	{THP "enabled", DEVICE(241, HUGE_ENABLED), 0644, huge_setting_open},
	{THP "hpage_pmd_size", DEVICE(241, HUGE_PMD_SIZE), 0444, huge_setting_open},
	{THP "defrag", DEVICE(241, HUGE_DEFRAG), 0644, huge_setting_open},
	{THP "shmem_enabled", DEVICE(241, HUGE_SHMEM), 0644, huge_setting_open},
	{THP "use_zero_page", DEVICE(241, HUGE_ZERO_PAGE), 0644, huge_setting_open},
	KHD("defrag", DEFRAG, 0644),
	KHD("max_ptes_none", NONE, 0644),
	KHD("max_ptes_shared", SHARED, 0644),
	KHD("max_ptes_swap", SWAP, 0644),
	KHD("pages_to_scan", PAGES, 0644),
	KHD("scan_sleep_millisecs", SCAN, 0644),
	KHD("alloc_sleep_millisecs", ALLOC, 0644),
	KHD("pages_collapsed", COLLAPSED, 0444),
	KHD("full_scans", SCANS, 0444),
};

static const struct device *find_device(const char *path)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(devices); i++)
		if (!strcmp(devices[i].path, path))
			return &devices[i];
	return NULL;
}

static void describe_directory(u32 device, struct file_info *info)
{
	*info = (struct file_info){
		.mode = S_IFDIR | (device == DEVICE_TMP ? 01777 : 0555),
		.links = 2,
		.inode = 1,
		.device = device};
}

static void describe_device(u32 number, struct file_info *info)
{
	*info = (struct file_info){.mode = S_IFCHR,
		.links = 1,
		.inode = 2 + number,
		.device = DEVICE_DEV,
		.special = number};
	for (unsigned int i = 0; i < ARRAY_SIZE(devices); i++)
		if (devices[i].number == number)
			info->mode |= devices[i].mode;
}

/* What is a prefix of a device's path is a directory. */
static int device_lookup(const char *path, struct file_info *info)
{
	const struct device *device = find_device(path);

	if (device) {
		describe_device(device->number, info);
		return 0;
	}
	describe_directory(DEVICE_DEV, info);
	for (unsigned int i = 0; i < ARRAY_SIZE(devices); i++)
		if (below(devices[i].path, path))
			return 0;
	return -ENOENT;
}

/* --- the ramdisk --- */

static void describe_file(const struct ramdisk_file *file, struct file_info *info)
{
	*info = (struct file_info){.mode = file->mode,
		.links = file->links,
		.inode = file->inode,
		.size = file->size,
		.mtime = file->mtime,
		.device = DEVICE_RAMDISK,
		.file = file};
}

static int ramdisk_lookup(const char *path, struct file_info *info)
{
	const struct ramdisk_file *file = ramdisk_find(&ramdisk, path + 1);

	if (!file)
		return -ENOENT;
	describe_file(file, info);
	return 0;
}

/* --- all of them --- */

static bool in_devices(const char *path)
{
	return below(path, "/dev") || below(path, "/sys") || find_device(path);
}

int tree_lookup(const char *path, struct file_info *info)
{
	const char *rest;

	if (in_devices(path))
		return device_lookup(path, info);
	if ((rest = below(path, "/proc")))
		return proc_lookup(rest, info);
	if ((rest = below(path, "/srv")))
		return srv_lookup(rest, false, info);
	if ((rest = below(path, "/tmp"))) {
		describe_directory(DEVICE_TMP, info);
		return !*rest || tmp_find(rest + 1, 0, info, NULL) ? 0 : -ENOENT;
	}
	return ramdisk_lookup(path, info);
}

int tree_create(const char *path, int flags, struct open **open)
{
	const char *rest;
	struct file_info info;

	if ((rest = below(path, "/srv")))
		return srv_lookup(rest, true, &info) ?: srv_open(rest, open);
	return (rest = below(path, "/tmp")) ? tmp_open(rest + 1, flags, open) : -EROFS;
}

static void directory_close(struct open *open)
{
	kfree(open->object);
}

static const struct open_ops directory_ops = {.close = directory_close};

static struct open *directory_open(const char *path)
{
	char *copy = kmalloc(strlen(path) + 1);
	struct open *open = NULL;

	if (copy) {
		string_copy(copy, path, strlen(path) + 1);
		open = open_create(&directory_ops, OPEN_DIRECTORY, 0, copy);
	}
	if (!open)
		kfree(copy);
	return open;
}

static struct open *device_open(const char *path)
{
	const struct device *device = find_device(path);
	struct open *open = device->open();

	if (open)
		open->device = device->number;
	return open;
}

int tree_open(const struct place *place, struct open **open)
{
	if (S_ISDIR(place->info.mode))
		*open = directory_open(place->path);
	else if (S_ISCHR(place->info.mode))
		*open = device_open(place->path);
	else if (place->info.device == DEVICE_SRV)
		return srv_open(below(place->path, "/srv"), open);
	else if (place->info.device == DEVICE_TMP)
		return tmp_open(below(place->path, "/tmp") + 1, 0, open);
	else if (place->info.file)
		*open = ramdisk_open(place->info.file);
	else
		return proc_open(below(place->path, "/proc"), open);
	return *open ? 0 : -ENOMEM;
}

void tree_describe(struct open *open, struct file_info *info)
{
	switch (open->kind) {
	case OPEN_DIRECTORY:
		if (tree_lookup(open->object, info))
			describe_directory(DEVICE_PROC, info); /* the process has ended */
		break;
	case OPEN_FILE:
		if (proc_describes(open))
			*info = (struct file_info){.mode = S_IFREG | 0444,
				.links = 1,
				.device = DEVICE_PROC};
		else
			describe_file(open->object, info);
		break;
	case OPEN_PIPE:
		*info = (struct file_info){.mode = S_IFIFO | 0600, .links = 1};
		break;
	case OPEN_CONSOLE:
		describe_device(DEVICE(5, 1), info);
		break;
	case OPEN_NULL:
		describe_device(DEVICE(1, 3), info);
		break;
	case OPEN_ZERO:
		describe_device(DEVICE(1, 5), info);
		break;
	case OPEN_MEMORY:
		*info = (struct file_info){.mode = S_IFREG | 0666,
			.links = 1,
			.inode = open->device,
			.device = open->device ? DEVICE_TMP : 0,
			.size = object_size(open->object)};
		break;
	case OPEN_ENDPOINT:
	case OPEN_SOCKET:
		*info = (struct file_info){.mode = S_IFSOCK | 0600, .links = 1};
		break;
	case OPEN_APERTURE:
	case OPEN_DEVICE:
		describe_device(open->device, info);
		break;
	}
}

/* --- directory entries --- */

/* The index-th of a directory. Devices below the same one stand together in the table. */
static bool device_entry(const char *directory, u64 index, struct entry *entry)
{
	char path[PATH_LIMIT] = "", *end;
	const char *rest;

	for (unsigned int i = 0; i < ARRAY_SIZE(devices); i++) {
		rest = below(devices[i].path, directory);
		if (!rest || !*rest || (*path && below(devices[i].path, path)))
			continue;
		string_copy(entry->name, rest + 1, sizeof(entry->name));
		end = strchr(entry->name, '/');
		if (end)
			*end = '\0';
		format_text(path, sizeof(path), "%s/%s", directory, entry->name);
		if (!index--)
			return device_lookup(path, &entry->info) == 0;
	}
	return false;
}

static const char *const mounted[] = {"dev", "sys", "proc", "srv", "tmp"};

static bool is_mounted(const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(mounted); i++)
		if (!strcmp(mounted[i], name))
			return true;
	return false;
}

/* In the root, the mount points come first and hide what the ramdisk has there. */
static bool ramdisk_entry(const char *path, u64 index, struct entry *entry)
{
	const struct ramdisk_file *directory = ramdisk_find(&ramdisk, path + 1);
	const struct ramdisk_file *file = NULL;
	bool root = !path[1];

	if (root && index < ARRAY_SIZE(mounted)) {
		string_copy(entry->name, mounted[index], sizeof(entry->name));
		describe_directory(
			index < 2 ? DEVICE_DEV : DEVICE_PROC + (index - 2), &entry->info);
		return true;
	}
	index -= root ? ARRAY_SIZE(mounted) : 0;
	if (!directory)
		return false;
	while ((file = ramdisk_next(&ramdisk, directory, file))) {
		const char *name = ramdisk_name(file);

		if (root && is_mounted(name))
			continue;
		if (index-- == 0)
			break;
	}
	if (!file)
		return false;
	string_copy(entry->name, ramdisk_name(file), sizeof(entry->name));
	describe_file(file, &entry->info);
	return true;
}

bool tree_entry(const char *directory, u64 index, struct entry *entry)
{
	const char *rest;

	if (index < 2) {
		string_copy(entry->name, index ? ".." : ".", sizeof(entry->name));
		return tree_lookup(directory, &entry->info) == 0;
	}
	index -= 2;
	if ((rest = below(directory, "/proc")))
		return proc_entry(rest, index, entry);
	if ((rest = below(directory, "/srv")))
		return srv_entry(rest, index, entry);
	if (below(directory, "/tmp"))
		return tmp_find(NULL, index, &entry->info, entry->name);
	if (in_devices(directory))
		return device_entry(directory, index, entry);
	return ramdisk_entry(directory, index, entry);
}
