/*
 * mm/space/object.c - memory objects; see object.h.
 *
 * Pages are found through a tree of fixed height, made of frames that grow where they are
 * needed. What can fail: memory, before anything is changed.
 */
#include "mm/space/object.h"
#include "kernel/base/errno.h"
#include "kernel/base/panic.h"
#include "kernel/base/trace.h"
#include "mm/huge/contig.h"
#include "mm/huge/leaf.h"
#include "mm/space/cache.h"
#include "mm/space/internal.h"
#include "mm/space/rmap.h"

#define NODE_BITS 9
#define NODE_SIZE (1UL << NODE_BITS)
#define LEVELS_UP 2 /* above the lowest nodes */

struct object *object_create_from(
	u64 size, const struct object_source *source, void *private)
{
	struct object *object = size > OBJECT_SIZE_MAX ? NULL : kmalloc(sizeof(*object));

	if (!object)
		return NULL;
	object->refs = 1;
	object->source = source;
	object->private = private;
	object->size = size;
	object->frozen = OBJECT_PAGES_MAX;
	wait_init(&object->filled);
	spin_init(&object->lock, "object", RANK_OBJECT);
	mutex_init(&object->resizing, "object size", RANK_OBJECT_SIZE);
	list_init(&object->nodes);
	rmap_init(&object->rmap, RANK_RMAP);
	return object;
}

struct object *object_create(u64 size)
{
	return object_create_from(size, NULL, NULL);
}

void object_get(struct object *object)
{
	atomic_add(&object->refs, 1);
}

bool object_try_get(struct object *object)
{
	return atomic_inc_not_zero(&object->refs);
}

u64 object_size(struct object *object)
{
	return READ_ONCE(object->size);
}

/* --- the tree ----------------------------------------------------------------------- */
/* Changed with the lock held; read with it, or under RCU: what is stored into it is
 * complete, and its nodes stay as long as the object's memory. */

static u64 pages_of(u64 size)
{
	return ALIGN_UP(size, PAGE_SIZE) / PAGE_SIZE;
}

/* No page is behind this: a block may stick out of the object. */
static u64 last_page(const struct object *object)
{
	return ALIGN_UP(object->size, object->blocks ? HUGE_SIZE : PAGE_SIZE) / PAGE_SIZE;
}

bool object_is_frozen(const struct object *object, u64 index)
{
	return index - READ_ONCE(object->frozen) < HUGE_PAGES;
}

bool object_keeps(
	const struct object *object, const struct page *head, u64 index, u64 count)
{
	return atomic_load(&head->object) &&
	       index + count <= pages_of(READ_ONCE(object->size));
}

static void *node_alloc(struct object *object)
{
	struct page *page = frame_alloc(0, PAGE_KERNEL, FRAME_ZERO | FRAME_USER);

	if (!page)
		return NULL;
	list_append(&object->nodes, &page->link);
	return page_address(page);
}

struct page **object_slot(struct object *object, u64 index, bool make)
{
	void **node = &object->root;

	for (int shift = LEVELS_UP * NODE_BITS; shift >= 0; shift -= NODE_BITS) {
		void *below = atomic_load_acquire(node);

		if (!below && make) {
			below = node_alloc(object);
			atomic_store_release(node, below);
		}
		if (!below)
			return NULL;
		node = (void **)below + (index >> shift & (NODE_SIZE - 1));
	}
	return (struct page **)node;
}

struct page *object_peek(struct object *object, u64 index)
{
	struct page **slot = object_slot(object, index, false);

	return slot ? *slot : NULL;
}

/* The first slot in use from *index on, below `end`, and its index; NULL: none. */
static struct page **next_slot(struct object *object, u64 *index, u64 end)
{
	while (*index < end) {
		struct page **slot = object_slot(object, *index, false);

		if (slot && *slot)
			return slot;
		*index = slot ? *index + 1 : (*index | (NODE_SIZE - 1)) + 1;
	}
	return NULL;
}

struct page *object_next(struct object *object, u64 *index, u64 end)
{
	struct page **slot = next_slot(object, index, min(end, pages_of(object->size)));

	return slot ? *slot : NULL;
}

/* --- pages -------------------------------------------------------------------------- */

/* lock held. The page, or the fresh one (NULL: then it is wanted: -ENOENT). -EAGAIN: the
 * place is frozen. */
static int find_page(
	struct object *object, u64 index, struct page *fresh, struct page **page)
{
	struct page **slot;

