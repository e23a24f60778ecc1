/*
 * mm/space/advise.c - what is said, and asked, about mapped memory: discard, residence;
 * and about the objects behind it: write back, make a hole.
 *
 * All leave the VMAs as they are, so a read section is enough. Faults that come back to
 * discarded pages meanwhile are welcome. What is done to an object may sleep: no lock is
 * held then, but a reference to it.
 */
#include "kernel/base/errno.h"
#include "mm/space/internal.h"
#include "mm/space/object.h"
#include "mm/space/pagewalk.h"
#include "mm/space/vma.h"
#include "mm/table/gather.h"

/* What lies in one VMA; 0, or an error that ends it. mm->lock held. */
typedef int part_fn(
	const struct vma *vma, unsigned long start, unsigned long end, void *arg);

/* Visits what is mapped of [start, end): 0, the visitor's error, or -ENOMEM: there are
 * holes. */
static int for_each_part(
	struct mm *mm, unsigned long start, unsigned long end, part_fn *visit, void *arg)
{
	const struct vma *vma;
	int err, hole = 0;

	for (unsigned int i = vma_index(mm->vmas, start); start < end; i++) {
		vma = vma_at(mm->vmas, i);
		if (!vma || vma->start > start)
			hole = -ENOMEM;
		if (!vma || vma->start >= end)
			break;
		err = visit(vma, max(start, vma->start), min(end, vma->end), arg);
		if (err)
			return err;
		start = vma->end;
	}
	return hole;
}

/* [address, end) of advice: 0 and *end, or -EINVAL. */
static int advice_end(unsigned long address, size_t length, unsigned long *end)
{
	*end = ALIGN_UP(address + length, PAGE_SIZE);
	if (!IS_ALIGNED(address, PAGE_SIZE) || *end < address)
		return -EINVAL;
	return length && *end == address ? -EINVAL : 0;
}

/* Visits with `arg` = mm. */
static int advise(struct mm *mm, unsigned long address, size_t length, part_fn *visit)
{
	unsigned long end;
	int err = advice_end(address, length, &end);

	if (err || !length)
		return err;
	mm_read_lock(mm);
	err = for_each_part(mm, address, end, visit, mm);
	mm_read_unlock(mm);
	return err;
}

static int leave_part(
	const struct vma *vma, unsigned long start, unsigned long end, void *mm)
{
	return 0;
}

int mm_advise(struct mm *mm, unsigned long address, size_t length)
{
	return advise(mm, address, length, leave_part);
}

static int discard_part(
	const struct vma *vma, unsigned long start, unsigned long end, void *gather)
{
	if (vma->flags & VMA_PFN)
		return -EINVAL;
	gather_unmap(gather, start, end);
	return 0;
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
	err = for_each_part(mm, address, end, discard_part, &gather);
	gather_end(&gather);
	mm_read_unlock(mm);
	return err;
}

static int free_part(
	const struct vma *vma, unsigned long start, unsigned long end, void *mm)
{
	if (vma->object)
		return -EINVAL;
	lazy_free(mm, start, end);
	return 0;
}

int mm_free_lazily(struct mm *mm, unsigned long address, size_t length)
{
	return advise(mm, address, length, free_part);
}

static int page_out_part(
	const struct vma *vma, unsigned long start, unsigned long end, void *mm)
{
	u64 index = vma_offset(vma, start) / PAGE_SIZE;

	if (vma->flags & VMA_PFN)
		return -EINVAL;
	if (vma->object)
		object_reclaim(vma->object, index, index + (end - start) / PAGE_SIZE);
	else
		lazy_reclaim(mm, start, end);
	return 0;
}

int mm_page_out(struct mm *mm, unsigned long address, size_t length)
{
	return advise(mm, address, length, page_out_part);
}

struct residents {
	u8 *present;
	unsigned long start; /* whose place is present[0] */
};

static void tell(struct mm_walk *walk, unsigned long address, unsigned long end, u8 is)
{
	const struct residents *residents = walk->private;

	for (; address < end; address += PAGE_SIZE)
		residents->present[(address - residents->start) / PAGE_SIZE] = is;
}

