/*
 * mm/space/cow.c - copy on write: a page that fork left shared is written, or pinned.
 *
 * The page is made exclusive again if this entry holds its only reference; else a copy of
 * it takes its place. Who else holds it need not be known: another mm, a lockless walker,
 * a pipe. Only the owner of an exclusive page has it pinned, and such a page is never
 * replaced: so a device and the process go on using the same one.
 *
 * The front end keeps VMA and tables; mm->table_lock orders those who change the entry.
 * The copy is made outside of it, of a page that is held meanwhile. Can fail: no memory.
 */
#include "kernel/base/counters.h"
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "mm/space/fault.h"
#include "mm/space/internal.h"
#include "mm/space/rmap.h"
#include "mm/table/tlb.h"

bool cow_is_mine(struct page *page)
{
	if (READ_ONCE(page->type) == PAGE_LAZY)
		WRITE_ONCE(page->type, PAGE_ANON); /* it is wanted again */
	if (!page_is_shared(page))
		return page_is_exclusive(page); /* never an object's */
	/* SAFE(cow_last_reference): whoever else holds the page, a child that has it
	 * mapped or a pipe that has it from there, would see what is written from now on.
	 * Pairs with fork_pte(), which takes a reference for each entry. */
	if (atomic_load(&page->refs) != 1)
		return false;
	WRITE_ONCE(page->type, PAGE_ANON);
	WRITE_ONCE(page->state, 0);
	return true;
}

/* True: another thread was faster, or this CPU has an old translation. */
bool cow_satisfies(const struct vma *vma, int level, pxd_t entry, unsigned int access)
{
	const struct page *page = leaf_page(level, entry);

	if (access & ACCESS_UNSHARE)
		return vma->flags & VMA_SHARED || page_is_exclusive(page);
	return !(access & ACCESS_WRITE) ||
	       arch_pxd_allows(level, entry, PROT_READ | PROT_WRITE);
}

/* Old translations, which allow less, end in a fault that finds this. */
void cow_allow_all(
	const struct vma *vma, int level, pxd_t *ptr, pxd_t entry, unsigned long address)
{
	pxd_unhook(level, ptr, address,
		arch_pxd_leaf_make(level, arch_pxd_phys(level, entry), vma->prot));
}

/* The copy takes the page's place, if that is still there. */
static bool replace(struct fault *fault, struct page *copy)
{
	unsigned long address = fault->address & PAGE_MASK;
	pxd_t *ptr = fault->at.ptr;

	TRACE_POINT(cow_replace);
	if (!fault_lock(fault))
		return false;
	pxd_unhook(LEVEL_PTE, ptr, address, arch_pxd_empty(LEVEL_PTE));
	/* SAFE(cow_flush_first): no CPU may go on reading the old page when another one
	 * can write to the new: threads would see each other's stores undone. Nor may the
	 * old one be freed before. Pairs with pxd_set(). */
	tlb_flush_range(fault->mm, address, address + PAGE_SIZE);
	pxd_set(LEVEL_PTE, ptr,
		arch_pxd_leaf_make(LEVEL_PTE, page_phys(copy), fault->vma->prot));
	page_map(copy);
	fault_unlock(fault);
	return true;
}

/* The page that the entry leads to, held; NULL: nothing is left to do. */
static struct page *hold_shared(struct fault *fault)
{
	struct page *page = leaf_page(LEVEL_PTE, fault->at.entry);

	if (!fault_lock(fault))
		return NULL;
	if (cow_is_mine(page)) {
		cow_allow_all(fault->vma, LEVEL_PTE, fault->at.ptr, fault->at.entry,
			fault->address & PAGE_MASK);
		page = NULL;
	} else {
		page_get(page);
	}
	fault_unlock(fault);
	return page;
}

int cow_fault(struct fault *fault)
{
	phys_t frame = arch_pxd_phys(LEVEL_PTE, fault->at.entry);
	struct page *page = hold_shared(fault), *copy;

	if (!page)
		return 0;
	copy = rmap_alloc(fault->vma, fault->address, 0);
	if (copy) {
		copy_page(page_address(copy), phys_to_virt(frame));
		counter_add_exact(COUNT_COW_COPIES, 1);
		if (replace(fault, copy)) {
			page_unmap(page);
			page_put(page); /* the entry's */
		} else {
			page_put(copy); /* not needed */
		}
	}
	page_put(page);
	return copy ? 0 : -ENOMEM;
}
