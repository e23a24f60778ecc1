/*
 * mm/space/map.c - the mapping calls: map, unmap, discard.
 *
 * They edit the set of VMAs under mm->lock (write); page tables are left to the gather,
 * which frees what was mapped only after every CPU has forgotten it. Errors are Linux's.
 * Can fail for lack of memory or of VMAs; an MM_FIXED mapping has then already removed
 * what was in its place, as in Linux.
 */
#include "mm/space/mm.h"
#include "kernel/base/errno.h"
#include "mm/space/frame.h"
#include "mm/space/internal.h"
#include "mm/space/vma.h"
#include "mm/table/gather.h"

bool map_exceeds_memory(size_t length)
{
	struct frame_stats stats;

	frame_stats(&stats);
	return length >> PAGE_SHIFT > stats.total;
}

bool map_range_end(
	const struct mm *mm, unsigned long start, size_t length, unsigned long *end)
{
	if (length > mm->limit || start > mm->limit - length)
		return false;
	*end = ALIGN_UP(start + length, PAGE_SIZE);
	return true;
}

int map_locked(struct mm *mm, unsigned long start, unsigned long end, unsigned int prot,
	unsigned int flags)
{
	int err = vma_add(mm, start, end, prot, flags);

	if (!err)
		vma_merge(mm, start, end);
	return err;
}

/* Out of the page tables: [start, end), where no VMA is any more. */
static void unmap_tables(struct mm *mm, unsigned long start, unsigned long end)
{
	unsigned int above = vma_index(mm, start);
	unsigned long ceiling = above < mm->vma_count ? mm->vmas[above]->start : 0;
	struct gather gather;

	gather_begin(&gather, mm);
	gather_unmap(&gather, start, end);
	gather_free_tables(
		&gather, start, end, above ? vma_floor(mm, above) : 0, ceiling);
	gather_end(&gather);
}

int unmap_locked(struct mm *mm, unsigned long start, unsigned long end)
{
	unsigned int first, last;
	int err = vma_split(mm, start, end);

	if (err)
		return err;
	first = last = vma_index(mm, start);
	while (last < mm->vma_count && mm->vmas[last]->start < end)
		last++;
	if (first == last)
		return 0;
	start = mm->vmas[first]->start;
	end = mm->vmas[last - 1]->end;
	vma_remove(mm, first, last);
	unmap_tables(mm, start, end);
	return 0;
}

/* Where a new mapping goes: 0 and *address, or an error. */
static int place(struct mm *mm, unsigned long *address, size_t length, unsigned int flags)
{
	unsigned long start = *address, end;
	struct vma *vma;

	if (flags & MM_FIXED) {
		if (!map_range_end(mm, start, length, &end))
			return -ENOMEM;
		if (start < VMA_BOTTOM)
			return -EPERM;
		vma = vma_find(mm, start);
		if ((flags & MM_NOREPLACE) && vma && vma->start < end)
			return -EEXIST;
		return unmap_locked(mm, start, end);
	}
	start = ALIGN_UP(start, PAGE_SIZE);
	if (start >= VMA_BOTTOM && map_range_end(mm, start, length, &end) &&
		vma_range_is_free(mm, start, end))
		*address = start;
	else
		*address = vma_find_gap(mm, length);
	return *address ? 0 : -ENOMEM;
}

/* Touch all of a new mapping; what does not fit now is left to later faults. */
static void populate(struct mm *mm, unsigned long start, size_t length, unsigned int prot)
{
	unsigned int access = prot & PROT_WRITE ? ACCESS_WRITE : ACCESS_READ;

	for (size_t offset = 0; offset < length; offset += PAGE_SIZE)
		if (mm_fault(mm, start + offset, access))
			return;
}

int mm_map(struct mm *mm, unsigned long *address, size_t length, unsigned int prot,
	unsigned int flags)
{
	unsigned int vma_flags = (flags & MM_STACK ? VMA_STACK : 0) |
				 (flags & MM_NORESERVE ? VMA_NORESERVE : 0);
	unsigned long start = *address;
	int err;

	if (!length || (prot & ~PROT_ALL) ||
		((flags & MM_FIXED) && !IS_ALIGNED(start, PAGE_SIZE)))
		return -EINVAL;
	if (length > mm->limit)
		return -ENOMEM;
	length = ALIGN_UP(length, PAGE_SIZE);
	if ((prot & PROT_WRITE) && !(flags & MM_NORESERVE) && map_exceeds_memory(length))
		return -ENOMEM;
	mm_write_lock(mm);
	err = place(mm, &start, length, flags);
	if (!err)
		err = map_locked(mm, start, start + length, prot, vma_flags);
	mm_write_unlock(mm);
	if (err)
		return err;
	*address = start;
	if (flags & MM_POPULATE)
		populate(mm, start, length, prot);
	return 0;
}

int mm_unmap(struct mm *mm, unsigned long address, size_t length)
{
	unsigned long end;
	int err;

	if (!length || !IS_ALIGNED(address, PAGE_SIZE) ||
		!map_range_end(mm, address, length, &end))
		return -EINVAL;
	mm_write_lock(mm);
	err = unmap_locked(mm, address, end);
	mm_write_unlock(mm);
	return err;
}

/* Holes are reported, but what is mapped around them is discarded all the same. */
static int discard_locked(struct mm *mm, unsigned long start, unsigned long end)
{
	struct gather gather;
	int err = 0;

	gather_begin(&gather, mm);
	for (unsigned int i = vma_index(mm, start); start < end; i++) {
		const struct vma *vma = i < mm->vma_count ? mm->vmas[i] : NULL;

		if (!vma || vma->start > start)
			err = -ENOMEM;
		if (!vma || vma->start >= end)
			break;
		gather_unmap(&gather, max(start, vma->start), min(end, vma->end));
		start = vma->end;
	}
	gather_end(&gather);
	return err;
}

int mm_discard(struct mm *mm, unsigned long address, size_t length)
{
	unsigned long end;
	int err;

	if (!IS_ALIGNED(address, PAGE_SIZE))
		return -EINVAL;
	if (!length)
		return 0;
	if (!map_range_end(mm, address, length, &end))
		return -ENOMEM;
	/* Reading is enough: VMAs stay, and faults that come back are welcome. */
	mm_read_lock(mm);
	err = discard_locked(mm, address, end);
	mm_read_unlock(mm);
	return err;
}
