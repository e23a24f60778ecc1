/*
 * mm/space/vma.c - the set of VMAs: an array of pointers, sorted by address.
 *
 * Lookup is a binary search and neighbours are neighbours, which is what nearly all uses
 * want. Adding and removing shift the pointers above; the search for a gap walks down.
 * Both are linear in the number of VMAs, with so small a constant that programs with
 * thousands do not notice. The array doubles when it is full and never shrinks.
 *
 * Locks: mm->lock. The VMAs come from a type-safe cache. Can fail: adding, splitting.
 */
#include "mm/space/vma.h"
#include "kernel/base/errno.h"
#include "kernel/base/panic.h"
#include "mm/space/cache.h"

#define ROOM_FIRST 32

static struct cache *vma_cache;

void vma_init(void)
{
	vma_cache = cache_create("vma", sizeof(struct vma), CACHE_TYPE_SAFE);
}

unsigned int vma_index(const struct mm *mm, unsigned long address)
{
	unsigned int low = 0, high = mm->vma_count;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (mm->vmas[middle]->end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

struct vma *vma_find(const struct mm *mm, unsigned long address)
{
	unsigned int index = vma_index(mm, address);

	return index < mm->vma_count ? mm->vmas[index] : NULL;
}

unsigned long vma_floor(const struct mm *mm, unsigned int index)
{
	return index ? mm->vmas[index - 1]->end : VMA_BOTTOM;
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

unsigned long vma_find_gap(const struct mm *mm, unsigned long length)
{
	unsigned long end = mm->mmap_base;
	unsigned int index = vma_index(mm, end);

	for (;; index--) {
		unsigned long start = vma_floor(mm, index);

		if (index < mm->vma_count)
			end = min(end, gap_end(mm->vmas[index]));
		if (end >= start && end - start >= length)
			return end - length;
		if (!index)
			return 0;
	}
}

/* Room for one more pointer. */
static int make_room(struct mm *mm)
{
	unsigned int room = mm->vma_room ? 2 * mm->vma_room : ROOM_FIRST;
	struct vma **vmas;

	if (mm->vma_count >= MM_VMAS_MAX)
		return -ENOMEM;
	if (mm->vma_count < mm->vma_room)
		return 0;
	vmas = kmalloc(room * sizeof(*vmas));
	if (!vmas)
		return -ENOMEM;
	for (unsigned int i = 0; i < mm->vma_count; i++)
		vmas[i] = mm->vmas[i];
	kfree(mm->vmas);
	mm->vmas = vmas;
	mm->vma_room = room;
	return 0;
}

int vma_add(struct mm *mm, unsigned long start, unsigned long end, unsigned int prot,
	unsigned int flags)
{
	unsigned int index = vma_index(mm, start);
	struct vma *vma;

	if (make_room(mm))
		return -ENOMEM;
	vma = cache_alloc(vma_cache);
	if (!vma)
		return -ENOMEM;
	vma->start = start;
	vma->end = end;
	vma->prot = prot;
	vma->flags = flags;
	LAB_ASSERT(index == mm->vma_count || end <= mm->vmas[index]->start,
		"VMA at %lx overlaps another", start);
	for (unsigned int i = mm->vma_count++; i > index; i--)
		mm->vmas[i] = mm->vmas[i - 1];
	mm->vmas[index] = vma;
	return 0;
}

static int split_at(struct mm *mm, unsigned long address)
{
	struct vma *vma = vma_find(mm, address);
	unsigned long end;
	int err;

	if (!vma || vma->start >= address)
		return 0;
	end = vma->end;
	vma->end = address;
	err = vma_add(mm, address, end, vma->prot, vma->flags);
	if (err)
		vma->end = end;
	return err;
}

int vma_split(struct mm *mm, unsigned long start, unsigned long end)
{
	int err = split_at(mm, start);

	return err ? err : split_at(mm, end);
}

void vma_remove(struct mm *mm, unsigned int first, unsigned int last)
{
	for (unsigned int i = first; i < last; i++)
		cache_free(vma_cache, mm->vmas[i]);
	mm->vma_count -= last - first;
	for (unsigned int i = first; i < mm->vma_count; i++)
		mm->vmas[i] = mm->vmas[i + (last - first)];
}

static bool can_merge(const struct vma *low, const struct vma *high)
{
	return low->end == high->start && low->prot == high->prot &&
	       low->flags == high->flags;
}

void vma_merge(struct mm *mm, unsigned long start, unsigned long end)
{
	/* start - 1: the VMA before counts if it touches. */
	unsigned int i = vma_index(mm, start - 1);

	while (i + 1 < mm->vma_count && mm->vmas[i]->end <= end) {
		struct vma *low = mm->vmas[i], *high = mm->vmas[i + 1];

		if (can_merge(low, high)) {
			low->end = high->end;
			vma_remove(mm, i + 1, i + 2);
		} else {
			i++;
		}
	}
}
