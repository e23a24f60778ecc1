/*
 * kernel/task/ramdisk.c - the index of the cpio archives that make up the ramdisk.
 *
 * A "newc" archive is a sequence of members, each a header of 110 ASCII bytes (a magic
 * and 13 hexadecimal numbers), a name with its NUL, the contents; name and contents are
 * padded to 4 bytes. A member named TRAILER!!! ends it. Hard links are members with the
 * same inode number of which only one carries the contents.
 *
 * The image comes from outside: no number in it is used before it was compared with what
 * is left. The first thing that is wrong ends the indexing, with a reason and its offset;
 * what came before is usable. The index is constant afterwards, so it has no lock.
 */
#include "kernel/task/ramdisk.h"
#include "kernel/base/errno.h"
#include "kernel/base/print.h"
#include "kernel/base/string.h"
#include "kernel/task/handle.h"
#include "mm/space/cache.h"

#define HEADER_SIZE 110
#define MAGIC       "070701"
#define TRAILER     "TRAILER!!!"
#define PATH_MAX    4096

/* The header's numbers that we use, by position. */
enum field {
	INODE,
	MODE,
	UID,
	GID,
	LINKS,
	MTIME,
	SIZE,
	NAME_SIZE = 11,
	FIELDS = 13
};

struct member {
	u32 field[FIELDS];
	const char *name;
	const char *data;
	size_t next; /* offset of the next header */
};

struct ramdisk ramdisk;

