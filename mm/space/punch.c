/*
 * mm/space/punch.c - holes in memory objects, and the opposite: pages made beforehand.
 *
 * A hole is made like the end of an object (object.c), with the same two promises: a page
 * that is cut off says so before its mappings are looked for, and the fault that maps it
 * all the same looks again under the table lock. Different is what may come next: a fault
 * finds nothing, and makes a new page, of zeros. So mappings are taken away page by page:
 * what is new stays; and so do copies that private mappings have made of the old page.
 * And nobody makes a new one while the old one is mapped anywhere.
 */
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "mm/space/internal.h"
#include "mm/space/object.h"
#include "mm/space/rmap.h"

/* lock held. What of [start, end) lies in this page, or its block, if it is there. */
static void clear_part(struct object *object, u64 index, u64 start, u64 end)
{
	struct page *page = object_peek(object, index);

	if (page)
		object_clear(page_head(page), start, end);
}

/* lock held. The first page from *index on goes, from all who have it mapped, too, and so
 * does a block (but stays the object's, if it sticks out). False: there is none. */
static bool take_page(struct object *object, u64 *index, u64 last, struct list *pages)
{
	const struct page *head;
	struct page *page = object_next(object, index, last);
	u64 next;

	if (!page)
		return false;
	head = page_head(page);
	next = min(head->index + BIT(head->order), last);
	object_cut(object, *index, next, pages);
	TRACE_POINT(object_cut);
	/* SAFE(punch_locked): before the lock is released a fault finds no page here, and
	 * cannot make one. With a new one in the object, and the old one mapped still,
	 * two mappings of one place would show different pages, and what is stored to the
	 * old one is lost. Pairs with object_enter(). */
	rmap_unmap_pages(&object->rmap, *index * PAGE_SIZE, next * PAGE_SIZE);
	*index = next; /* what is put there from now on stays: or faults keep us here */
	return true;
}

int object_punch(struct object *object, u64 start, u64 end)
{
	u64 index = ALIGN_UP(start, PAGE_SIZE) / PAGE_SIZE, last = end / PAGE_SIZE;
	struct list pages = LIST_INIT(pages);
	bool more;

	if (object->source || object->pfn)
		return -EOPNOTSUPP;
	mutex_lock(&object->resizing);
	object_split_around(object, index);
	object_split_around(object, last);
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
	mutex_unlock(&object->resizing);
	return 0;
}

static int allocate_page(struct object *object, u64 index)
{
	struct page *page;
	int err;

	do
		err = object_page(object, index, &page);
	while (err == -EAGAIN && !(err = object_prepare(object, index, true)));
	if (!err)
		page_put(page_head(page));
	return err;
}

int object_allocate(struct object *object, u64 start, u64 end)
{
	int err = object->source || object->pfn ? -EOPNOTSUPP : 0;

	for (u64 at = start; !err && at < end; at = (at | (PAGE_SIZE - 1)) + 1)
		err = object_gives_up() ? -EINTR : allocate_page(object, at / PAGE_SIZE);
	return err;
}
