/*
 * mm/space/shared.c - faults where a VMA maps a memory object.
 *
 * A shared VMA's entries lead to the object's pages and allow what the VMA does. A
 * private one's do too, until the page is written or pinned: only for reading, and then
 * to a copy that is the mm's own (cow.c). mm->lock (read) keeps VMA and tables; the
 * object may lose the page at any time (object_resize()). Can fail: no memory, beyond the
 * end.
 */
#include "kernel/base/trace.h"
#include "mm/space/internal.h"
#include "mm/space/object.h"
#include "mm/space/vma.h"
#include "mm/table/pgtable.h"

/* The reference goes to the entry. False: it is not mapped. */
static bool install(struct mm *mm, const struct vma *vma, pxd_t *ptr, struct page *page)
{
	bool good;

	TRACE_POINT(object_install);
	spin_lock(&mm->table_lock);
	/* SAFE(object_recheck): since it was found the page may have been cut off, and
	 * its mappings been taken away. Mapped now, it would be seen for ever: nobody
	 * looks for it again. Pairs with SAFE(object_cut_first); the lock orders. */
	good = pxd_none(LEVEL_PTE, pxd_read(ptr)) && atomic_load(&page->object);
	if (good) {
		pxd_set(LEVEL_PTE, ptr,
			arch_pxd_leaf_make(
				LEVEL_PTE, page_phys(page), cow_prot(vma, page)));
		page_map(page);
		mm->pages++;
	}
	spin_unlock(&mm->table_lock);
	return good;
}

int shared_fault(struct mm *mm, const struct vma *vma, pxd_t *ptr, unsigned long address)
{
	struct page *page;
	int err = object_page(vma->object, vma_offset(vma, address) / PAGE_SIZE, &page);

	if (!err && !install(mm, vma, ptr, page))
		page_put(page);
	return err;
}