static bool hex_field(const char *text, u32 *value)
{
	*value = 0;
	for (int i = 0; i < 8; i++) {
		char c = text[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;

		if (digit < 0)
			return false;
		*value = *value << 4 | digit;
	}
	return true;
}

/* Decode and check the member at `offset`. */
static const char *member_read(
	const char *image, size_t size, size_t offset, struct member *member)
{
	size_t left = size - offset, name_end, data_end;

	if (left < HEADER_SIZE)
		return "the header is cut off";
	if (memcmp(image + offset, MAGIC, 6))
		return "this is not a cpio newc header (070701)";
	for (int i = 0; i < FIELDS; i++)
		if (!hex_field(image + offset + 6 + 8 * i, &member->field[i]))
			return "a header field is not a hexadecimal number";
	if (!member->field[NAME_SIZE] || member->field[NAME_SIZE] > PATH_MAX)
		return "the length of the name is impossible";
	name_end = HEADER_SIZE + member->field[NAME_SIZE];
	/* SAFE(ramdisk_bounds): without it a damaged length makes a file of memory
	 * behind the ramdisk. */
	data_end = ALIGN_UP(name_end, 4) + member->field[SIZE];
	if (name_end > left || data_end > left)
		return "the member is cut off";
	member->name = image + offset + HEADER_SIZE;
	if (strnlen(member->name, name_end) + 1 != member->field[NAME_SIZE])
		return "the name and its length disagree";
	member->data = image + offset + ALIGN_UP(name_end, 4);
	member->next = min(offset + ALIGN_UP(data_end, 4), size);
	return NULL;
}

static struct ramdisk_file *find(
	const struct ramdisk *disk, const char *path, size_t length)
{
	struct ramdisk_file *file;

	list_for_each (file, &disk->files, link)
		if (!strncmp(file->path, path, length) && !file->path[length])
			return file;
	return NULL;
}

/* The entry for path, made if there is none; the path's text must stay. */
static struct ramdisk_file *enter(struct ramdisk *disk, const char *path)
{
	struct ramdisk_file *file = find(disk, path, strlen(path));

	if (!file) {
		file = kmalloc(sizeof(*file));
		if (!file)
			return NULL;
		file->path = path;
		list_append(&disk->files, &file->link);
	}
	file->inode = ++disk->inodes;
	return file;
}

/* Without a leading "/" or "./"; NULL if a component is empty, "." or "..". */
static const char *normalise(const char *name)
{
	const char *part, *end;

	name += !strncmp(name, "./", 2) ? 2 : *name == '/' || !strcmp(name, ".");
	for (part = name; *name; part = end + 1) {
		end = strchr(part, '/');
		if (*part == '/' || !*part || !strcmp(part, ".") || !strcmp(part, "..") ||
			!strncmp(part, "./", 2) || !strncmp(part, "../", 3))
			return NULL;
		if (!end)
			break;
	}
	return name;
}

static bool is_printable(const char *name)
{
	for (; *name; name++)
		if ((u8)*name < ' ' || *name == 0x7f)
			return false;
	return true;
}

static bool has_directory(const struct ramdisk *disk, const char *path)
{
	const char *slash = strrchr(path, '/');
	const struct ramdisk_file *parent = find(disk, path, slash ? slash - path : 0);

	return parent && RAMDISK_TYPE(parent->mode) == RAMDISK_DIRECTORY;
}

/* Put a checked member into the index; what we cannot use is left out: why. */
static const char *member_add(struct ramdisk *disk, const struct member *member)
{
	const char *path = normalise(member->name);
	u32 type = RAMDISK_TYPE(member->field[MODE]);
	struct ramdisk_file *file;

	if (type != RAMDISK_FILE && type != RAMDISK_DIRECTORY)
		return "neither a file nor a directory";
	if (!is_printable(member->name))
		return "a control character in the name"; /* it could forge log lines */
	if (!path)
		return "the path has an empty, . or .. component";
	if (!has_directory(disk, path))
		return "its directory is not in the archive";
	file = enter(disk, path);
	if (!file)
		return "no memory";
	if (file->mode && RAMDISK_TYPE(file->mode) != type)
		return "a directory and a file have this name";
	file->data = member->data;
	file->size = type == RAMDISK_FILE ? member->field[SIZE] : 0;
	file->mode = member->field[MODE];
	file->links = member->field[LINKS];
	file->mtime = member->field[MTIME];
	if (file->links > 1 && type == RAMDISK_FILE)
		file->archive_inode = member->field[INODE];
	return NULL;
}

/* At the end of an archive: links without contents take them from the one that has. */
static void join_links(struct ramdisk *disk)
{
	struct ramdisk_file *file, *other;

	list_for_each (file, &disk->files, link) {
		if (!file->archive_inode)
			continue;
		list_for_each (other, &disk->files, link)
			if (other->archive_inode == file->archive_inode && !other->size) {
				other->data = file->data;
				other->size = file->size;
				other->inode = file->inode;
			}
	}
	list_for_each (file, &disk->files, link)
		file->archive_inode = 0; /* numbers are per archive */
}

const char *ramdisk_add(
	struct ramdisk *disk, const void *image, size_t size, size_t *offset)
{
	const char *wrong = "it holds no archive";
	const char *bytes = image;
	const char *left_out;
	struct member member;

	for (*offset = 0;; *offset = member.next) {
		while (*offset < size && !bytes[*offset])
			(*offset)++; /* padding between archives */
		if (*offset == size)
			break;
		wrong = member_read(image, size, *offset, &member);
		if (wrong)
			break;
		if (!strcmp(member.name, TRAILER)) {
			join_links(disk);
			continue;
		}
		left_out = member_add(disk, &member);
		if (left_out)
			print("ramdisk: %s left out: %s\n",
				is_printable(member.name) ? member.name : "a member",
				left_out);
		wrong = "the archive has no end (" TRAILER ")";
	}
	join_links(disk);
	return wrong;
}

bool ramdisk_init(struct ramdisk *disk)
{
	struct ramdisk_file *root;

	list_init(&disk->files);
	root = enter(disk, "");
	if (root)
		root->mode = RAMDISK_DIRECTORY | 0755;
	return root;
}

void ramdisk_free(struct ramdisk *disk)
{
	struct list *link;

	while ((link = list_pop(&disk->files)))
		kfree(list_entry(link, struct ramdisk_file, link));
}

const struct ramdisk_file *ramdisk_find(const struct ramdisk *disk, const char *path)
{
	return find(disk, path, strlen(path));
}

const char *ramdisk_name(const struct ramdisk_file *file)
{
	const char *slash = strrchr(file->path, '/');

	return slash ? slash + 1 : file->path;
}

static bool is_child(
	const struct ramdisk_file *file, const struct ramdisk_file *directory)
{
	size_t length = strlen(directory->path);
	const char *name = ramdisk_name(file);

	return *name && !strncmp(file->path, directory->path, length) &&
	       name == file->path + length + (length != 0);
}

const struct ramdisk_file *ramdisk_next(const struct ramdisk *disk,
	const struct ramdisk_file *directory, const struct ramdisk_file *previous)
{
	const struct list *at = previous ? previous->link.next : disk->files.next;

	for (; at != &disk->files; at = at->next) {
		const struct ramdisk_file *file =
			list_entry(at, struct ramdisk_file, link);

		if (is_child(file, directory))
			return file;
	}
	return NULL;
}

static ssize_t file_read(struct open *open, void *to, size_t size, u64 offset)
{
	const struct ramdisk_file *file = open->object;

	if (offset >= file->size)
		return 0;
	size = min(size, (size_t)(file->size - offset));
	memcpy(to, (const char *)file->data + offset, size);
	return size;
}

struct open *ramdisk_open(const struct ramdisk_file *file)
{
	static const struct open_ops file_ops = {.read = file_read};
	static const struct open_ops directory_ops;
	bool directory = RAMDISK_TYPE(file->mode) == RAMDISK_DIRECTORY;
	struct open *open = open_create(directory ? &directory_ops : &file_ops,
		directory ? OPEN_DIRECTORY : OPEN_FILE, OPEN_READ, (void *)file);

	if (open)
		open->size = file->size;
	return open;
}
