/*
 * kernel/linux/proc_mem.c - /proc/<pid>/mem: a process's memory as a file, for debuggers.
 *
 * Offsets are addresses. What is mapped without rights can be read and written all the
 * same; but what a program maps privately and may not write is written in a copy of its
 * own. An open file keeps the mm that the process had when it was opened. Locks: mm's, in
 * gup_slow(); the page is held while it is copied.
 */
#include "kernel/linux/path.h"
#include "mm/space/gup.h"

/* The part of the range that lies in one page: bytes done, or -EIO. */
static ssize_t move(
	struct mm *mm, u64 address, const void *from, void *to, size_t size, bool write)
{
	unsigned int flags = FOLL_GET | FOLL_FORCE | (write ? FOLL_WRITE : 0);
	size_t offset = address % PAGE_SIZE;
	struct page *page;
	char *at;

	size = min(size, PAGE_SIZE - offset);
	if (gup_slow(mm, address, 1, flags, &page) != 1)
		return -EIO;
	at = (char *)page_address(page) + offset;
	memcpy(write ? at : to, write ? from : at, size);
	gup_put(&page, 1);
	return size;
}

static ssize_t mem_read(struct open *open, void *to, size_t size, u64 offset)
{
	ssize_t done = 0, some;

	do {
		some = move(open->object, offset + done, NULL, (char *)to + done,
			size - done, false);
		done += max(some, 0L);
	} while (some > 0 && (size_t)done < size);
	return done ? done : some;
}

static ssize_t mem_write(struct open *open, const void *from, size_t size, u64 offset)
{
	ssize_t done = 0, some;

	do {
		some = move(open->object, offset + done, (const char *)from + done, NULL,
			size - done, true);
		done += max(some, 0L);
	} while (some > 0 && (size_t)done < size);
	return done ? done : some;
}

static void mem_close(struct open *open)
{
	mm_put(open->object);
}

const struct open_ops mem_ops = {
	.read = mem_read, .write = mem_write, .close = mem_close};

struct open *mem_open(struct mm *mm)
{
	return open_create(&mem_ops, OPEN_FILE, 0, mm);
}
