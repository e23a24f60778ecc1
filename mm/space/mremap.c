/*
 * mm/space/mremap.c - a mapping becomes larger or smaller, or goes somewhere else with
 * what is mapped in it.
 *
 * Moving makes a VMA at the new place, of the same object and the same family: only the
 * shift differs, so that every page keeps its place there (rmap.h). Then the entries go
 * over, one lowest table after the other (or with it, if it is all theirs), and the old
 * place is unmapped, empty. Who looks for a page's mappings finds it in one of the two
 * VMAs: entries move with the lists of the VMA's object and family locked.
 *
 * All in a write section: nobody faults. But truncate and reclaim take no mm's lock, and
 * other threads go on using old translations until they are flushed. Errors are Linux's.
 * Can fail for lack of memory or of VMAs: then nothing has moved, though what
 * MREMAP_FIXED replaces is gone, and what is cut off.
 */
#include "kernel/base/counters.h"
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "mm/huge/leaf.h"
#include "mm/space/internal.h"
#include "mm/space/object.h"
#include "mm/space/rmap.h"
#include "mm/space/vma.h"
#include "mm/table/descend.h"
#include "mm/table/tlb.h"

struct remap {
	struct mm *mm;
	unsigned long old, to;
	size_t old_size, size;
	unsigned int flags; /* MM_REMAP_* */
};

/* --- entries ------------------------------------------------------------------------ */

/* A leaf that is to stand as it is at the new place, too. */
static bool is_leaf(const struct descent *from)
{
	return from->level == LEVEL_PMD && pxd_leaf(LEVEL_PMD, from->entry);
}

/* How much from `at` on lies in one lowest table of the old place, and in one of the new;
 * or how much at least has no table. */
static size_t piece(const struct remap *remap, size_t at, struct descent *from)
{
	unsigned long old = remap->old + at, to = remap->to + at;
	size_t left = remap->old_size - at, length;

	if (left < HUGE_SIZE || !IS_ALIGNED(old | to, HUGE_SIZE))
		leaf_split_around(remap->mm, old);
	descend_find(remap->mm, old, from);
	if (is_leaf(from))
		return HUGE_SIZE;
	length = pxd_addr_end(max(from->level, LEVEL_PMD), old, old + left) - old;
	if (from->level != LEVEL_PTE)
		return length;
	return min(length, (size_t)(pxd_addr_end(LEVEL_PMD, to, to + left) - to));
}

/* A whole lowest table, which is to stand as it is at the new place, too. */
static bool is_table(size_t length)
{
	return length == pxd_size(LEVEL_PMD);
}

/* Everything that entries will need at the new place. */
static int make_tables(const struct remap *remap)
{
	int err = 0;

	for (size_t at = 0, length; !err && at < remap->old_size; at += length) {
		struct descent from, to;

		length = piece(remap, at, &from);
		if (from.level == LEVEL_PTE || is_leaf(&from))
			err = descend_alloc(remap->mm, remap->to + at,
				is_table(length) ? LEVEL_PMD : LEVEL_PTE, &to);
	}
	return err;
}

/*
 * table_lock held. The table itself moves, with all its entries, or a leaf does; *to is
 * an empty pmd entry. Who holds mm->lock, or table_lock, sees it at one of the two
 * places. A lockless walker that has come to it from the old one may find entries in it
 * that were made for the new one: that is what SAFE(gup_pmd_recheck) is for. The table is
 * not freed, so it has nothing else to fear.
 */
static void move_table(struct mm *mm, pxd_t *to, unsigned long address)
{
	struct descent from;

	descend_find_pmd(mm, address, &from);
	if (is_leaf(&from) && leaf_has_table(LEVEL_PMD, from.entry))
		table_deposit(to, table_withdraw(from.ptr));
	pxd_set(LEVEL_PMD, to,
		pxd_unhook(LEVEL_PMD, from.ptr, address, arch_pxd_empty(LEVEL_PMD)));
	counter_add(COUNT_TABLES_MOVED, 1);
}

