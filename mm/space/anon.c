/*
 * mm/space/anon.c - private anonymous memory: zeroed pages, made by the first touch.
 *
 * A touch that only reads gets the zero page, which is nothing special: a page that is
 * shared with everybody, as if all had been forked from one mm. The first store copies it
 * (cow.c). Each entry has a reference, and one more keeps the page from ever being
 * anybody's own.
 *
 * The frame is cleared before it is mapped and outside the lock: most of a fault's time
 * goes there. The front end keeps the VMA and the tables on the way; mm->table_lock
 * orders the faults of several threads on one page. Can fail: no memory.
 */
#include "mm/huge/contig.h"
#include "mm/huge/leaf.h"
#include "mm/space/object.h"
#include "mm/space/internal.h"
#include "kernel/base/errno.h"
#include "kernel/base/panic.h"
#include "mm/space/fault.h"
#include "mm/space/frame.h"
#include "mm/space/rmap.h"

static struct page *zero_page; /* (c) */

void anon_init(void)
{
	zero_page = frame_alloc(0, PAGE_ANON_SHARED, FRAME_ZERO);
	ASSERT(zero_page, "no memory for the zero page");
	zero_page->anon = NULL; /* of no family: nobody looks for its mappings */
	zero_page->mapped = 0;
}

/* What a first touch maps, with a reference; NULL: no memory. */
static struct page *first_page(const struct fault *fault)
{
	if (!(fault->access & ACCESS_OWN) && page_try_get(zero_page, 1))
		return zero_page;
	return rmap_alloc(fault->vma, fault->address, FRAME_ZERO);
}

bool anon_install(struct fault *fault, struct page *page)
{
	TRACE_POINT(anon_install);
	if (!fault_lock(fault))
		return false;
	pxd_set(LEVEL_PTE, fault->at.ptr,
		arch_pxd_leaf_make(
			LEVEL_PTE, page_phys(page), cow_prot(fault->vma, page)));
	page_map(page);
	fault_unlock(fault);
	return true;
}

/* Nothing is mapped there. */
static int first_touch(struct fault *fault)
{
	struct page *page = first_page(fault);

	if (!page)
		return -ENOMEM;
	if (!anon_install(fault, page))
		page_put(page);
	return 0;
}

int fault_entry(struct fault *fault)
{
	int err;

	if (pxd_none(LEVEL_PTE, fault->at.entry)) {
		if (!fault->vma->object)
			return first_touch(fault);
		err = shared_fault(fault);
		if (err || pxd_none(LEVEL_PTE, fault->at.entry))
			return err;
	}
	if (cow_satisfies(fault->vma, LEVEL_PTE, fault->at.entry, fault->access))
		return 0;
	return fault->vma->flags & VMA_SHARED ? shared_write(fault) : cow_fault(fault);
}

int anon_fault(struct fault *fault)
{
	const struct vma *vma = fault->vma;
	unsigned long address = fault->address;
	struct mm *mm = fault->mm;
	int err;

	if (unlikely(vma->flags & VMA_PFN) && vma->object->contig)
		return contig_fault(mm, vma, address, fault->access);
	err = huge_wanted(vma, fault->access)
		      ? huge_fault(mm, vma, address, fault->access)
		      : 0;
	if (err)
		return err;
	descend_find(mm, address, &fault->at);
	if (fault->at.level != LEVEL_PTE)
		err = descend_alloc_on(mm, address, LEVEL_PTE, &fault->at);
	if (err)
		return err;
	if (fault->at.level == LEVEL_PTE)
		return fault_entry(fault);
	leaf_fault(mm, vma, &fault->at, address, fault->access);
	return 0;
}
