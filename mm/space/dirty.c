/*
 * mm/space/dirty.c - which pages of a file were written, and writing them back.
 *
 * Of an object whose source takes pages back a page is clean or DIRTY. No entry allows
 * writing to a clean one, whatever its VMA says: so the first write faults, the source is
 * asked, and the page is dirty before any entry allows writing (shared.c). A page becomes
 * clean again in this order:
 *
 *     no longer dirty        who faults from now on makes it dirty, and is not undone
 *     write-protect, flush   whoever could write has to fault first
 *     copy                   has all that was written by then
 *     the source gets it     no lock is held; the page may be dirty again meanwhile
 *
 * IN_FLIGHT is a page whose copy is on its way: a second copy waits, for an older one
 * must not arrive after it. What has failed, or is pinned, stays dirty: a device writes
 * without faulting.
 *
 * Locks: the object's, to begin and end a flight. Can fail: memory, the source.
 */
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "mm/space/gup.h"
#include "mm/space/internal.h"
#include "mm/space/object.h"
#include "mm/space/rmap.h"
#include "mm/space/vma.h"
#include "mm/table/pgtable.h"
#include "mm/table/tlb.h"

/* --- one page ----------------------------------------------------------------------- */

/* This entry does not allow writing any more. */
static bool protect_one(const struct mapping *at, void *unused)
{
	unsigned int prot = arch_pxd_prot(LEVEL_PTE, at->entry);
	phys_t frame = arch_pxd_phys(LEVEL_PTE, at->entry);

	if (!(prot & PROT_WRITE))
		return false;
	(void)pxd_unhook(LEVEL_PTE, at->ptr, at->address,
		arch_pxd_leaf_make(LEVEL_PTE, frame, cow_prot_shared(prot)));
	/* SAFE(clean_flush_first): a CPU that goes on writing through an old translation
	 * writes to a clean page, after it was copied: the source never gets that. Pairs
	 * with copy_page() in clean_page(). */
	tlb_flush_range(at->vma->mm, at->address, at->address + PAGE_SIZE);
	return false;
}

/* How much of the page belongs to the object; 0: it was cut off. */
static u64 bytes_of(struct object *object, const struct page *page)
{
	u64 start = page->index * PAGE_SIZE, size = object_size(object);

	return atomic_load(&page->object) && size > start ? min(size - start, PAGE_SIZE)
							  : 0;
}

/* The lock is for object_write(), which looks and then writes. */
static void no_longer_dirty(struct object *object, struct page *page)
{
	spin_lock(&object->lock);
	atomic_and(&page->state, ~PAGE_DIRTY);
	spin_unlock(&object->lock);
}

/* In flight: it becomes clean, and the source gets it. */
static int clean_page(struct object *object, struct page *page, bool *pinned)
{
	struct page *copy = frame_alloc(0, PAGE_KERNEL, FRAME_USER);
	int answer = 0;
	u64 size;

	if (!copy)
		return -ENOMEM;
	/* SAFE(clean_first): before the entries are looked at. A fault that finds the
	 * page dirty allows writing: after we were there, that would be to a page which
	 * is taken for clean a moment later. Pairs with SAFE(dirty_first). */
	no_longer_dirty(object, page);
	(void)rmap_walk(page, protect_one, NULL);
	/* SAFE(clean_pinned): what a device writes after the copy was made, nobody would
	 * write back. Looked at after the flush: who pins the page later finds that it
	 * may not be written, and makes it dirty. Pairs with SAFE(gup_pte_recheck). */
	*pinned = page_maybe_pinned(page);
	TRACE_POINT(object_copy);
	copy_page(page_address(copy), page_address(page));
	size = bytes_of(object, page);
	if (size)
		answer = object_believed(object->source->write_back(
			object, page->index, page_address(copy), size));
	page_put(copy);
	return answer;
}

static void end_flight(struct object *object, struct page *page, bool dirty)
{
	if (dirty)
		atomic_or(&page->state, PAGE_DIRTY);
	atomic_and(&page->state, ~PAGE_IN_FLIGHT);
	wake_up(&object->filled);
}

static int fly(struct object *object, struct page *page)
{
	bool pinned = false;
	int err = clean_page(object, page, &pinned);

	end_flight(object, page, err || pinned);
	return err;
}

int object_await_flight(struct object *object, struct page *page)
{
	TRACE_POINT(object_wait);
	wait_event(&object->filled,
		!(atomic_load(&page->state) & PAGE_IN_FLIGHT) || object_gives_up());
	return object_gives_up() ? -EINTR : 0;
}

/* --- all of them -------------------------------------------------------------------- */

/* The first page from *index on that is not clean, held; *mine: it is in flight from now
 * on, by us. NULL: there is none. */
static struct page *begin_flight(struct object *object, u64 *index, u64 end, bool *mine)
{
	struct page *page;
	u32 state = 0;

	spin_lock(&object->lock);
	for (; (page = object_next(object, index, end)); ++*index) {
		state = READ_ONCE(page->state);
		if (state)
			break;
	}
	/* SAFE(one_flight): two copies of one page on their way may arrive in the wrong
	 * order, and the older one is what stays. Pairs with end_flight(). */
	*mine = page && !(state & PAGE_IN_FLIGHT);
	if (*mine)
		atomic_or(&page->state, PAGE_IN_FLIGHT);
	if (page)
		page_get(page);
	spin_unlock(&object->lock);
	return page;
}

int object_write_back(struct object *object, u64 start, u64 end)
{
	u64 index = start / PAGE_SIZE,
	    last = ALIGN_UP(min(end, OBJECT_SIZE_MAX), PAGE_SIZE) / PAGE_SIZE;
	struct page *page;
	int err, first = 0;
	bool mine;

	if (!object_tracks(object))
		return 0;
	rank_assert_may_fault("writing back");
	while ((page = begin_flight(object, &index, last, &mine))) {
		err = mine ? fly(object, page) : object_await_flight(object, page);
		index += mine; /* or it may be dirty still */
		page_put(page);
		first = first ?: err;
		if (err == -EINTR)
			break;
	}
	return first;
}