/* table_lock held. */
static void move_ptes(pxd_t *from, pxd_t *to, unsigned long address, size_t length)
{
	for (; length; length -= PAGE_SIZE, address += PAGE_SIZE, from++, to++)
		if (!pxd_none(LEVEL_PTE, pxd_read(from)))
			pxd_set(LEVEL_PTE, to,
				pxd_unhook(LEVEL_PTE, from, address,
					arch_pxd_empty(LEVEL_PTE)));
}

static void move_piece(const struct remap *remap, const struct vma *vma, size_t at,
	const struct descent *from, size_t length)
{
	unsigned long old = remap->old + at;
	struct mm *mm = remap->mm;
	struct descent to;

	descend_find(mm, remap->to + at, &to);
	/* SAFE(move_locked): a walk that has found the new place empty, and the old one
	 * empty afterwards, would have missed what moved in between, and its caller take
	 * the page to be mapped nowhere. No order of the two in the list helps: the new
	 * place may be part of a VMA that has long been there. Pairs with walk_list() and
	 * rmap_unmap_from(). */
	rmap_lock(vma);
	spin_lock(&mm->table_lock);
	/* A part of a table, to where none is: neither place had one, but now the new one
	 * has, further on, which spans this part of the old one, with nothing in it. */
	if (to.level == LEVEL_PTE)
		move_ptes(from->ptr, to.ptr, old, length);
	else if (is_leaf(from) || is_table(length))
		move_table(mm, to.ptr, old);
	/* SAFE(move_flush): truncate finds the page at its new place only, flushes that,
	 * and frees it; a thread that still has a translation of the old place would go
	 * on writing to it. So it is flushed before anybody can find the page there.
	 * Pairs with rmap_unmap_from(). */
	tlb_flush_range(mm, old, old + length);
	spin_unlock(&mm->table_lock);
	rmap_unlock(vma);
	TRACE_POINT(mremap_moved);
}

static void move_entries(const struct remap *remap)
{
	const struct vma *vma = vma_find(remap->mm, remap->to);

	for (size_t at = 0, length; at < remap->old_size; at += length) {
		struct descent from;

		length = piece(remap, at, &from);
		if (from.level == LEVEL_PTE || is_leaf(&from))
			move_piece(remap, vma, at, &from, length);
	}
}

/* --- VMAs --------------------------------------------------------------------------- */

/* The new place is free. */
static int move(const struct remap *remap, struct vma *vma)
{
	struct mm *mm = remap->mm;
	struct vma_kind kind = vma_kind_of(vma);
	int err;

	/* SAFE(remap_claims): a fault that holds the old place would put a page into a
	 * table that is at the new one by then. Pairs with vma_hold(). */
	vma_write_begin(vma);
	/* The heap's end does not follow; and what has moved counts as written. */
	kind.flags &= ~(VMA_HEAP | VMA_CLEARED);
	kind.shift += remap->old - remap->to;
	if (!kind.object && !kind.anon)
		kind.shift = 0; /* no page knows its place yet */
	err = map_locked(mm, remap->to, remap->to + remap->size, &kind);
	if (err)
		return err;
	err = kind.flags & VMA_PFN ? 0 : make_tables(remap);
	if (err) {
		(void)unmap_locked(mm, remap->to, remap->to + remap->size);
		return err;
	}
	TRACE_POINT(mremap_joined);
	if (!(kind.flags & VMA_PFN))
		move_entries(remap); /* what is not counted is mapped anew by faults */
	/* Without memory for the hole an empty mapping is left there, as in Linux. */
	if (remap->old_size && !(remap->flags & MM_REMAP_DONTUNMAP))
		(void)unmap_locked(mm, remap->old, remap->old + remap->old_size);
	return 0;
}

/* May what the VMA has from remap->old on be larger? */
static int check_growth(const struct remap *remap, const struct vma *vma)
{
	unsigned long end;

	if (vma->object &&
		(remap->size > OBJECT_SIZE_MAX ||
			vma_offset(vma, remap->old) > OBJECT_SIZE_MAX - remap->size))
		return -EINVAL;
	if (vma->flags & VMA_PFN)
		return -EFAULT;
	if (!user_range_end(0, remap->size, &end))
		return -ENOMEM;
	if (vma->prot & PROT_WRITE && !(vma->flags & (VMA_NORESERVE | VMA_SHARED)) &&
		map_exceeds_memory(remap->size))
		return -ENOMEM;
	return 0;
}

