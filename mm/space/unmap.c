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

/* What is mapped of a range, and the gap that is left when it is gone. */
struct span {
	unsigned long start, end, floor, ceiling;
};

/* False: nothing is mapped there. */
static bool find_span(
	const struct mm *mm, unsigned long start, unsigned long end, struct span *span)
{
	const struct vma_set *set = mm->vmas;
	unsigned int first = vma_index(set, start), last = vma_index(set, end);
	const struct vma *low = vma_at(set, first), *high = vma_at(set, last);

	if (!low || low->start >= end)
		return false;
	*span = (struct span){.start = start, .end = end, .floor = start, .ceiling = end};
	if (low->start >= start) {
		span->start = low->start;
		span->floor = first ? vma_floor(set, first) : 0;
	}
	if (!high || high->start >= end) {
		span->end = set->vma[last - 1]->end;
		span->ceiling = high ? high->start : 0;
	}
	return true;
}

static void unmap_span(struct mm *mm, const struct span *span)
{
	struct gather gather;

	gather_begin(&gather, mm);
	gather_unmap(&gather, span->start, span->end);
	gather_free_tables(&gather, span->start, span->end, span->floor, span->ceiling);
	gather_end(&gather);
}

int unmap_locked(struct mm *mm, unsigned long start, unsigned long end)
{
	struct span span;
	int err;

	if (!find_span(mm, start, end, &span))
		return 0;
	err = vma_remove(mm, start, end);
	if (!err)
		unmap_span(mm, &span);
	return err;
}

int map_locked(struct mm *mm, unsigned long start, unsigned long end, unsigned int prot,
	unsigned int flags)
{
	struct span old;
	bool replaces = find_span(mm, start, end, &old);
	int err = vma_replace(mm, start, end, prot, flags);

	/* The new VMA stands already, but nobody faults in a write section. */
	if (!err && replaces)
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
