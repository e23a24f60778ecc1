/*
 * mm/huge/object_block.c - blocks of memory objects: made, frozen, split; see object.h.
 *
 * A block stands in an object for as many pages as a lowest table has entries, from an
 * index on that is a multiple of that: each slot leads to its frame, and all of them are
 * there, or none. It is made by a fault where no page is yet, or of pages
 * (object_collapse.c), and becomes pages again when a part of it is cut off.
 *
 * FREEZING a part of an object is what both do first:
 *
 *     frozen             who looks for a page finds none, and waits
 *     unmap, flush       no CPU has any of it, and no lockless walker gets hold of it
 *     look at the pages  who got hold of one before, perhaps to map it, is seen: then all
 *                        stays as it is
 *     thaw
 *
 * Locks: object->resizing for all of the time that something is frozen, so one part at a
 * time; object->lock for slots. Can fail: no memory for a block.
 */
#include "kernel/base/counters.h"
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "mm/huge/leaf.h"
#include "mm/space/internal.h"
#include "mm/space/object.h"
#include "mm/space/rmap.h"

/* --- making ------------------------------------------------------------------------- */

struct page *object_block_alloc(unsigned int flags)
{
	struct page *head =
		frame_alloc(HUGE_ORDER, PAGE_KERNEL, FRAME_ZERO | FRAME_USER | flags);

	if (!head)
		return NULL;
	page_make_block(head);
	WRITE_ONCE(head->object, NULL);
	WRITE_ONCE(head->fill, 0);
	WRITE_ONCE(head->state, 0);
	head->mapped = 0;
	/* Last, as object_enter() says. */
	atomic_store_release(&head->type, PAGE_OBJECT);
	return head;
}

void object_put_block(
	struct object *object, u64 index, struct page **slots, struct page *head)
{
	head->index = index;
	atomic_store(&head->object, object);
	for (unsigned long i = 0; i < HUGE_PAGES; i++)
		atomic_store_release(&slots[i], head + i);
	object->count += HUGE_PAGES;
	WRITE_ONCE(object->blocks, object->blocks + 1);
}

static bool all_empty(struct page **slots)
{
	for (unsigned long i = 0; i < HUGE_PAGES; i++)
		if (slots[i])
			return false;
	return true;
}

/* lock held. The block there, or the fresh one (NULL: one is wanted: -ENOENT); -EEXIST:
 * there are pages. Others mean, too, that there is none to be had. */
static int find_block(
	struct object *object, u64 index, struct page *fresh, struct page **head)
{
	struct page **slots;

	if ((index + HUGE_PAGES) * PAGE_SIZE > ALIGN_UP(object->size, PAGE_SIZE))
		return -EIO;
	if (object_is_frozen(object, index))
		return -EAGAIN;
	slots = object_slot(object, index, true);
	if (!slots)
		return -ENOMEM;
	if (slots[0] ? !slots[0]->order : !all_empty(slots))
		return -EEXIST;
	if (!slots[0] && !fresh)
		return -ENOENT;
	if (!slots[0])
		object_put_block(object, index, slots, fresh);
	*head = slots[0];
	page_get(*head);
	return 0;
}

static int look(struct object *object, u64 index, struct page *fresh, struct page **head)
{
	int err;

	spin_lock(&object->lock);
	err = find_block(object, index, fresh, head);
	spin_unlock(&object->lock);
	return err;
}

struct page *object_block(struct object *object, u64 index, bool make, unsigned int frame)
{
	struct page *fresh, *head = NULL;

	if (look(object, index, NULL, &head) != -ENOENT || !make)
		return head;
	fresh = object_block_alloc(frame);
	if (!fresh)
		return NULL;
	(void)look(object, index, fresh, &head);
	if (head != fresh)
		page_put(fresh);
	return head;
}

/* --- freezing ----------------------------------------------------------------------- */

void object_freeze(struct object *object, u64 index)
{
	spin_lock(&object->lock);
	WRITE_ONCE(object->frozen, index);
	spin_unlock(&object->lock);
	rmap_unmap_pages(
		&object->rmap, index * PAGE_SIZE, (index + HUGE_PAGES) * PAGE_SIZE);
}

void object_thaw(struct object *object)
{
	spin_lock(&object->lock);
	WRITE_ONCE(object->frozen, OBJECT_PAGES_MAX);
	spin_unlock(&object->lock);
	wake_up(&object->filled);
}

int object_await_thaw(struct object *object, u64 index)
{
	TRACE_POINT(object_wait);
	wait_event(
		&object->filled, !object_is_frozen(object, index) || object_gives_up());
	return object_is_frozen(object, index) ? -EINTR : 0;
}

/* --- splitting ---------------------------------------------------------------------- */

/* The block that begins there, if one does. */
static struct page *peek_block(struct object *object, u64 index)
{
	struct page *head;

	spin_lock(&object->lock);
	head = object_peek(object, index);
	spin_unlock(&object->lock);
	return head && head->order ? head : NULL;
}

bool object_split(struct object *object, u64 index)
{
	struct page *head = peek_block(object, index);
	bool alone;

	if (!head)
		return false;
	object_freeze(object, index);
	spin_lock(&object->lock);
	/* SAFE(object_split_freeze): as SAFE(split_freeze) says of private memory: who
	 * holds one of the frames is counted in the first one. Only the object may. */
	alone = atomic_cas(&head->refs, 1, 0);
	if (alone) {
		block_dissolve(head);
		WRITE_ONCE(object->blocks, object->blocks - 1);
	}
	spin_unlock(&object->lock);
	object_thaw(object);
	return alone;
}

void object_split_around(struct object *object, u64 index)
{
	if (READ_ONCE(object->blocks) && !IS_ALIGNED(index, HUGE_PAGES))
		(void)object_split(object, ALIGN_DOWN(index, HUGE_PAGES));
}
