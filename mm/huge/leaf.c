/*
 * mm/huge/leaf.c - pmd leaves: made by faults, split; see leaf.h.
 *
 * Block and table are allocated, and cleared, before the lock: whoever is second frees
 * his. The block of an object may be there already, and others may have it, too. mm->lock
 * (read) keeps VMA and tables, mm->table_lock orders those who store entries. What can
 * fail: memory for tables; without a block one goes on page by page.
 */
#include "mm/huge/leaf.h"
#include "kernel/base/counters.h"
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "mm/huge/khugepaged.h"
#include "mm/oracle/ledger.h"
#include "mm/space/internal.h"
#include "mm/space/object.h"
#include "mm/space/rmap.h"
#include "mm/space/vma.h"
#include "mm/table/tlb.h"

/* --- making ------------------------------------------------------------------------- */

/* What a lowest table needs to map a block as a leaf would; nobody walks it yet, or
 * table_lock is held. */
static void fill_table(struct ptdesc *table, phys_t frame, unsigned int prot)
{
	pxd_t *ptr = ptdesc_table(table);

	for (unsigned long i = 0; i < HUGE_PAGES; i++)
		pxd_set(LEVEL_PTE, ptr + i,
			arch_pxd_leaf_make(
				LEVEL_PTE, phys(frame.v + i * PAGE_SIZE), prot));
}

/* Instead of one entry so many as a table has lead to the block. */
static void count_entries(struct page *head)
{
	atomic_add(&head->refs, (s32)HUGE_PAGES - 1);
	atomic_add(&head->mapped, (s32)HUGE_PAGES - 1);
}

void leaf_install(struct mm *mm, pxd_t *ptr, struct page *head, unsigned int prot,
	struct ptdesc *table)
{
	phys_t frame = page_phys(head);

	page_map(head);
	if (arch_leaf_possible(LEVEL_PMD)) {
		table_deposit(ptr, table);
		pxd_set(LEVEL_PMD, ptr, arch_pxd_leaf_make(LEVEL_PMD, frame, prot));
		return;
	}
	count_entries(head);
	fill_table(table, frame, prot);
	table_link(mm, LEVEL_PMD, ptr, table);
}

/* What a first touch may do. A read, where somebody asks what is written (soft_dirty.c),
 * is no writing. */
static unsigned int first_prot(const struct vma *vma, unsigned int access)
{
	if (vma->flags & VMA_CLEARED && !(access & ACCESS_WRITE))
		return cow_prot_shared(vma->prot);
	return vma->prot;
}

static bool install(struct mm *mm, pxd_t *ptr, struct page *head, unsigned int prot,
	struct ptdesc *table)
{
	bool empty;

	TRACE_POINT(huge_install);
	spin_lock(&mm->table_lock);
	/* SAFE(huge_recheck): since we looked another fault may have put a table here,
	 * with pages that were written already, or a leaf. Pairs with every pxd_set(). */
	empty = pxd_none(LEVEL_PMD, pxd_read(ptr));
	if (empty)
		leaf_install(mm, ptr, head, prot, table);
	spin_unlock(&mm->table_lock);
	return empty;
}

struct page *block_alloc(const struct vma *vma, unsigned long address, unsigned int flags)
{
	struct page *head =
		frame_alloc(HUGE_ORDER, PAGE_ANON, FRAME_USER | FRAME_ZERO | flags);

	if (head) {
		page_make_block(head);
		rmap_home(head, vma, address);
	}
	return head;
}

/* *ptr was empty. */
static void first_touch(struct mm *mm, const struct vma *vma, pxd_t *ptr,
	unsigned long address, unsigned int access)
{
	struct ptdesc *table = table_alloc(mm, LEVEL_PTE);
	struct page *head =
		table ? block_alloc(vma, address, huge_frame_flags(vma)) : NULL;
	unsigned int prot = first_prot(vma, access);

	if (head && prot != vma->prot)
		head->state = PAGE_CLEAN;
	if (head && install(mm, ptr, head, prot, table)) {
		counter_add_exact(COUNT_HUGE_FAULTS, 1);
		return;
	}
	if (head)
		page_put(head);
	if (table)
		table_free_unused(table);
}

/* False: it is not mapped. */
static bool install_objects(
	struct mm *mm, const struct vma *vma, pxd_t *ptr, struct page *head, u64 index)
{
	bool good;

	TRACE_POINT(huge_install);
	spin_lock(&mm->table_lock);
	/* SAFE(block_recheck): since it was found, the block may have been cut off, or a
	 * part of it, and its mappings been taken away. As SAFE(object_recheck) says of
	 * single pages. */
	good = pxd_none(LEVEL_PMD, pxd_read(ptr)) &&
	       object_keeps(vma->object, head, index, HUGE_PAGES);
	if (good) {
		pxd_set(LEVEL_PMD, ptr,
			arch_pxd_leaf_make(
				LEVEL_PMD, page_phys(head), cow_prot(vma, head)));
		page_map(head);
	}
	spin_unlock(&mm->table_lock);
	return good;
}

/* *ptr was empty. Where the hardware has no leaves it stays so: but there is a block. */
static void touch_objects(
	struct mm *mm, const struct vma *vma, pxd_t *ptr, unsigned long address)
{
	u64 index = vma_offset(vma, address) / PAGE_SIZE;
	struct page *head =
		object_block(vma->object, index, huge_makes(vma), huge_frame_flags(vma));

