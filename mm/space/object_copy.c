/*
 * mm/space/object_copy.c - reading and writing a memory object without mapping it.
 *
 * The page is held meanwhile; whoever has it mapped may read and write it at the same
 * time, byte by byte: what is in pages is no state of mm's, and no lock orders it.
 */
#include "kernel/base/errno.h"
#include "kernel/base/string.h"
#include "kernel/base/trace.h"
#include "mm/space/internal.h"
#include "mm/space/object.h"

/* How much of it lies in one page, and in the object. */
static size_t limit(struct object *object, u64 offset, size_t size)
{
	u64 end = object_size(object);

	if (offset >= end)
		return 0;
	return min(min(size, (size_t)(PAGE_SIZE - offset % PAGE_SIZE)),
		(size_t)(end - offset));
}

ssize_t object_read(struct object *object, u64 offset, void *to, size_t size)
{
	struct page *page = object_find_page(object, offset / PAGE_SIZE);

	size = limit(object, offset, size);
	if (!page && size && object->source)
		return -EAGAIN;
	if (page)
		memcpy(to, (char *)page_address(page) + offset % PAGE_SIZE, size);
	else
		memset(to, 0, size);
	if (page)
		page_put(page_head(page));
	return size;
}

ssize_t object_write(struct object *object, u64 offset, const void *from, size_t size)
{
	struct page *page;
	ssize_t done;
	int err;

	if (!limit(object, offset, size))
		return 0;
	err = object_page(object, offset / PAGE_SIZE, &page);
	if (err)
		return err == -EIO ? 0 : err; /* cut off just now */
	TRACE_POINT(object_write);
	spin_lock(&object->lock);
	/* SAFE(write_limit): the end may have come nearer: what is written beyond it to a
	 * page that stays, after the rest of that was cleared, is seen when the object
	 * grows again. Pairs with clear_rest() in object.c. */
	done = limit(object, offset, size);
	/* SAFE(write_dirty): bytes that come to a page that was made clean meanwhile, and
	 * copied, would never get to its source. Pairs with no_longer_dirty(). */
	if (object_tracks(object) && !(atomic_load(&page->state) & PAGE_DIRTY))
		done = -EAGAIN;
	else
		memcpy((char *)page_address(page) + offset % PAGE_SIZE, from, done);
	spin_unlock(&object->lock);
	page_put(page_head(page));
	return done;
}

void object_clear(struct page *page, u64 start, u64 end)
{
	u64 first = page->index * PAGE_SIZE;

	start = max(start, first);
	end = min(end, first + (PAGE_SIZE << page->order));
	if (start < end)
		memset((char *)page_address(page) + (start - first), 0, end - start);
}