/* May it move, and have this size? */
static int check(const struct remap *remap, const struct vma *vma)
{
	if (!vma || vma->start > remap->old)
		return -EFAULT;
	if (!remap->old_size && !(vma->flags & VMA_SHARED))
		return -EINVAL;
	if (remap->flags & MM_REMAP_DONTUNMAP && vma->flags & VMA_PFN)
		return -EINVAL;
	if (remap->old_size > vma->end - remap->old)
		return -EFAULT;
	return remap->size > remap->old_size ? check_growth(remap, vma) : 0;
}

/* What is too much of the old place goes. */
static int cut_off(struct remap *remap)
{
	unsigned long start = remap->old + remap->size, end;
	size_t cut = remap->old_size - remap->size;

	if (remap->old_size <= remap->size)
		return 0;
	if (!user_range_end(start, cut, &end))
		return -EINVAL;
	remap->old_size = remap->size;
	return unmap_locked(remap->mm, start, end);
}

/* To a place that the caller names, or with the old one left as it is. */
static int remap_to(struct remap *remap)
{
	bool fixed = remap->flags & MM_REMAP_FIXED;
	struct mm *mm = remap->mm;
	struct vma *vma;
	unsigned long end;
	int err;

	if (!IS_ALIGNED(remap->to, PAGE_SIZE) ||
		!user_range_end(remap->to, remap->size, &end) ||
		(remap->old < end && remap->to < remap->old + remap->old_size))
		return -EINVAL;
	err = fixed ? map_place(mm, &remap->to, remap->size, MM_FIXED) : 0;
	if (!err && fixed)
		err = unmap_locked(mm, remap->to, end);
	if (!err)
		err = cut_off(remap);
	if (err)
		return err;
	vma = vma_find(mm, remap->old);
	err = check(remap, vma);
	if (!err && !fixed)
		err = map_place(mm, &remap->to, remap->size, 0);
	return err ? err : move(remap, vma);
}

/* True: there was room above. */
static bool grow(const struct remap *remap, const struct vma *vma)
{
	unsigned long end = vma->end, top = remap->old + remap->size;
	struct vma_kind kind = vma_kind_of(vma);

	return remap->old + remap->old_size == end && top > end &&
	       !map_place(remap->mm, &end, top - end, MM_FIXED | MM_NOREPLACE) &&
	       vma_range_is_free(remap->mm, end, top) &&
	       !map_locked(remap->mm, end, top, &kind);
}

static int remap_locked(struct remap *remap)
{
	struct vma *vma = vma_find(remap->mm, remap->old);
	int err;

	if (!vma || vma->start > remap->old)
		return -EFAULT;
	if (remap->flags & (MM_REMAP_FIXED | MM_REMAP_DONTUNMAP))
		return remap_to(remap);
	remap->to = remap->old;
	if (remap->size <= remap->old_size)
		return cut_off(remap);
	err = check(remap, vma);
	if (err || grow(remap, vma))
		return err;
	if (!(remap->flags & MM_REMAP_MAYMOVE))
		return -ENOMEM;
	remap->to = 0;
	err = map_place(remap->mm, &remap->to, remap->size, 0);
	return err ? err : move(remap, vma);
}

int mm_remap(struct mm *mm, unsigned long old, size_t old_size, size_t size,
	unsigned int flags, unsigned long *to)
{
	struct remap remap = {.mm = mm,
		.old = old,
		.to = *to,
		.old_size = ALIGN_UP(old_size, PAGE_SIZE),
		.size = ALIGN_UP(size, PAGE_SIZE),
		.flags = flags};
	int err;

	if (flags & ~MM_REMAP_ALL || !IS_ALIGNED(old, PAGE_SIZE) || !remap.size ||
		(flags & ~MM_REMAP_MAYMOVE && !(flags & MM_REMAP_MAYMOVE)) ||
		(flags & MM_REMAP_DONTUNMAP && old_size != size))
		return -EINVAL;
	mm_write_lock(mm);
	err = remap_locked(&remap);
	mm_write_unlock(mm);
	if (!err)
		*to = remap.to;
	return err;
}
