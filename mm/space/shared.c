/*
 * mm/space/shared.c - faults where a VMA maps a memory object.
 *
 * A shared VMA's entries lead to the object's pages and allow what the VMA does; but not
 * writing to a clean page, where that matters (dirty.c). A
 * private one's do too, until the page is written or pinned: only for reading, and then
 * to a copy that is the mm's own (cow.c). The front end keeps VMA and tables; the
 * object may lose the page at any time (object_resize()). Can fail: no memory, beyond the
 * end.
 */
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "mm/space/fault.h"
#include "mm/space/internal.h"
#include "mm/space/object.h"
#include "mm/space/vma.h"
#include "mm/table/pgtable.h"

unsigned int shared_prot(const struct vma *vma, const struct page *page)
{
	/* SAFE(dirty_first): nobody would know that a clean page was written. Looked at
	 * under the table lock: who makes it clean takes that afterwards, and finds the
	 * entry. Pairs with SAFE(clean_first). */
	if (object_tracks(vma->object) && !(atomic_load(&page->state) & PAGE_DIRTY))
		return cow_prot_shared(vma->prot);
	return vma->prot;
}

static pxd_t entry_for(const struct vma *vma, const struct page *page)
{
	pxd_t entry = arch_pxd_leaf_make(LEVEL_PTE, page_phys(page), cow_prot(vma, page));

	return vma->flags & VMA_PFN ? arch_pxd_uncounted(LEVEL_PTE, entry) : entry;
}

/* False: it is not mapped. */
static bool install(struct fault *fault, struct page *page, u64 index)
{
	const struct vma *vma = fault->vma;
	struct page *head = page_head(page);
	bool good;

	TRACE_POINT(object_install);
	if (!fault_lock(fault))
		return false;
	/* SAFE(object_recheck): since it was found the page may have been cut off, and
	 * its mappings been taken away. Mapped now, it would be seen for ever: nobody
	 * looks for it again. Pairs with SAFE(object_cut_first); the lock orders. */
	good = object_keeps(vma->object, head, index, 1);
	if (good) {
		fault->at.entry = entry_for(vma, page);
		pxd_set(LEVEL_PTE, fault->at.ptr, fault->at.entry);
		if (!(vma->flags & VMA_PFN))
			page_map(head);
	}
	fault_unlock(fault);
	return good;
}

int shared_fault(struct fault *fault)
{
	const struct vma *vma = fault->vma;
	u64 index = vma_offset(vma, fault->address) / PAGE_SIZE;
	struct page *page;
	int err = fault->speculates ? speculate_page(fault, index, &page)
				    : object_page(vma->object, index, &page);

	/* The reference goes to the entry. */
	if (!err && (!install(fault, page, index) || vma->flags & VMA_PFN))
		page_put(page_head(page));
	return err;
}

int shared_write(struct fault *fault)
{
	struct page *page = leaf_page(LEVEL_PTE, fault->at.entry);
	int err = 0;

	TRACE_POINT(object_dirty);
	if (!fault_lock(fault))
		return 0;
	if (shared_prot(fault->vma, page) & PROT_WRITE)
		cow_allow_all(fault->vma, LEVEL_PTE, fault->at.ptr, fault->at.entry,
			fault->address & PAGE_MASK);
	else
		err = -EAGAIN;
	fault_unlock(fault);
	return err;
}
