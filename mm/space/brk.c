/*
 * mm/space/brk.c - the heap: one growing and shrinking area behind the program's data.
 *
 * Locks: mm->lock (write). A brk that cannot be had leaves the old one, and is no error.
 */
#include "mm/space/mm.h"
#include "kernel/base/errno.h"
#include "mm/space/internal.h"
#include "mm/space/vma.h"

void mm_set_brk_start(struct mm *mm, unsigned long start)
{
	mm_write_lock(mm);
	mm->brk_start = mm->brk = start;
	mm_write_unlock(mm);
}

static int move_brk(struct mm *mm, unsigned long brk)
{
	unsigned long from = ALIGN_UP(mm->brk, PAGE_SIZE), to = ALIGN_UP(brk, PAGE_SIZE);
	struct vma_kind kind;

	if (brk < mm->brk_start || brk >= mm->limit)
		return -EINVAL;
	if (to == from)
		return 0;
	if (to < from)
		return unmap_locked(mm, to, from);
	/* One page stays free above, so that running off the heap's end faults. */
	if (map_exceeds_memory(to - mm->brk_start) ||
		!vma_range_is_free(mm, from, to + PAGE_SIZE))
		return -ENOMEM;
	vma_kind_own(&kind, PROT_READ | PROT_WRITE, VMA_HEAP);
	return map_locked(mm, from, to, &kind);
}

unsigned long mm_brk(struct mm *mm, unsigned long brk)
{
	unsigned long result;

	mm_write_lock(mm);
	if (move_brk(mm, brk) == 0)
		mm->brk = brk;
	result = mm->brk;
	mm_write_unlock(mm);
	return result;
}
