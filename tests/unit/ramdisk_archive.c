/*
 * tests/unit/ramdisk_archive.c - the ramdisk's index, on good archives and damaged ones.
 */
#include "tests/unit/unit.h"
#include "kernel/base/print.h"
#include "kernel/base/string.h"
#include "kernel/task/ramdisk.h"

#define IMAGE_MAX 2048

static char image[IMAGE_MAX] __aligned(8);
static size_t image_size;

/* Append a member as `cpio -H newc` would write it. */
static void member(const char *name, u32 inode, u32 mode, u32 links, const char *data)
{
	size_t size = strlen(data), name_size = strlen(name) + 1;

	format_text(image + image_size, IMAGE_MAX - image_size,
		"070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", inode, mode,
		0, 0, links, 0, (u32)size, 0, 0, 0, 0, (u32)name_size, 0);
	memcpy(image + image_size + 110, name, name_size);
	image_size = ALIGN_UP(image_size + 110 + name_size, 4);
	memcpy(image + image_size, data, size);
	image_size = ALIGN_UP(image_size + size, 4);
}

static void begin(void)
{
	memset(image, 0, sizeof(image));
	image_size = 0;
}

static void end(void)
{
	member("TRAILER!!!", 0, 0, 1, "");
}

static void good(void)
{
	begin();
	member("bin", 1, 0040755, 2, "");
	member("bin/a", 2, 0100755, 1, "alpha");
	member("./b", 3, 0100644, 1, "");
	end();
}

static bool contains(const struct ramdisk *disk, const char *path, const char *text)
{
	const struct ramdisk_file *file = ramdisk_find(disk, path);

	return file && file->size == strlen(text) &&
	       !memcmp(file->data, text, file->size);
}

/* Index the image and throw it away; what was wrong, "" for nothing. */
static const char *verdict(size_t *offset)
{
	struct ramdisk disk = {0};
	const char *wrong;

	ramdisk_init(&disk);
	wrong = ramdisk_add(&disk, image, image_size, offset);
	ramdisk_free(&disk);
	return wrong ? wrong : "";
}

#define EXPECT_VERDICT(text, at)                                                         \
	do {                                                                             \
		size_t _offset;                                                          \
		EXPECT(!strcmp(verdict(&_offset), text));                                \
		EXPECT_EQ(_offset, at);                                                  \
	} while (0)

UNIT_TEST(ramdisk_index)
{
	struct ramdisk disk = {0};
	const struct ramdisk_file *bin, *child;
	size_t offset;

	good();
	EXPECT(ramdisk_init(&disk));
	EXPECT(!ramdisk_add(&disk, image, image_size, &offset));
	EXPECT_EQ(offset, image_size);
	EXPECT(contains(&disk, "bin/a", "alpha"));
	EXPECT(contains(&disk, "b", ""));
	EXPECT(!ramdisk_find(&disk, "bin/"));
	EXPECT(!ramdisk_find(&disk, "bi"));
	bin = ramdisk_find(&disk, "bin");
	child = ramdisk_next(&disk, bin, NULL);
	EXPECT(child && !strcmp(ramdisk_name(child), "a"));
	EXPECT(!ramdisk_next(&disk, bin, child));
	child = ramdisk_next(&disk, ramdisk_find(&disk, ""), NULL);
	EXPECT(child == bin);
	child = ramdisk_next(&disk, ramdisk_find(&disk, ""), child);
	EXPECT(child && !strcmp(child->path, "b"));
	ramdisk_free(&disk);
}

UNIT_TEST(ramdisk_later_archive_replaces)
{
	struct ramdisk disk = {0};
	size_t offset;

	good();
	image_size = ALIGN_UP(image_size, 512); /* cpio pads to blocks */
	member("bin/a", 1, 0100755, 1, "another");
	member("bin", 2, 0100755, 1, "not a directory any more?");
	end();
	EXPECT(ramdisk_init(&disk));
	EXPECT(!ramdisk_add(&disk, image, image_size, &offset));
	EXPECT(contains(&disk, "bin/a", "another"));
	EXPECT_EQ(RAMDISK_TYPE(ramdisk_find(&disk, "bin")->mode), RAMDISK_DIRECTORY);
	ramdisk_free(&disk);
}

