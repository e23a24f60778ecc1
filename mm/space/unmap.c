/*
 * mm/space/unmap.c - taking mappings away, or replacing them.
 *
 * Page tables are left to the gather, which frees what was mapped only after every CPU
 * has forgotten it; then the set of VMAs changes: as long as something is mapped, or may
 * be used through an old translation, the VMA is there for who looks for the page's
 * mappings (rmap.h). All in a write section. Can fail for lack of memory or of VMAs,
 * before anything is done.
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

/* All that is mapped in the range goes; `kind` takes its place, or nothing (NULL). */
static int supersede(
	struct mm *mm, const struct vma_range *range, const struct vma_kind *kind)
{
	struct vma_edit edit;
	struct span span;
	int err;

	find_span(mm->vmas, range, &span);
	err = vma_replace_begin(&edit, mm, range, kind);
	if (err)
		return err;
	/* SAFE(unmap_claims): a fault that holds one of them would map a page behind us,
	 * or put it into a table that is about to be freed. Pairs with vma_hold(). */
	vma_write_begin_range(mm->vmas, range);
	/* SAFE(unmap_before_leave): with its VMA gone, a page that is still mapped, or
	 * still used through an old translation, would be mapped nowhere for rmap_walk(),
	 * and its caller write it back, or give it away, too early. Pairs with
	 * SAFE(rmap_pending). */
	unmap_span(mm, &span);
	vma_replace_end(&edit, range, kind);
	return 0;
}

int unmap_locked(struct mm *mm, unsigned long start, unsigned long end)
{
	struct vma_range range;

	vma_range_find(mm->vmas, start, end, &range);
	return range.first == range.last ? 0 : supersede(mm, &range, NULL);
}

int map_locked(struct mm *mm, unsigned long start, unsigned long end,
	const struct vma_kind *kind)
{
	struct vma_range range;

	vma_range_find(mm->vmas, start, end, &range);
	if (range.first == range.last)
		return vma_replace(mm, &range, kind);
	return supersede(mm, &range, kind);
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
