/*
 * mm/space/map.c - new mappings: where they go, and what is promised about them.
 *
 * mm_map() finds a place and edits the set of VMAs in one write section. Errors are
 * Linux's. Can fail for lack of memory, of addresses or of VMAs: then nothing has
 * changed, not even under MM_FIXED.
 */
#include "mm/space/mm.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/errno.h"
#include "mm/space/frame.h"
#include "mm/space/internal.h"
#include "mm/space/object.h"
#include "mm/space/vma.h"
#include "mm/table/fold.h"
#include "mm/table/pgtable.h"

bool map_exceeds_memory(size_t length)
{
	struct frame_stats stats;

	frame_stats(&stats);
	return length >> PAGE_SHIFT > stats.total;
}

bool user_range_end(unsigned long start, size_t length, unsigned long *end)
{
	unsigned long top = arch_user_end();

	if (length > top || start > top - length)
		return false;
	*end = ALIGN_UP(start + length, PAGE_SIZE);
	return true;
}

/* Makes addresses below `end` ones that the page table can express. */
static int reach(struct mm *mm, unsigned long end)
{
	return end <= mm->limit ? 0 : fold_grow(mm, end);
}

static int place_fixed(
	struct mm *mm, unsigned long start, size_t length, unsigned int flags)
{
	unsigned long end;
	struct vma *vma;

	if (!user_range_end(start, length, &end))
		return -ENOMEM;
	if (!IS_ALIGNED(start, PAGE_SIZE))
		return -EINVAL;
	if (start < VMA_BOTTOM)
		return -EPERM;
	vma = vma_find(mm, start);
	if ((flags & MM_NOREPLACE) && vma && vma->start < end)
		return -EEXIST;
	return reach(mm, end);
}

/* Where there is room below `end`; else up to where addresses are given out unasked,
 * which a machine that grows its tables reaches level by level. */
static int search(struct mm *mm, unsigned long *address, size_t length, unsigned long end)
{
	for (;;) {
		unsigned long top = min(mm->limit, MM_DEFAULT_LIMIT) - PAGE_SIZE;

		*address = vma_find_gap(mm, length, end);
		if (*address)
			return 0;
		if (end >= top &&
			(top + PAGE_SIZE == MM_DEFAULT_LIMIT || reach(mm, mm->limit + 1)))
			return -ENOMEM;
		end = top;
	}
}

/* A hint is taken if it can be; one above the default limit opens what lies there. */
static int place_hint(struct mm *mm, unsigned long *address, size_t length)
{
	unsigned long start = max(*address & PAGE_MASK, VMA_BOTTOM), end;

	if (!user_range_end(start, length, &end) || reach(mm, end))
		end = 0;
	else if (vma_range_is_free(mm, start, end)) {
		*address = start;
		return 0;
	}
	return search(mm, address, length,
		end > MM_DEFAULT_LIMIT ? mm->limit - PAGE_SIZE : mm->mmap_base);
}

int map_place(struct mm *mm, unsigned long *address, size_t length, unsigned int flags)
{
	if (flags & MM_FIXED)
		return place_fixed(mm, *address, length, flags);
	if (*address)
		return place_hint(mm, address, length);
	return search(mm, address, length, mm->mmap_base);
}

/* Where there is room so that leaves can map it: the address and the offset are the same
 * modulo their size. */
static int place_for_leaves(
	struct mm *mm, unsigned long *address, size_t length, u64 offset)
{
	for (int level = LEVEL_PUD; level > LEVEL_PTE; level--) {
		unsigned long size = pxd_size(level);

		if (!arch_leaf_possible(level) || length < size ||
			search(mm, address, length + size - PAGE_SIZE, mm->mmap_base))
			continue;
		*address += (offset - *address) & (size - 1);
		return 0;
	}
	return search(mm, address, length, mm->mmap_base);
}

/* Touch all of a new mapping; what does not fit now is left to later faults. */
static void populate(struct mm *mm, unsigned long start, size_t length, unsigned int prot)
{
	unsigned int access = prot & PROT_WRITE ? ACCESS_WRITE : ACCESS_READ;

	for (size_t offset = 0; offset < length; offset += PAGE_SIZE)
		if (mm_fault(mm, start + offset, access))
			return;
}

static int map(struct mm *mm, unsigned long *address, size_t length,
	struct vma_kind *kind, u64 offset, unsigned int flags)
{
	unsigned long start = *address;
	int err;

	if (!length || (kind->prot & ~PROT_ALL))
		return -EINVAL;
	if (length > arch_user_end())
		return -ENOMEM;
	length = ALIGN_UP(length, PAGE_SIZE);
	if ((kind->prot & PROT_WRITE) && !(flags & MM_NORESERVE) &&
		!(kind->flags & VMA_SHARED) && map_exceeds_memory(length))
		return -ENOMEM;
	mm_write_lock(mm);
	if (kind->object && kind->object->contig && !start && !(flags & MM_FIXED))
		err = place_for_leaves(mm, &start, length, offset);
	else
		err = map_place(mm, &start, length, flags);
	if (kind->object)
		kind->shift = offset - start;
	if (!err)
		err = map_locked(mm, start, start + length, kind);
	mm_write_unlock(mm);
	if (err)
		return err;
	*address = start;
	if (flags & MM_POPULATE)
		populate(mm, start, length, kind->prot);
	return 0;
}

int mm_map(struct mm *mm, unsigned long *address, size_t length, unsigned int prot,
	unsigned int flags)
{
	struct vma_kind kind;

	vma_kind_own(&kind, prot,
		(flags & MM_STACK ? VMA_STACK : 0) |
			(flags & MM_NORESERVE ? VMA_NORESERVE : 0));
	return map(mm, address, length, &kind, 0, flags);
}

int mm_map_object(struct mm *mm, unsigned long *address, size_t length, unsigned int prot,
	unsigned int flags, struct object *object, u64 offset)
{
	struct vma_kind kind;

	if (!IS_ALIGNED(offset, PAGE_SIZE))
		return -EINVAL;
	if (length > OBJECT_SIZE_MAX || offset > OBJECT_SIZE_MAX - length)
		return -EOVERFLOW;
	if (object->pfn && !(flags & MM_SHARED))
		return -EINVAL; /* there is no copying of what is not counted */
	vma_kind_own(&kind, prot,
		(flags & MM_SHARED ? VMA_SHARED : 0) | (object->pfn ? VMA_PFN : 0) |
			(flags & MM_SHARED && flags & MM_READONLY ? VMA_READONLY : 0) |
			(flags & MM_NORESERVE ? VMA_NORESERVE : 0));
	kind.object = object;
	return map(mm, address, length, &kind, offset, flags);
}
