/*
 * mm/space/rmap.h - reverse maps: from a page to the entries that map it.
 *
 * A page that user space maps belongs to a memory object (page->object), or to a FAMILY
 * (page->anon): the VMAs whose own pages descend from one first fault, which are what
 * that VMA was cut into, and their copies in forked mms. It has a place there
 * (page->index). Objects and families both list the VMAs that may map their pages: a
 * struct rmap. In each of them a page has at most one address, vma_address(); whether it
 * is mapped there, only the entry can tell. mremap keeps family and index.
 *
 * Who lists whom: a VMA is in its object's list from the beginning, and in a family's
 * from the first page of its own on (rmap_prepare()). It enters a list before anything is
 * mapped in it, a copy behind its original, and leaves when what it mapped is unmapped
 * AND flushed. So a walk meets every entry, also those that a fork is just copying; and
 * mremap moves entries with the list locked.
 *
 * Locks: the lists have spinlocks of their own (RANK_RMAP, RANK_FAMILY), taken
 * before mm->table_lock. mm->lock is not needed: a VMA that is listed has an mm, whose
 * tables stay while its table_lock is held. Lifetimes: a family ends with its last VMA,
 * and its memory a grace period later.
 */
#pragma once

#include "mm/space/mm.h"
#include "mm/space/page.h"

struct anon {
	struct rmap rmap;
	s32 refs; /* (a) VMAs in the list, and walkers */
	struct rcu_head rcu;
};

/* An entry that maps a page, as a walk shows it. */
struct mapping {
	struct vma *vma;
	unsigned long address;
	pxd_t *ptr; /* leads to the page, until table_lock is released */
	pxd_t entry;
};

/* True: that is enough. */
typedef bool rmap_fn(const struct mapping *at, void *arg);

/*
 * Visits the entries that map the page, which is a single frame and held by the caller,
 * as is its object if it has one. The visitor runs under the rmap's lock and the
 * table_lock of at->vma->mm, and may change the entry by pxd_unhook(), and flush; others
 * of its table, too. Other fields of the VMA may change meanwhile, except for those that
 * say (c).
 *
 * When it returns, no CPU uses a translation to the page but through entries that were
 * visited, or that have been made since the walk began by others than fork and mremap:
 * who wants to keep faults from making some tells them so first. True: it was stopped.
 */
bool rmap_walk(struct page *page, rmap_fn *visit, void *arg);

/* Takes the page away from all who map it: how many did. It is still the caller's. */
unsigned int rmap_unmap(struct page *page);

/* Takes away what is mapped from this offset of an object on, copies too; and what is
 * mapped of its own pages in [offset, end). */
void rmap_unmap_from(struct rmap *rmap, u64 offset);
void rmap_unmap_pages(struct rmap *rmap, u64 offset, u64 end);

void rmap_init(struct rmap *rmap, enum lock_rank rank);

/* Before the first page of its own is mapped in a VMA: 0 or -ENOMEM. mm->lock held. */
int rmap_prepare(struct mm *mm, struct vma *vma);

/* A page that is mapped nowhere is to be the VMA's own at this address. It was prepared.
 */
void rmap_home(struct page *page, const struct vma *vma, unsigned long address);

/* The same of a new one, zeroed (FRAME_ZERO) or with anything in it; NULL: no memory. */
struct page *rmap_alloc(const struct vma *vma, unsigned long address, unsigned int flags);

/* A VMA with all its fields set is entered in its lists, with a reference for each;
 * leaves them. In a write section of its mm. */
void rmap_join(struct vma *vma);
void rmap_leave(struct vma *vma);

/* As long as they are locked nobody looks for mappings of pages that the VMA may map. */
void rmap_lock(const struct vma *vma);
void rmap_unlock(const struct vma *vma);

/* A VMA that had no family yet belongs to this one. In a write section of its mm. */
void rmap_join_family(struct vma *vma, struct anon *anon);

/* Where the VMA shows the page, if the address lies in it. */
static inline unsigned long vma_address(const struct vma *vma, const struct page *page)
{
	return page->index * PAGE_SIZE - vma->shift;
}
