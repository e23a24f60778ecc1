/*
 * mm/space/mapping_dirty.c - taking the right to write away from all who map an object.
 *
 * Who wants to know which pages are written makes the first store to each fault. A leaf
 * is protected as it is: whether a store may then write to all of it is the fault's
 * business. Flushed VMA by VMA, when all of its entries are done: until then the mm
 * counts as one with a flush to come (gather.h), so whoever finds an entry that allows no
 * writing, and relies on that, flushes first. Can fail: nothing.
 */
#include "mm/space/internal.h"
#include "mm/space/object.h"
#include "mm/space/pagewalk.h"
#include "mm/table/gather.h"
#include "mm/table/pgtable.h"

static int begin_vma(struct mm_walk *walk, unsigned long start, unsigned long end)
{
	if (!(READ_ONCE(walk->vma->flags) & VMA_SHARED))
		return 1; /* it writes to copies of its own */
	gather_begin(walk->private, walk->mm);
	return 0;
}

static int protect_entry(struct mm_walk *walk, const struct descent *at,
	unsigned long address, unsigned long end)
{
	unsigned int prot;
	pxd_t entry;

	if (!pxd_leaf(at->level, at->entry))
		return 0;
	walk->action = ACTION_CONTINUE;
	prot = arch_pxd_prot(at->level, at->entry);
	if (!(prot & PROT_WRITE))
		return 0;
	address = ALIGN_DOWN(address, pxd_size(at->level));
	entry = arch_pxd_leaf_make(
		at->level, arch_pxd_phys(at->level, at->entry), cow_prot_shared(prot));
	if (!arch_pxd_counted(at->level, at->entry))
		entry = arch_pxd_uncounted(at->level, entry);
	(void)pxd_unhook(at->level, at->ptr, address, entry);
	gather_span(walk->private, address, address + pxd_size(at->level));
	return 0;
}

/* SAFE(mapping_flush): a CPU that writes on through an old translation does not fault,
 * and nobody learns of it; nor, where another gather has emptied the entry before us, and
 * has not flushed yet (SAFE(nested_gathers)). Pairs with pxd_unhook() above. */
static void end_vma(struct mm_walk *walk)
{
	gather_end(walk->private);
}

void mapping_write_protect(struct object *object, u64 first, u64 nr)
{
	static const struct mm_walk_ops ops = {.entry = {[LEVEL_PTE] = protect_entry,
						       [LEVEL_PMD] = protect_entry,
						       [LEVEL_PUD] = protect_entry},
		.pre_vma = begin_vma,
		.post_vma = end_vma};
	struct gather gather;

	(void)walk_page_mapping(object, first, nr, &ops, &gather);
}
