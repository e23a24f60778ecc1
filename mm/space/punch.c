/*
 * mm/space/punch.c - holes in memory objects, and the opposite: pages made beforehand.
 *
 * A hole is made like the end of an object (object.c), with the same two promises: a page
 * that is cut off says so before its mappings are looked for, and the fault that maps it
 * all the same looks again under the table lock. Different is what may come next: a fault
 * finds nothing, and makes a new page, of zeros. So mappings are taken away page by page,
 * not by address: what is new, and copies that private mappings have made of the old
 * page, stay. And nobody makes a new one while the old one is mapped anywhere.
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

/* lock held. The first page from *index on goes, from all who have it mapped, too. False:
 * there is none. */
static bool take_page(struct object *object, u64 *index, u64 last, struct list *pages)
{
	struct page *page = object_next(object, index, last);

	if (!page)
		return false;
	object_cut(object, *index, *index + 1, pages);
	TRACE_POINT(object_cut);
	/* SAFE(punch_locked): before the lock is released a fault finds no page here, and
	 * cannot make one. With a new one in the object, and the old one mapped still,
	 * two mappings of one place would show different pages, and what is stored to the
	 * old one is lost. Pairs with object_enter(). */
	rmap_unmap_cut(&object->rmap, page);
	++*index; /* what is put there from now on stays: or faults would keep us here */
	return true;
}

int object_punch(struct object *object, u64 start, u64 end)
{
	u64 index = ALIGN_UP(start, PAGE_SIZE) / PAGE_SIZE, last = end / PAGE_SIZE;
	struct list pages = LIST_INIT(pages);
	bool more;

	if (object->source || object->pfn)
		return -EOPNOTSUPP;
	do {
		object_drop_pages(&pages);
		spin_lock(&object->lock);
		more = take_page(object, &index, last, &pages);
		spin_unlock(&object->lock);
	} while (more);
	spin_lock(&object->lock);
	clear_part(object, start / PAGE_SIZE, start, end);
	clear_part(object, last, start, end);
	spin_unlock(&object->lock);
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
