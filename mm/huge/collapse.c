/*
 * mm/huge/collapse.c - what single pages map becomes one block: for MADV_COLLAPSE, and in
 * the background (khugepaged.c), where more has to be right.
 *
 *     detach     the table with all its entries, from the pmd entry: nobody finds it
 *     flush      no CPU translates through it
 *     sync one   no lockless walker is in it any more
 *     look       whoever has got hold of a page before is seen: then all is put back
 *     copy, install, free
 *
 * In a write section, so nobody faults; and of private memory, for whose mappings nobody
 * looks but reclaim, which lets be what it does not find. Between detach and install the
 * table is ours: only a thread of the mm that touches the memory waits, in its fault.
 * Afterwards the table is deposited for the leaf, or, where the hardware has none, maps
 * the block. Can fail: no block, nothing there, or somebody holds a page.
 */
#include "kernel/base/counters.h"
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "mm/huge/collapse.h"
#include "mm/huge/leaf.h"
#include "mm/oracle/ledger.h"
#include "mm/space/internal.h"
#include "mm/space/rmap.h"
#include "mm/space/vma.h"
#include "mm/table/table_free.h"
#include "mm/table/tlb.h"

const struct collapse_limits collapse_any = {
	.none = HUGE_PAGES - 1, .shared = HUGE_PAGES};

struct collapse {
	struct mm *mm;
	const struct vma *vma;
	const struct collapse_limits *limits;
	unsigned long address; /* the block's */
	pxd_t *ptr;            /* the pmd entry there, */
	pxd_t entry;           /* and what it was: a table */
};

static pxd_t *table_of(const struct collapse *it)
{
	return pxd_table(LEVEL_PMD, it->entry);
}

static void detach(struct collapse *it)
{
	struct mm *mm = it->mm;

	spin_lock(&mm->table_lock);
	it->entry =
		pxd_unhook(LEVEL_PMD, it->ptr, it->address, arch_pxd_empty(LEVEL_PMD));
	mm->tables[LEVEL_PTE]--;
	spin_unlock(&mm->table_lock);
	/* SAFE(collapse_flush): through what a CPU remembers of the table it would write
	 * to a page after that was copied. Pairs with copy_pages(). */
	tlb_flush_tables(mm, it->address, it->address + HUGE_SIZE);
	/* Or a walker that is in the table still could grab a page after we have counted
	 * who holds it, and would read the table when it is deposited, and freed with its
	 * leaf at once: SAFE(sync_one). */
	tables_sync_one(mm);
}

/* The table is there again, as it is now. */
static void attach(struct collapse *it)
{
	spin_lock(&it->mm->table_lock);
	table_link(it->mm, LEVEL_PMD, it->ptr, ptdesc_of(LEVEL_PTE, table_of(it)));
	spin_unlock(&it->mm->table_lock);
}

/* May what this entry maps be copied, and the copy take its place? */
static bool may_copy(pxd_t entry)
{
	const struct page *head = leaf_page(LEVEL_PTE, entry);

	if (page_is_shared(head))
		return true; /* it is copied before it is written in any case */
	/* SAFE(collapse_held_last): a device that has the page pinned would go on with
	 * it, and the process with the copy. Looked at when no walker can grab it by
	 * this entry any more: pairs with SAFE(gup_pmd_recheck). */
	return atomic_load(&head->refs) == atomic_load(&head->mapped);
}

/* Also by somebody else, as far as that can be told: of a block's pages only that they
 * are mapped by several entries. */
static bool is_mapped_elsewhere(pxd_t entry)
{
	const struct page *head = leaf_page(LEVEL_PTE, entry);

	return page_is_shared(head) && atomic_load(&head->mapped) > 1;
}

/* How many pages are mapped; or why none of them is to be copied. */
static int count_pages(const struct collapse *it)
{
	const pxd_t *ptr = table_of(it);
	unsigned int none = 0, shared = 0;

	for (unsigned long i = 0; i < HUGE_PAGES; i++) {
		pxd_t entry = pxd_read(ptr + i);

		if (pxd_none(LEVEL_PTE, entry))
			none++;
		else if (!may_copy(entry))
			return -EAGAIN;
		else
			shared += is_mapped_elsewhere(entry);
	}
	if (none > it->limits->none || shared > it->limits->shared)
		return -EINVAL;
	return HUGE_PAGES - none;
}

static void copy_pages(const struct collapse *it, struct page *head)
{
	const pxd_t *ptr = table_of(it);

	for (unsigned long i = 0; i < HUGE_PAGES; i++) {
		pxd_t entry = pxd_read(ptr + i);

		if (!pxd_none(LEVEL_PTE, entry))
			copy_page(page_address(head + i),
				phys_to_virt(arch_pxd_phys(LEVEL_PTE, entry)));
	}
}

/* The pages that the table maps lose their entries, which no CPU knows any more. */
static void drop_pages(const struct collapse *it)
{
	pxd_t *ptr = table_of(it);

	for (unsigned long i = 0; i < HUGE_PAGES; i++) {
		pxd_t entry = pxd_read(ptr + i);
		struct page *page;

		if (pxd_none(LEVEL_PTE, entry))
			continue;
		page = leaf_page(LEVEL_PTE, entry);
		ledger_split(LEVEL_PTE, ptr + i);
		pxd_set(LEVEL_PTE, ptr + i, arch_pxd_empty(LEVEL_PTE));
		page_unmap(page);
		page_put(page);
	}
}

