/*
 * mm/space/anon.c - private anonymous memory: zeroed pages, made by the first touch.
 *
 * A touch that only reads gets the zero page, which is nothing special: a page that is
 * shared with everybody, as if all had been forked from one mm. The first store copies it
 * (cow.c). Each entry has a reference, and one more keeps the page from ever being
 * anybody's own.
 *
 * The frame is cleared before it is mapped and outside the lock: most of a fault's time
 * goes there. mm->lock (read) keeps the VMA and the tables on the way; mm->table_lock
 * orders the faults of several threads on one page. Can fail: no memory.
 */
#include "mm/huge/contig.h"
#include "mm/huge/leaf.h"
#include "mm/space/object.h"
#include "mm/space/internal.h"
#include "kernel/base/errno.h"
#include "kernel/base/panic.h"
#include "mm/space/frame.h"
#include "mm/space/rmap.h"
#include "mm/table/descend.h"

static struct page *zero_page; /* (c) */

void anon_init(void)
{
	zero_page = frame_alloc(0, PAGE_ANON_SHARED, FRAME_ZERO);
	ASSERT(zero_page, "no memory for the zero page");
	zero_page->anon = NULL; /* of no family: nobody looks for its mappings */
	zero_page->mapped = 0;
}

/* What a first touch maps, with a reference; NULL: no memory. */
static struct page *first_page(
	const struct vma *vma, unsigned long address, unsigned int access)
{
	if (!(access & ACCESS_OWN) && page_try_get(zero_page, 1))
		return zero_page;
	return rmap_alloc(vma, address, FRAME_ZERO);
}

bool anon_install(struct mm *mm, const struct vma *vma, pxd_t *ptr, struct page *page)
{
	bool empty;

	TRACE_POINT(anon_install);
	spin_lock(&mm->table_lock);
	/* SAFE(fault_recheck): of two threads that fault on one page, the second would
	 * replace the frame to which the first may already have written; pairs with the
	 * pxd_set() below, in the other thread */
	empty = pxd_none(LEVEL_PTE, pxd_read(ptr));
	if (empty) {
		pxd_set(LEVEL_PTE, ptr,
			arch_pxd_leaf_make(
				LEVEL_PTE, page_phys(page), cow_prot(vma, page)));
		page_map(page);
		mm->pages++;
	}
	spin_unlock(&mm->table_lock);
	return empty;
}

/* Nothing is mapped at *ptr. */
static int first_touch(struct mm *mm, const struct vma *vma, pxd_t *ptr,
	unsigned long address, unsigned int access)
{
	struct page *page = first_page(vma, address, access);

	if (!page)
		return -ENOMEM;
	if (!anon_install(mm, vma, ptr, page))
		page_put(page);
	return 0;
}

int anon_fault(
	struct mm *mm, const struct vma *vma, unsigned long address, unsigned int access)
{
	struct descent at;
	int err;

	if (unlikely(vma->flags & VMA_PFN) && vma->object->contig)
		return contig_fault(mm, vma, address, access);
	err = huge_wanted(vma) ? huge_fault(mm, vma, address, access) : 0;

	err = err ?: descend_alloc(mm, address, LEVEL_PTE, &at);
	if (err)
		return err;
	if (at.level != LEVEL_PTE) {
		leaf_fault(mm, vma, &at, address, access);
		return 0;
	}
	if (pxd_none(LEVEL_PTE, at.entry)) {
		if (!vma->object)
			return first_touch(mm, vma, at.ptr, address, access);
		err = shared_fault(mm, vma, at.ptr, address);
		at.entry = pxd_read(at.ptr);
		if (err || pxd_none(LEVEL_PTE, at.entry))
			return err;
	}
	if (cow_satisfies(vma, LEVEL_PTE, at.entry, access))
		return 0;
	if (vma->flags & VMA_SHARED)
		return shared_write(mm, vma, at.ptr, at.entry, address);
	return cow_fault(mm, vma, at.ptr, at.entry, address);
}
