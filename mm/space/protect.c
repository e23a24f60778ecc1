/*
 * mm/space/protect.c - changing what may be done with mapped memory.
 *
 * The VMAs take the new protection, then every entry in use is replaced by one with it:
 * also by one for nobody, PROT_NONE, which keeps the frame and its contents. Frames do
 * not move, so nothing is freed; the flush at the end makes the change true on all CPUs
 * before the caller is told. mm->lock (write) keeps faults away meanwhile.
 */
#include "mm/space/mm.h"
#include "kernel/base/errno.h"
#include "mm/space/internal.h"
#include "mm/space/object.h"
#include "mm/space/vma.h"
#include "mm/table/gather.h"
#include "mm/table/tlb.h"
#include "mm/table/walk.h"

struct protect {
	unsigned int prot,
		less; /* for a page of one's own; and for one to be copied first */
	bool shared;  /* nothing is copied: `less` is for clean pages of the object */
};

static bool gets_all(const struct page *page, bool shared)
{
	return shared ? atomic_load(&page->state) & PAGE_DIRTY : page_is_exclusive(page);
}

/* Twice the same, with a `prot` that a loop does not change: it is computed once. */
static __always_inline pxd_t protected(
	const int level, pxd_t entry, unsigned int prot, unsigned int less, bool shared)
{
	phys_t frame = arch_pxd_phys(level, entry);

	if (less != prot && !gets_all(leaf_page(level, entry), shared))
		return arch_pxd_leaf_make(level, frame, less);
	return arch_pxd_leaf_make(level, frame, prot);
}

static bool protect_ptes(
	struct walk *walk, pxd_t *ptr, unsigned long address, unsigned long end)
{
	const struct protect *protect = walk->arg;
	const unsigned int prot = protect->prot, less = protect->less;

	for (; address != end; ptr++, address += PAGE_SIZE) {
		pxd_t entry = pxd_read(ptr);

		if (!pxd_none(LEVEL_PTE, entry))
			pxd_unhook(LEVEL_PTE, ptr, address,
				protected(LEVEL_PTE, entry, prot, less, protect->shared));
	}
	return false;
}

static bool protect_leaf(
	struct walk *walk, int level, pxd_t *ptr, pxd_t entry, unsigned long address)
{
	const struct protect *it = walk->arg;

	pxd_unhook(level, ptr, address,
		protected(LEVEL_PMD, entry, it->prot, it->less, it->shared));
	return false;
}

/* Where somebody asks what is written (soft_dirty.c): what was cannot be told from what
 * was not by its entry, once neither allows writing; and later only the first gets it
 * back. */
static bool protect_told(
	struct walk *walk, int level, pxd_t *ptr, pxd_t entry, unsigned long address)
{
	const struct protect *it = walk->arg;
	struct page *page = leaf_page(level, entry);

	if (page_is_exclusive(page) && arch_pxd_prot(level, entry) & PROT_WRITE)
		atomic_and(&page->state, ~PAGE_CLEAN);
	pxd_unhook(level, ptr, address,
		arch_pxd_leaf_make(level, arch_pxd_phys(level, entry),
			page_is_exclusive(page) &&
					!(atomic_load(&page->state) & PAGE_CLEAN)
				? it->prot
				: it->less));
	return false;
}

/* What of a VMA lies in [start, end). */
static void protect_tables(
	struct mm *mm, const struct vma *vma, unsigned long start, unsigned long end)
{
	static const struct walk_ops ops = {
		.leaf = protect_leaf, .ptes = protect_ptes, .split = WALK_SPLIT_CUT};
	static const struct walk_ops told = {
		.leaf = protect_told, .split = WALK_SPLIT_CUT};
	bool shared = vma->flags & VMA_SHARED;
	struct protect protect = {vma->prot,
		shared && !object_tracks(vma->object) ? vma->prot
						      : cow_prot_shared(vma->prot),
		shared};
	struct walk walk = {.mm = mm,
		.ops = vma->flags & VMA_CLEARED ? &told : &ops,
		.arg = &protect};

	spin_lock(&mm->table_lock);
	walk_range(&walk, max(start, vma->start), min(end, vma->end));
	spin_unlock(&mm->table_lock);
}

/* What is not counted is mapped anew by the next access. The entries are few. */
static void forget_entries(
	struct mm *mm, const struct vma *vma, unsigned long start, unsigned long end)
{
	struct gather gather;

	gather_begin(&gather, mm);
	gather_unmap(&gather, max(start, vma->start), min(end, vma->end));
	gather_end(&gather);
}

static void protect_vmas(struct mm *mm, unsigned long start, unsigned long end)
{
	const struct vma *vma;

	for (unsigned int i = vma_index(mm->vmas, start);
		(vma = vma_at(mm->vmas, i)) && vma->start < end; i++)
		(vma->flags & VMA_PFN ? forget_entries : protect_tables)(
			mm, vma, start, end);
}

/* 0: what a VMA (NULL: none) has of [at, end) may get this protection; or why not. */
static int refusal(
	const struct vma *vma, unsigned long at, unsigned long end, unsigned int prot)
{
	if (!vma || vma->start > at)
		return -ENOMEM;
	if (!(prot & PROT_WRITE))
		return 0;
	/* SAFE(protect_readonly): a file that was opened for reading would be written
	 * through its mapping, by anybody, for everybody. Pairs with check_rights() in
	 * kernel/linux/memory.c. */
	if (vma->flags & VMA_READONLY)
		return -EACCES;
	if (!(vma->flags & VMA_NORESERVE) && map_exceeds_memory(min(end, vma->end) - at))
		return -ENOMEM;
	return 0;
}

/*
 * How far up from range->start everything is mapped and may get this protection: as Linux
 * does it, that much is changed, and the result tells about the rest.
 */
static int cut_to_allowed(
	const struct vma_set *set, struct vma_range *range, unsigned int prot)
{
	unsigned long at = range->start;

	for (unsigned int i = range->first; at < range->end; i++) {
		const struct vma *vma = vma_at(set, i);
		int err = refusal(vma, at, range->end, prot);

		if (err) {
			range->last = i;
			range->end = at;
			range->cuts_high = false;
			return err;
		}
		at = vma->end;
	}
	return 0;
}

static int protect_locked(struct mm *mm, const struct vma_range *range, unsigned int prot)
{
	struct vma_change change;
	int err;

	vma_change_prot(&change, prot);
	err = vma_change(mm, range, &change);
	if (err)
		return err;
	protect_vmas(mm, range->start, range->end);
	/* SAFE(protect_flush): without it a CPU goes on writing through an old
	 * translation after the caller was told that nobody can; pairs with pxd_unhook()
	 * above */
	tlb_flush_range(mm, range->start, range->end);
	return 0;
}

int mm_protect(struct mm *mm, unsigned long address, size_t length, unsigned int prot)
{
	struct vma_range range;
	unsigned long end;
	int err, rest;

	if (!IS_ALIGNED(address, PAGE_SIZE))
		return -EINVAL;
	if (!length)
		return 0;
	if (!user_range_end(address, length, &end))
		return -ENOMEM;
	if (prot & ~PROT_ALL)
		return -EINVAL;
	mm_write_lock(mm);
	vma_range_find(mm->vmas, address, end, &range);
	rest = cut_to_allowed(mm->vmas, &range, prot);
	err = range.end > address ? protect_locked(mm, &range, prot) : 0;
	mm_write_unlock(mm);
	return err ? err : rest;
}
