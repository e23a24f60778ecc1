/*
 * mm/space/vma.c - looking at the set of VMAs: under mm->lock, or under RCU.
 *
 * Lookup is a binary search and neighbours are neighbours, which is what nearly all uses
 * want; the search for a gap walks down, linear in the number of VMAs.
 *
 * A reader under RCU may hold an old set, and meet VMAs that change under its eyes or
 * that are already another mm's: objects of the type they remain (type-safe cache). So it
 * copies field by field and believes nothing unless mm->seq stood still. Nothing fails.
 */
#include "mm/space/vma.h"
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"

unsigned int vma_index(const struct vma_set *set, unsigned long address)
{
	unsigned int low = 0, high = set->count;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (READ_ONCE(set->vma[middle]->end) > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

struct vma *vma_find(const struct mm *mm, unsigned long address)
{
	return vma_at(mm->vmas, vma_index(mm->vmas, address));
}

void vma_range_find(const struct vma_set *set, unsigned long start, unsigned long end,
	struct vma_range *range)
{
	range->start = start;
	range->end = end;
	range->first = range->last = vma_index(set, start);
	while (range->last < set->count && set->vma[range->last]->start < end)
		range->last++;
	range->cuts_low = range->cuts_high = false;
	if (range->first == range->last)
		return;
	range->cuts_low = set->vma[range->first]->start < start;
	range->cuts_high = set->vma[range->last - 1]->end > end;
}

unsigned long vma_floor(const struct vma_set *set, unsigned int index)
{
	return index ? set->vma[index - 1]->end : VMA_BOTTOM;
}

/* Where the free range below a VMA ends: a stack keeps its distance. */
static unsigned long gap_end(const struct vma *vma)
{
	unsigned long distance = vma->flags & VMA_STACK ? MM_STACK_GAP : 0;

	return vma->start > distance ? vma->start - distance : 0;
}

bool vma_range_is_free(const struct mm *mm, unsigned long start, unsigned long end)
{
	const struct vma *vma = vma_find(mm, start);

	return !vma || (vma->start > start && gap_end(vma) >= end);
}

unsigned long vma_find_gap(const struct mm *mm, unsigned long length, unsigned long top)
{
	const struct vma_set *set = mm->vmas;
	unsigned int index = vma_index(set, top);

	for (;; index--) {
		unsigned long start = vma_floor(set, index), end = top;

		/* Only what lies right above a gap narrows it. */
		if (index < set->count)
			end = min(top, gap_end(set->vma[index]));
		if (end >= start && end - start >= length)
			return end - length;
		if (!index)
			return 0;
	}
}

/* Each field once; whether they belong together, the caller has to find out. */
static void copy_vma(struct vma *copy, const struct vma *vma)
{
	copy->mm = READ_ONCE(vma->mm);
	copy->start = READ_ONCE(vma->start);
	copy->end = READ_ONCE(vma->end);
	copy->prot = READ_ONCE(vma->prot);
	copy->flags = READ_ONCE(vma->flags);
	copy->object = READ_ONCE(vma->object);
	copy->anon = READ_ONCE(vma->anon);
	copy->shift = READ_ONCE(vma->shift);
}

int vma_lookup_rcu(struct mm *mm, unsigned long address, struct vma_snapshot *snapshot)
{
	const struct vma_set *set;
	const struct vma *vma;

	snapshot->seq = mm_seq_read(mm);
	set = rcu_dereference(mm->vmas);
	TRACE_POINT(vma_look);
	vma = vma_at(set, vma_index(set, address));
	if (vma)
		copy_vma(&snapshot->vma, vma);
	if (mm_seq_moved(mm, snapshot->seq))
		return -EAGAIN;
	return vma && snapshot->vma.start <= address ? 0 : -EFAULT;
}