static int tell_entry(struct mm_walk *walk, const struct descent *at,
	unsigned long address, unsigned long end)
{
	if (pxd_leaf(at->level, at->entry)) {
		tell(walk, address, end, 1);
		walk->action = ACTION_CONTINUE; /* it need not be split for that */
	}
	return 0;
}

static int tell_hole(struct mm_walk *walk, unsigned long address, unsigned long end)
{
	if (!walk->vma)
		return -ENOMEM;
	tell(walk, address, end, 0);
	return 0;
}

int mm_resident(struct mm *mm, unsigned long address, size_t pages, u8 *present)
{
	static const struct mm_walk_ops ops = {.entry = {[LEVEL_PTE] = tell_entry,
						       [LEVEL_PMD] = tell_entry,
						       [LEVEL_PUD] = tell_entry},
		.hole = tell_hole};
	struct residents residents = {.present = present, .start = address};
	unsigned long end = address + pages * PAGE_SIZE;
	int err;

	if (end < address)
		return -ENOMEM; /* no VMA lies there */
	mm_read_lock(mm);
	err = walk_page_range(mm, address, end, &ops, &residents);
	mm_read_unlock(mm);
	return err;
}

/* --- the objects behind it ---------------------------------------------------------- */

/* A part of an object that a VMA shows. */
struct shown {
	struct object *object; /* with a reference */
	u64 start, end;
};

/* 1: do it to this VMA's object; 0: nothing to do; or an error. */
typedef int wanted_fn(const struct vma *vma);
typedef int object_fn(struct object *object, u64 start, u64 end);

/* The next part of [*start, end), which moves on: as the function that was asked says.
 * *hole = -ENOMEM: over a hole. mm->lock held. */
static int next_part(struct mm *mm, unsigned long *start, unsigned long end,
	wanted_fn *wanted, struct shown *part, int *hole)
{
	const struct vma *vma = vma_find(mm, *start);
	unsigned long at = vma ? max(vma->start, *start) : end;
	int answer;

	if (at != *start)
		*hole = -ENOMEM;
	*start = end;
	if (at >= end)
		return 0;
	*start = min(end, vma->end);
	answer = wanted(vma);
	if (answer <= 0)
		return answer;
	part->object = vma->object;
	part->start = vma_offset(vma, at);
	part->end = part->start + (*start - at);
	object_get(part->object);
	return answer;
}

static int for_each_object(struct mm *mm, unsigned long start, unsigned long end,
	wanted_fn *wanted, object_fn *visit)
{
	int err = 0, hole = 0;
	struct shown part;

	while (err >= 0 && start != end) {
		mm_read_lock(mm);
		err = next_part(mm, &start, end, wanted, &part, &hole);
		mm_read_unlock(mm);
		if (err <= 0)
			continue;
		err = visit(part.object, part.start, part.end);
		object_put(part.object);
	}
	return err < 0 ? err : hole;
}

static int wanted_if_shared(const struct vma *vma)
{
	return vma->flags & VMA_SHARED && vma->object;
}

int mm_sync(struct mm *mm, unsigned long address, size_t length)
{
	unsigned long end = ALIGN_UP(address + length, PAGE_SIZE);

	if (!IS_ALIGNED(address, PAGE_SIZE))
		return -EINVAL;
	if (end < address)
		return -ENOMEM;
	return for_each_object(mm, address, end, wanted_if_shared, object_write_back);
}

static int wanted_if_writable(const struct vma *vma)
{
	if (!vma->object || vma->flags & VMA_PFN)
		return -EINVAL;
	return vma->flags & VMA_SHARED && !(vma->flags & VMA_READONLY) ? 1 : -EACCES;
}

int mm_remove(struct mm *mm, unsigned long address, size_t length)
{
	unsigned long end;
	int err = advice_end(address, length, &end);

	return err ?: for_each_object(mm, address, end, wanted_if_writable, object_punch);
}
