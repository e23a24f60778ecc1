/*
 * mm/space/unmap.c - taking mappings away, or replacing them.
 *
 * Edits the set of VMAs in a write section; page tables are left to the gather, which
 * frees what was mapped only after every CPU has forgotten it. Can fail for lack of
 * memory or of VMAs, before anything is done.
 */
#include "kernel/base/errno.h"
#include "mm/space/internal.h"
#include "mm/space/vma.h"
#include "mm/table/gather.h"
#include "mm/table/pgtable.h"

/* What is mapped of a range, and the gap that is left when it is gone. */
struct span {
	unsigned long start, end, floor, ceiling;
};

static void find_span(
	const struct vma_set *set, const struct vma_range *range, struct span *span)
{
	const struct vma *low = set->vma[range->first], *high = set->vma[range->last - 1];
	const struct vma *above = vma_at(set, range->last);

	*span = (struct span){range->start, range->end, range->start, range->end};
	if (!range->cuts_low) {
		span->start = low->start;
		span->floor = range->first ? vma_floor(set, range->first) : 0;
	}
	if (!range->cuts_high) {
		span->end = high->end;
		span->ceiling = above ? above->start : 0;
	}
}

/* Does the gap hold all that some lowest table of the range spans? If not, there is no
 * table to be freed at all. */
static bool frees_tables(const struct span *span)
{
	unsigned long size = pxd_size(LEVEL_PMD);
	unsigned long table =
		max(ALIGN_DOWN(span->start, size), ALIGN_UP(span->floor, size));

	return table < span->end && table + size - 1 <= span->ceiling - 1;
}

static void unmap_span(struct mm *mm, const struct span *span)
{
	struct gather gather;

	gather_begin(&gather, mm);
	gather_unmap(&gather, span->start, span->end);
	if (frees_tables(span))
		gather_free_tables(
			&gather, span->start, span->end, span->floor, span->ceiling);
	gather_end(&gather);
}

int unmap_locked(struct mm *mm, unsigned long start, unsigned long end)
{
	struct vma_range range;
	struct span span;
	int err;

	vma_range_find(mm->vmas, start, end, &range);
	if (range.first == range.last)
		return 0;
	find_span(mm->vmas, &range, &span);
	err = vma_remove(mm, &range);
	if (!err)
		unmap_span(mm, &span);
	return err;
}

int map_locked(struct mm *mm, unsigned long start, unsigned long end,
	const struct vma_kind *kind)
{
	struct vma_range range;
	struct span old;
	int err;

	vma_range_find(mm->vmas, start, end, &range);
	if (range.first == range.last)
		return vma_replace(mm, &range, kind);
	find_span(mm->vmas, &range, &old);
	err = vma_replace(mm, &range, kind);
	/* The new VMA stands already, but nobody faults in a write section. */
	if (!err)
		unmap_span(mm, &old);
	return err;
}

int mm_unmap(struct mm *mm, unsigned long address, size_t length)
{
	unsigned long end;
	int err;

	if (!length || !IS_ALIGNED(address, PAGE_SIZE) ||
		!user_range_end(address, length, &end))
		return -EINVAL;
	mm_write_lock(mm);
	err = unmap_locked(mm, address, end);
	mm_write_unlock(mm);
	return err;
}
