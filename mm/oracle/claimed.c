/*
 * mm/oracle/claimed.c - has a write section claimed the VMAs whose entries it changes?
 *
 * Who forgets it (vma_write_begin()) is right as long as every fault takes mm->lock, and
 * under fault=vma only a race would tell. So each entry that a write section takes away
 * is looked up, under every policy, in lab builds. Only who is in the section looks: the
 * VMAs stand still. An mm without users has nobody who could fault.
 */
#include "mm/space/vma.h"
#include "mm/table/pgtable.h"
#include "mm/table/ptdesc.h"
#include "mm/table/table.h"

/* Not vma_index(): an oracle's look is no step of anybody. */
static unsigned int first_above(const struct vma_set *set, unsigned long address)
{
	unsigned int low = 0, high = set->count;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (set->vma[middle]->end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

void pxd_check_claimed(int level, const pxd_t *ptr, unsigned long address)
{
	const struct mm *mm = ptdesc_of(level, ptr)->mm;
	unsigned long first = ALIGN_DOWN(address, pxd_size(level));
	const struct vma *vma;

	if (!(READ_ONCE(mm->seq) & 1) || READ_ONCE(mm->lock.writer) != current() ||
		!READ_ONCE(mm->users))
		return;
	for (unsigned int i = first_above(mm->vmas, first);
		(vma = vma_at(mm->vmas, i)) && vma->start <= first + pxd_size(level) - 1;
		i++)
		ASSERT(vma->lock_seq == mm->seq,
			"the %s entry at %lx changes, and VMA [%lx, %lx) is not claimed",
			pxd_name(level), address, vma->start, vma->end);
}