UNIT_TEST(ramdisk_hard_links_share)
{
	struct ramdisk disk = {0};
	size_t offset;

	begin();
	member("one", 7, 0100755, 3, "");
	member("two", 7, 0100755, 3, "shared");
	member("three", 7, 0100755, 3, "");
	member("other", 8, 0100755, 1, "");
	end();
	EXPECT(ramdisk_init(&disk));
	EXPECT(!ramdisk_add(&disk, image, image_size, &offset));
	EXPECT(contains(&disk, "one", "shared"));
	EXPECT(contains(&disk, "three", "shared"));
	EXPECT(contains(&disk, "other", ""));
	EXPECT_EQ(ramdisk_find(&disk, "one")->inode, ramdisk_find(&disk, "two")->inode);
	ramdisk_free(&disk);
}

UNIT_TEST(ramdisk_leaves_out_what_it_cannot_use)
{
	struct ramdisk disk = {0};
	size_t offset;

	begin();
	member("../up", 1, 0100644, 1, "x");
	member("a//b", 2, 0100644, 1, "x");
	member("link", 3, 0120777, 1, "target");
	member("nowhere/file", 4, 0100644, 1, "x");
	member("a\nexit 0", 3, 0100644, 1, "x");
	member("kept", 5, 0100644, 1, "yes");
	member("kept/below", 6, 0100644, 1, "x");
	end();
	EXPECT(ramdisk_init(&disk));
	EXPECT(!ramdisk_add(&disk, image, image_size, &offset));
	EXPECT(contains(&disk, "kept", "yes"));
	EXPECT(ramdisk_next(&disk, ramdisk_find(&disk, ""), NULL) ==
		ramdisk_find(&disk, "kept"));
	EXPECT(!ramdisk_find(&disk, "kept/below"));
	ramdisk_free(&disk);
}

UNIT_TEST(ramdisk_damage_is_named)
{
	size_t second = ALIGN_UP(110 + sizeof("bin"), 4);

	good();
	memcpy(image + second, "070707", 6);
	EXPECT_VERDICT("this is not a cpio newc header (070701)", second);

	good();
	image[second + 20] = 'x';
	EXPECT_VERDICT("a header field is not a hexadecimal number", second);

	good();
	memcpy(image + second + 6 + 8 * 6, "7fffffff", 8);
	EXPECT_VERDICT("the member is cut off", second);

	good();
	memcpy(image + second + 6 + 8 * 6, "ffffffff", 8);
	EXPECT_VERDICT("the member is cut off", second);

	good();
	memcpy(image + second + 6 + 8 * 11, "00000000", 8);
	EXPECT_VERDICT("the length of the name is impossible", second);

	good();
	memcpy(image + second + 6 + 8 * 11, "00000004", 8);
	EXPECT_VERDICT("the name and its length disagree", second);

	good();
	image_size = second + 60;
	EXPECT_VERDICT("the header is cut off", second);

	good();
	image_size = second;
	EXPECT_VERDICT("the archive has no end (TRAILER!!!)", second);

	begin();
	image_size = 512;
	EXPECT_VERDICT("it holds no archive", 512);
}

/* Whatever one damaged byte says, indexing ends, and inside the image. */
UNIT_TEST(ramdisk_any_byte_may_be_wrong)
{
	size_t offset;

	good();
	for (size_t at = 0; at < image_size; at++) {
		char was = image[at];

		image[at] = was ^ 0x41;
		verdict(&offset);
		EXPECT(offset <= image_size);
		image[at] = was;
	}
	EXPECT_VERDICT("", image_size);
}
