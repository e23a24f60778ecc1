/*
 * kernel/linux/proc_mem.c - a process's memory as files: mem, pagemap, clear_refs.
 *
 * Offsets in /proc/<pid>/mem are addresses. What is mapped without rights can be read and
 * written all the same; but what a program maps privately and may not write is written in
 * a copy of its own. pagemap has a word for each page. A 4 that is written to clear_refs
 * makes pages clean whose bit 55 there tells that they were written since.
 *
 * An open file keeps the mm that the process had when it was opened. Locks: mm's, inside
 * its calls; the page is held while it is copied.
 */
#include "kernel/linux/path.h"
#include "mm/space/gup.h"

/* The part of the range that lies in one page: bytes done, or -EIO. */
static ssize_t move_part(
	struct mm *mm, u64 address, char *data, size_t size, unsigned int write)
{
	size_t offset = address % PAGE_SIZE;
	struct page *page;
	char *at;

	size = min(size, PAGE_SIZE - offset);
	if (gup_slow(mm, address, 1, FOLL_GET | FOLL_FORCE | write, &page) != 1)
		return -EIO;
	at = (char *)page_address(page) + offset;
	memcpy(write ? at : data, write ? data : at, size);
	gup_put(&page, 1);
	return size;
}

/* `write`: FOLL_WRITE, from the data; 0: to them. */
static ssize_t move(
	struct mm *mm, u64 address, char *data, size_t size, unsigned int write)
{
	ssize_t done = 0, some;

	do {
		some = move_part(mm, address + done, data + done, size - done, write);
		done += max(some, 0L);
	} while (some > 0 && (size_t)done < size);
	return done ? done : some;
}

static ssize_t mem_read(struct open *open, void *to, size_t size, u64 offset)
{
	return move(open->object, offset, to, size, 0);
}

static ssize_t mem_write(struct open *open, const void *from, size_t size, u64 offset)
{
	return move(open->object, offset, (char *)from, size, FOLL_WRITE);
}

static ssize_t pagemap_read(struct open *open, void *to, size_t size, u64 offset)
{
	struct mm *mm = open->object;
	size_t done = 0;
	u64 index, word;

	if (offset % sizeof(word) || size % sizeof(word))
		return -EINVAL;
	for (; done < size; done += sizeof(word)) {
		index = (offset + done) / sizeof(word);
		if (index >= READ_ONCE(mm->limit) / PAGE_SIZE)
			break;
		word = mm_page_told(mm, index * PAGE_SIZE);
		memcpy((char *)to + done, &word, sizeof(word));
	}
	return done;
}

static ssize_t clear_refs_write(
	struct open *open, const void *from, size_t size, u64 offset)
{
	const char *text = from;

	if (!size || text[0] != '4' || (size > 1 && text[1] != '\n'))
		return -EINVAL; /* 1 to 3: there are no marks of reading */
	mm_clear_soft_dirty(open->object);
	return size;
}

static void mem_close(struct open *open)
{
	mm_put(open->object);
}

static const struct open_ops mem_ops = {
	.read = mem_read, .write = mem_write, .close = mem_close};
static const struct open_ops pagemap_ops = {.read = pagemap_read, .close = mem_close};
static const struct open_ops clear_refs_ops = {
	.write = clear_refs_write, .close = mem_close};

struct open *mem_open(struct mm *mm)
{
	return open_create(&mem_ops, OPEN_FILE, 0, mm);
}

struct open *pagemap_open(struct mm *mm)
{
	return open_create(&pagemap_ops, OPEN_FILE, 0, mm);
}

struct open *clear_refs_open(struct mm *mm)
{
	return open_create(&clear_refs_ops, OPEN_FILE, 0, mm);
}

bool mem_describes(const struct open *open)
{
	return open->ops->close == mem_close;
}
