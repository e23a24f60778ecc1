/*
 * mm/space/soft_dirty.c - which pages a process has written since it was last asked.
 *
 * For who copies a process that goes on running (a checkpoint): clear, copy all; later
 * copy what is dirty. As in dirty.c an entry that allows writing is a dirty page's. So
 * mm_clear_soft_dirty() takes writing away, and the fault that gives it back (cow.c) is
 * the mark. mprotect() does both, too, and must not be mistaken for either: while a VMA
 * allows no writing, PAGE_CLEAN tells (mm_protect()). What cannot be told from a written
 * page counts as one: a page that a fork left shared, that is pinned, or given up, all
 * that a VMA maps shared, and a VMA that is younger than the clearing, since something
 * else was there before.
 *
 * Locks: mm->lock, for writing to clear (so nobody faults), for reading to look.
 */
#include "mm/space/gup.h"
#include "mm/space/internal.h"
#include "mm/space/vma.h"
#include "mm/table/descend.h"
#include "mm/table/tlb.h"
#include "mm/table/walk.h"

static bool clear_leaf(
	struct walk *walk, int level, pxd_t *ptr, pxd_t entry, unsigned long address)
{
	unsigned int prot = arch_pxd_prot(level, entry);
	phys_t frame = arch_pxd_phys(level, entry);
	struct page *page = leaf_page(level, entry);

	if (!page_is_exclusive(page))
		return false;
	atomic_or(&page->state, PAGE_CLEAN);
	if (prot & PROT_WRITE)
		pxd_unhook(level, ptr, address,
			arch_pxd_leaf_make(level, frame, cow_prot_shared(prot)));
	/* SAFE(soft_dirty_pinned): a device writes without a fault, so what it may write
	 * stays dirty. Looked at when no walker can pin the page by this entry any more.
	 * Pairs with SAFE(gup_pte_recheck). */
	if (page_maybe_pinned(page)) {
		pxd_unhook(level, ptr, address, entry);
		atomic_and(&page->state, ~PAGE_CLEAN);
	}
	return false;
}

static void clear_vma(struct mm *mm, struct vma *vma)
{
	static const struct walk_ops ops = {.leaf = clear_leaf};
	struct walk walk = {.mm = mm, .ops = &ops, .arg = vma};

	if (vma->flags & (VMA_SHARED | VMA_PFN))
		return;
	vma_write_begin(vma);
	WRITE_ONCE(vma->flags, vma->flags | VMA_CLEARED);
	spin_lock(&mm->table_lock);
	walk_range(&walk, vma->start, vma->end);
	spin_unlock(&mm->table_lock);
}

void mm_clear_soft_dirty(struct mm *mm)
{
	mm_write_lock(mm);
	for (unsigned int i = 0; i < mm->vmas->count; i++)
		clear_vma(mm, mm->vmas->vma[i]);
	/* SAFE(soft_dirty_flush): a CPU that goes on writing through an old translation
	 * leaves no mark, and the copy never gets what it writes. Pairs with pxd_unhook()
	 * above. */
	tlb_flush_mm(mm);
	mm_write_unlock(mm);
}

/* What is told of the page that this entry, a leaf, maps at the address. */
static u64 describe(int level, pxd_t entry, unsigned long address)
{
	const struct page *page = leaf_page(level, entry);
	u8 type = READ_ONCE(page->type);
	unsigned long offset = address & (pxd_size(level) - 1) & PAGE_MASK;
	u64 told =
		MM_PAGE_PRESENT | (arch_pxd_phys(level, entry).v + offset) >> PAGE_SHIFT;

	if (type == PAGE_ANON_SHARED && !READ_ONCE(page->anon))
		return told; /* the zero page */
	if (atomic_load(&page->mapped) == 1)
		told |= MM_PAGE_ONCE;
	if (type == PAGE_OBJECT)
		told |= MM_PAGE_FILE;
	else if (type != PAGE_ANON || arch_pxd_prot(level, entry) & PROT_WRITE ||
		 !(atomic_load(&page->state) & PAGE_CLEAN))
		told |= MM_PAGE_WRITTEN;
	return told;
}

u64 mm_page_told(struct mm *mm, unsigned long address)
{
	const struct vma *vma;
	struct descent at;
	u64 told = 0;

	mm_read_lock(mm);
	vma = address < mm->limit ? vma_find(mm, address) : NULL;
	if (vma && vma->start <= address) {
		/* SAFE(told_locked): a leaf that is being split allows no writing for a
		 * moment, and would be taken for clean. Pairs with leaf_split(). */
		spin_lock(&mm->table_lock);
		descend_find(mm, address, &at);
		spin_unlock(&mm->table_lock);
		if (pxd_leaf(at.level, at.entry) && arch_pxd_counted(at.level, at.entry))
			told = describe(at.level, at.entry, address);
		if (!(vma->flags & VMA_CLEARED))
			told |= MM_PAGE_WRITTEN;
	}
	mm_read_unlock(mm);
	return told;
}