	if (index >= pages_of(object->size))
		return -EIO;
	/* SAFE(object_frozen): a page that is got now could be written after it was
	 * copied: what replaces it does not have that. Pairs with object_freeze(), and
	 * with SAFE(object_held_last), which sees who got it before. */
	if (object_is_frozen(object, index))
		return -EAGAIN;
	slot = object_slot(object, index, fresh);
	if (!slot || (!*slot && !fresh))
		return fresh ? -ENOMEM : -ENOENT;
	if (!*slot) {
		fresh->object = object;
		fresh->index = index;
		fresh->mapped = 0;
		page_get(fresh); /* the object's own */
		atomic_store_release(slot, fresh);
		object->count++;
	} else {
		page_get(page_head(*slot));
	}
	*page = *slot;
	return 0;
}

int object_enter(struct object *object, u64 index, s32 fill, struct page **page)
{
	struct page *fresh = NULL;
	int err;

	for (;;) {
		spin_lock(&object->lock);
		err = find_page(object, index, fresh, page);
		spin_unlock(&object->lock);
		if (err != -ENOENT)
			break;
		fresh = frame_alloc(0, PAGE_KERNEL, FRAME_ZERO | FRAME_USER);
		if (!fresh)
			return -ENOMEM;
		WRITE_ONCE(fresh->object, NULL);
		WRITE_ONCE(fresh->fill, fill);
		WRITE_ONCE(fresh->state, 0);
		/* Last: who looks at any frame (reclaim.c) and finds it an object's,
		 * finds no word of its last owner for a pointer to that. */
		atomic_store_release(&fresh->type, PAGE_OBJECT);
	}
	if (!err && *page == fresh)
		return 1;
	if (fresh) {
		WRITE_ONCE(fresh->object, NULL);
		page_put(fresh);
	}
	return err;
}

struct page *object_find_page(struct object *object, u64 index)
{
	struct page *page;

	spin_lock(&object->lock);
	page = object_peek(object, index);
	/* SAFE(fill_wait): a page that is being filled has zeros, or half of its
	 * contents: whoever got it now would read what was never in the file, and see his
	 * stores overwritten. Pairs with ask_source() in fill.c. */
	if (page && READ_ONCE(page_head(page)->fill))
		page = NULL;
	if (page)
		page_get(page_head(page));
	spin_unlock(&object->lock);
	return page;
}

/* The page was in that slot, and is held since. */
static bool is_found(
	const struct object *object, u64 index, struct page **slot, struct page *page)
{
	/* SAFE(object_found_again): before it was held it may have been cut off, freed,
	 * and be anybody's now. In its place, it is the object's. Pairs with cut_one(),
	 * after which the object's reference goes; the grab is a barrier. */
	if (READ_ONCE(*slot) != page)
		return false;
	/* SAFE(found_filled): as SAFE(fill_wait). Filled: its contents are seen, too.
	 * Pairs with ask_source(). */
	if (atomic_load(&page->fill))
		return false;
	/* SAFE(found_thawed): as SAFE(object_frozen). Not frozen yet: who freezes looks
	 * for references afterwards, and sees ours. Not any more: what was replaced was
	 * cut off before, and object_keeps() says so. Pairs with object_freeze(),
	 * object_thaw() and SAFE(object_held_last). */
	return !object_is_frozen(object, index);
}

struct page *object_find_page_rcu(struct object *object, u64 index)
{
	struct page **slot = NULL, *page;

	if (index < pages_of(object_size(object)))
		slot = object_slot(object, index, false);
	page = slot ? READ_ONCE(*slot) : NULL;
	TRACE_POINT(object_found);
	if (!page || !page_try_get(page, 1))
		return NULL;
	if (is_found(object, index, slot, page))
		return page;
	page_put(page);
	return NULL;
}

static int find_filled(struct object *object, u64 index, struct page **page)
{
	*page = object_find_page(object, index);
	if (*page)
		return 0;
	return index < pages_of(object_size(object)) ? -EAGAIN : -EIO;
}

int object_page(struct object *object, u64 index, struct page **page)
{
	if (object->source)
		return find_filled(object, index, page);
	return min(object_enter(object, index, 0, page), 0);
}

/* The page in this slot, or the block that begins there, is the object's no more. */
static void cut_one(struct object *object, struct page **slot, struct list *list)
{
	struct page *head = *slot;
	u64 count = BIT(head->order);

	/* SAFE(object_cut_first): before the mappings are looked for. A fault that has
	 * found the page, and maps it after we have been there, sees it under the table
	 * lock. Pairs with SAFE(object_recheck). */
	atomic_store(&head->object, NULL);
	list_append(list, &head->link);
	for (u64 i = 0; i < count; i++)
		WRITE_ONCE(slot[i], NULL);
	object->count -= count;
	if (head->order)
		WRITE_ONCE(object->blocks, object->blocks - 1);
}

