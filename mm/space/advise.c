/*
 * mm/space/advise.c - what is said, and asked, about mapped memory: discard, residence.
 *
 * All leave the VMAs as they are, so a read section is enough. Faults that come back to
 * discarded pages meanwhile are welcome.
 */
#include "kernel/base/errno.h"
#include "mm/space/internal.h"
#include "mm/space/vma.h"
#include "mm/table/descend.h"
#include "mm/table/gather.h"

/* Visits what is mapped of [start, end). -ENOMEM: there are holes; -EINVAL: it ends
 * before a VMA that has one of these flags. */
static int for_each_part(struct mm *mm, unsigned long start, unsigned long end,
	unsigned int refused,
	void (*visit)(unsigned long start, unsigned long end, void *arg), void *arg)
{
	const struct vma *vma;
	int err = 0;

	for (unsigned int i = vma_index(mm->vmas, start); start < end; i++) {
		vma = vma_at(mm->vmas, i);
		if (!vma || vma->start > start)
			err = -ENOMEM;
		if (!vma || vma->start >= end)
			break;
		if (vma->flags & refused)
			return -EINVAL;
		visit(max(start, vma->start), min(end, vma->end), arg);
		start = vma->end;
	}
	return err;
}

static void discard_part(unsigned long start, unsigned long end, void *arg)
{
	gather_unmap(arg, start, end);
}

static void leave_part(unsigned long start, unsigned long end, void *arg)
{
}

/* [address, end) of advice: 0 and *end, or -EINVAL. */
static int advice_end(unsigned long address, size_t length, unsigned long *end)
{
	*end = ALIGN_UP(address + length, PAGE_SIZE);
	if (!IS_ALIGNED(address, PAGE_SIZE) || *end < address)
		return -EINVAL;
	return length && *end == address ? -EINVAL : 0;
}

/* Holes are reported, but what is mapped around them is discarded all the same. */
int mm_discard(struct mm *mm, unsigned long address, size_t length)
{
	struct gather gather;
	unsigned long end;
	int err = advice_end(address, length, &end);

	if (err || !length)
		return err;
	mm_read_lock(mm);
	gather_begin(&gather, mm);
	err = for_each_part(mm, address, end, VMA_PFN, discard_part, &gather);
	gather_end(&gather);
	mm_read_unlock(mm);
	return err;
}

int mm_advise(struct mm *mm, unsigned long address, size_t length)
{
	unsigned long end;
	int err = advice_end(address, length, &end);

	if (err || !length)
		return err;
	mm_read_lock(mm);
	err = for_each_part(mm, address, end, 0, leave_part, NULL);
	mm_read_unlock(mm);
	return err;
}

int mm_resident(struct mm *mm, unsigned long address, size_t pages, u8 *present)
{
	const struct vma *vma;
	struct descent at;
	int err = 0;

	mm_read_lock(mm);
	for (size_t i = 0; !err && i < pages; i++, address += PAGE_SIZE) {
		vma = vma_find(mm, address);
		if (!vma || address < vma->start) {
			err = -ENOMEM;
		} else {
			descend_find(mm, address, &at);
			present[i] = pxd_leaf(at.level, at.entry);
		}
	}
	mm_read_unlock(mm);
	return err;
}
