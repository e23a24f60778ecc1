/*
 * mm/space/punch.c - holes in memory objects, and the opposite: pages made beforehand.
 *
 * A hole is made like the end of an object (object.c), with the same two promises: a page
 * that is cut off says so before its mappings are looked for, and the fault that maps it
 * all the same looks again under the table lock. Different is what may come next: a fault
 * finds nothing, and makes a new page, of zeros, at once. So mappings are taken away page
 * by page, not by address: what is new, and copies that private mappings have made of the
 * old page, stay.
 */
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "mm/space/internal.h"
#include "mm/space/object.h"
#include "mm/space/rmap.h"

/* lock held. What of [start, end) lies in this page, if it is there. */
static void clear_part(struct object *object, u64 index, u64 start, u64 end)
{
	struct page *page = object_peek(object, index);

	if (page)
		object_clear(page, start, end);
}

int object_punch(struct object *object, u64 start, u64 end)
{
	u64 first = ALIGN_UP(start, PAGE_SIZE) / PAGE_SIZE, last = end / PAGE_SIZE;
	struct list pages = LIST_INIT(pages);
	struct page *page;

	if (object->source || object->pfn)
		return -EOPNOTSUPP;
	spin_lock(&object->lock);
	object_cut(object, first, last, &pages);
	clear_part(object, start / PAGE_SIZE, start, end);
	clear_part(object, last, start, end);
	spin_unlock(&object->lock);
	TRACE_POINT(object_cut);
	list_for_each (page, &pages, link)
		rmap_unmap_cut(&object->rmap, page);
	object_drop_pages(&pages);
	return 0;
}

int object_allocate(struct object *object, u64 start, u64 end)
{
	struct page *page;
	int err = object->source || object->pfn ? -EOPNOTSUPP : 0;

	for (u64 at = start; !err && at < end; at = (at | (PAGE_SIZE - 1)) + 1) {
		err = object_gives_up() ? -EINTR
					: object_page(object, at / PAGE_SIZE, &page);
		if (!err)
			page_put(page);
	}
	return err;
}