void object_cut(struct object *object, u64 index, u64 end, struct list *list)
{
	struct page **slot;

	while ((slot = next_slot(object, &index, end))) {
		const struct page *head = page_head(*slot);
		u64 next = head->index + BIT(head->order);

		if (head == *slot && next <= end)
			cut_one(object, slot, list);
		index = next;
	}
}

void object_drop_pages(struct list *list)
{
	struct list *item;

	while ((item = list_pop(list)))
		page_put(list_entry(item, struct page, link));
}

static void free_object(struct rcu_head *head)
{
	struct object *object = container_of(head, struct object, rcu);

	object_drop_pages(&object->nodes);
	kfree(object);
}

void object_put(struct object *object)
{
	struct list pages = LIST_INIT(pages);

	if (atomic_sub(&object->refs, 1) > 0)
		return;
	object_cut(object, 0, last_page(object), &pages);
	object_drop_pages(&pages);
	if (object->contig) {
		kfree(object->contig->written);
		kfree(object->contig);
	}
	if (object->source && object->source->release)
		object->source->release(object);
	/* SAFE(object_grace): a lockless walker that holds a page of it has read whose
	 * the page is, and is about to ask that; or looks for one in the nodes. Pairs
	 * with SAFE(gup_object_once), and with speculate_page(). */
	call_rcu(&object->rcu, free_object);
}

/* --- its size ----------------------------------------------------------------------- */

/* What is cut off of the last page, or of a block that stays (and is not mapped any
 * more), is not to be seen again. */
static void clear_rest(struct object *object, u64 size)
{
	struct page *page;

	spin_lock(&object->lock);
	page = object_peek(object, size / PAGE_SIZE);
	if (page)
		object_clear(page_head(page), size, ~0UL);
	spin_unlock(&object->lock);
}

/* resizing held. Copies of these pages, and of what is left of the last one, that are on
 * their way have arrived.
 *
 * SAFE(cut_after_flight): the source would get what was cut off when it has been told so
 * already, and take it for what was written later. Pairs with end_flight() in dirty.c. */
static void await_flights(struct object *object, struct list *pages, u64 size)
{
	struct page *page = object_find_page(object, size / PAGE_SIZE);

	if (page) {
		(void)object_await_flight(object, page);
		page_put(page);
	}
	list_for_each (page, pages, link)
		(void)object_await_flight(object, page);
}

/* The source has been told. It may have been copying that page before. */
static void forget_fill(struct object *object, u64 size)
{
	struct list pages = LIST_INIT(pages);
	u64 index = size / PAGE_SIZE;
	struct page *page;

	spin_lock(&object->lock);
	page = object_peek(object, index);
	/* SAFE(fill_after_cut): what the source copies may be what was cut off just now;
	 * if the object is large again when the page-in ends, it would be seen. Pairs
	 * with SAFE(fill_tail), which is enough as long as the object is small. */
	if (size % PAGE_SIZE && page && READ_ONCE(page_head(page)->fill))
		object_cut(object, index, index + 1, &pages);
	spin_unlock(&object->lock);
	object_drop_pages(&pages);
}

/* resizing held. */
static void tell_size(struct object *object)
{
	if (object->source && object->source->resized)
		object->source->resized(object, object_size(object));
}

int object_resize(struct object *object, u64 size)
{
	struct list pages = LIST_INIT(pages);
	u64 first = pages_of(size);

	if (size > OBJECT_SIZE_MAX)
		return -EFBIG;
	mutex_lock(&object->resizing);
	object_split_around(object, first);
	spin_lock(&object->lock);
	object_cut(object, first, last_page(object), &pages);
	WRITE_ONCE(object->size, size);
	spin_unlock(&object->lock);
	TRACE_POINT(object_cut);
	if (!list_empty(&pages) || READ_ONCE(object->blocks))
		rmap_unmap_from(&object->rmap, first * PAGE_SIZE);
	clear_rest(object, size);
	if (object_tracks(object) && object->source->resized)
		await_flights(object, &pages, size);
	object_drop_pages(&pages);
	tell_size(object);
	forget_fill(object, size);
	mutex_unlock(&object->resizing);
	return 0;
}

void object_grow(struct object *object, u64 size)
{
	mutex_lock(&object->resizing);
	spin_lock(&object->lock);
	if (size > object->size)
		WRITE_ONCE(object->size, size);
	spin_unlock(&object->lock);
	tell_size(object);
	mutex_unlock(&object->resizing);
}