static int replace(struct collapse *it, struct page *head)
{
	struct mm *mm = it->mm;
	int count;

	detach(it);
	count = count_pages(it);
	if (count < 0) {
		attach(it);
		return count;
	}
	copy_pages(it, head);
	spin_lock(&mm->table_lock);
	drop_pages(it);
	leaf_install(
		mm, it->ptr, head, it->vma->prot, ptdesc_of(LEVEL_PTE, table_of(it)));
	spin_unlock(&mm->table_lock);
	counter_add_exact(COUNT_COLLAPSED, 1);
	return 0;
}

/* Does the table map a whole block, page by page? (Some of it may have moved away.) */
static bool maps_block(const pxd_t *table)
{
	phys_t first = arch_pxd_phys(LEVEL_PTE, pxd_read(table));

	for (unsigned long i = 0; i < HUGE_PAGES; i++) {
		pxd_t entry = pxd_read(table + i);

		if (pxd_none(LEVEL_PTE, entry) ||
			arch_pxd_phys(LEVEL_PTE, entry).v != first.v + i * PAGE_SIZE)
			return false;
	}
	return page_of_phys(first)->order == HUGE_ORDER &&
	       page_is_exclusive(page_of_phys(first));
}

/* Is it as it should be already? */
static bool is_block(const struct collapse *it, const struct descent *at)
{
	if (pxd_leaf(LEVEL_PMD, at->entry) || arch_leaf_possible(LEVEL_PMD))
		return pxd_leaf(LEVEL_PMD, at->entry);
	return maps_block(table_of(it));
}

/* mm->lock held. It holds pages to be looked at. */
static bool has_room(const struct vma *vma, unsigned long address,
	const struct collapse_limits *limits)
{
	/* SAFE(collapse_vma_again): since khugepaged looked, under the lock for reading,
	 * a part of it may have been unmapped: the block would fill that again, with
	 * memory that no VMA has. Pairs with unmap_locked(). */
	if (!vma || vma->start > address || vma->end - address < HUGE_SIZE)
		return false;
	return !vma->object &&
	       (limits->eligible ? huge_eligible(vma) : !(vma->flags & VMA_NOHUGE));
}

/* mm->lock held. 0: there is a table, of this VMA's; 1: there is a block; -EINVAL. */
static int find_table(struct collapse *it, struct mm *mm, const struct vma *vma,
	unsigned long address, const struct collapse_limits *limits)
{
	struct descent at;

	if (!has_room(vma, address, limits))
		return -EINVAL;
	descend_find_pmd(mm, address, &at);
	if (at.level != LEVEL_PMD || pxd_none(LEVEL_PMD, at.entry) || !vma->anon)
		return -EINVAL;
	it->mm = mm;
	it->vma = vma;
	it->limits = limits;
	it->address = address;
	it->ptr = at.ptr;
	it->entry.v = at.entry.v;
	return is_block(it, &at);
}

bool collapse_promises(struct mm *mm, const struct vma *vma, unsigned long address,
	const struct collapse_limits *limits)
{
	struct collapse it;
	bool promises;

	if (vma->object)
		return object_promises(
			vma->object, vma_offset(vma, address) / PAGE_SIZE, limits);
	spin_lock(&mm->table_lock); /* a page that is mapped stays, to be looked at */
	promises = !find_table(&it, mm, vma, address, limits) && count_pages(&it) > 0;
	spin_unlock(&mm->table_lock);
	return promises;
}

static int collapse_one(struct mm *mm, struct vma *vma, unsigned long address,
	const struct collapse_limits *limits)
{
	struct collapse it;
	struct page *head;
	int err = find_table(&it, mm, vma, address, limits);

	if (err)
		return min(err, 0);
	/* SAFE(collapse_claims): as SAFE(collapse_alone), of a fault that holds the VMA.
	 * The table stays until then: it is a table under a VMA. Pairs with vma_hold().
	 */
	vma_write_begin(vma);
	head = block_alloc(vma, address, limits->frame);
	if (!head)
		return -ENOMEM;
	err = replace(&it, head);
	if (err)
		page_put(head);
	return err;
}

int collapse_at(
	struct mm *mm, unsigned long address, const struct collapse_limits *limits)
{
	int err = object_collapse_shown(mm, address, limits);

	if (err != -ENOENT)
		return err;
	/* SAFE(collapse_alone): a fault that finds no table makes one, and the block is
	 * put over it, with what was written there already; or it puts a page into the
	 * one that it knows, which is none any more. Pairs with mm_fault(). */
	mm_write_lock(mm);
	err = collapse_one(mm, vma_find(mm, address), address, limits);
	mm_write_unlock(mm);
	return err;
}

int mm_collapse(struct mm *mm, unsigned long start, size_t length)
{
	unsigned long end = ALIGN_DOWN(start + length, HUGE_SIZE);
	int err, failed = 0;

	if (!IS_ALIGNED(start, PAGE_SIZE) || start + length < start)
		return -EINVAL;
	start = ALIGN_UP(start, HUGE_SIZE);
	if (start > end)
		return -EINVAL;
	for (; start != end && failed != -ENOMEM; start += HUGE_SIZE) {
		err = collapse_at(mm, start, &collapse_any);
		failed = err ? err : failed;
	}
	return failed;
}