	/* The reference goes to the leaf. */
	if (head && (!arch_leaf_possible(LEVEL_PMD) ||
			    !install_objects(mm, vma, ptr, head, index)))
		page_put(head);
}

int huge_fault(
	struct mm *mm, const struct vma *vma, unsigned long address, unsigned int access)
{
	struct descent at;
	int err;

	address = ALIGN_DOWN(address, HUGE_SIZE);
	if (address < vma->start || vma->end - address < HUGE_SIZE)
		return 0;
	khugepaged_enter(mm);
	err = descend_alloc(mm, address, LEVEL_PMD, &at);
	if (err || at.level != LEVEL_PMD || !pxd_none(LEVEL_PMD, at.entry))
		return err;
	if (vma->object)
		touch_objects(mm, vma, at.ptr, address);
	else
		first_touch(mm, vma, at.ptr, address, access);
	return 0;
}

/* --- splitting ---------------------------------------------------------------------- */

/* A block's leaf, at its address. */
static void split_block_leaf(struct mm *mm, pxd_t *ptr, pxd_t leaf, unsigned long address)
{
	unsigned int prot = arch_pxd_prot(LEVEL_PMD, leaf);
	phys_t frame = arch_pxd_phys(LEVEL_PMD, leaf);
	struct ptdesc *table = table_withdraw(ptr);

	/* Nobody's, but not empty: a fault, which looks without the lock, would make a
	 * block in vain. */
	(void)pxd_unhook(
		LEVEL_PMD, ptr, address, arch_pxd_leaf_make(LEVEL_PMD, frame, PROT_NONE));
	/* SAFE(split_flush): before the same memory is seen through entries: a CPU may
	 * not have a translation of the leaf beside one of an entry (it may stop, or use
	 * either), and when an entry is taken away later, only that is flushed. Pairs
	 * with the flushes of single entries. */
	tlb_flush_range(mm, address, address + HUGE_SIZE);
	if (IS_LAB)
		ledger_split(LEVEL_PMD, ptr);
	TRACE_POINT(leaf_split);
	/* SAFE(split_counts): each entry has a reference of its own, and puts it when it
	 * goes: the first to go would free the block under the others. Pairs with
	 * page_unmap_all(). */
	count_entries(page_of_phys(frame));
	fill_table(table, frame, prot);
	table_link(mm, LEVEL_PMD, ptr, table);
}

/* A device's, of any size, or an object's, at its address. */
static void drop_leaf(struct mm *mm, int level, pxd_t *ptr, unsigned long address)
{
	pxd_t leaf = pxd_unhook(level, ptr, address, arch_pxd_empty(level));

	/* SAFE(drop_flush): the next fault may map a page of it with other rights; a CPU
	 * would have a translation of the leaf beside that, and use either. Pairs with
	 * pxd_set() in contig.c. */
	tlb_flush_range(mm, address, address + pxd_size(level));
	if (arch_pxd_counted(level, leaf)) {
		page_unmap(leaf_page(LEVEL_PMD, leaf));
		page_put(leaf_page(LEVEL_PMD, leaf));
	}
}

void leaf_split(struct mm *mm, int level, pxd_t *ptr, unsigned long address)
{
	pxd_t leaf = pxd_read(ptr);

	address = ALIGN_DOWN(address, pxd_size(level));
	if (leaf_has_table(level, leaf))
		split_block_leaf(mm, ptr, leaf, address);
	else
		drop_leaf(mm, level, ptr, address);
	counter_add_exact(COUNT_LEAVES_SPLIT, 1);
}

/* Or only if it does not begin there. */
static void split_around(struct mm *mm, unsigned long address, bool cut)
{
	struct descent at;

	spin_lock(&mm->table_lock);
	descend_find(mm, address, &at);
	if (at.level != LEVEL_PTE && pxd_leaf(at.level, at.entry) &&
		!(cut && IS_ALIGNED(address, pxd_size(at.level))))
		leaf_split(mm, at.level, at.ptr, address);
	spin_unlock(&mm->table_lock);
}

void leaf_split_around(struct mm *mm, unsigned long address)
{
	split_around(mm, address, false);
}

void leaf_split_at(struct mm *mm, unsigned long address)
{
	if (address < mm->limit)
		split_around(mm, address, true);
}

void leaf_gone(pxd_t *ptr)
{
	/* At once: it is a new one, or was left by every walker before it was deposited
	 * (collapse.c). */
	table_free_unused(table_withdraw(ptr));
}

/* --- writing ------------------------------------------------------------------------ */

void leaf_fault(struct mm *mm, const struct vma *vma, const struct descent *at,
	unsigned long address, unsigned int access)
{
	spin_lock(&mm->table_lock);
	if (pxd_read(at->ptr).v == at->entry.v &&
		!cow_satisfies(vma, LEVEL_PMD, at->entry, access)) {
		if (cow_is_mine(leaf_page(LEVEL_PMD, at->entry)))
			cow_allow_all(vma, LEVEL_PMD, at->ptr, at->entry,
				ALIGN_DOWN(address, HUGE_SIZE));
		else
			leaf_split(mm, LEVEL_PMD, at->ptr, address); /* and copy one */
	}
	spin_unlock(&mm->table_lock);
}
