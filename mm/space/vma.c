/*
 * mm/space/vma.c - the set of VMAs: an ordered list, and a treap over it.
 *
 * The list gives neighbours, the treap lookup in O(log n): a binary search tree by
 * address in which each node's (pseudo-random) priority is at least its children's. The
 * shape then does not depend on the order of mmap calls, and insertion and removal are a
 * few rotations. Each node also keeps the widest gap before any VMA of its subtree, so
 * the search for a free range skips what cannot hold it.
 *
 * Locks: mm->lock. VMAs come from a type-safe cache. Can fail: vma_create(), vma_split().
 */
#include "mm/space/vma.h"
#include "kernel/base/errno.h"
#include "kernel/base/panic.h"
#include "mm/space/cache.h"

static struct cache *vma_cache;

void vma_init(void)
{
	vma_cache = cache_create("vma", sizeof(struct vma), CACHE_TYPE_SAFE);
}

/* The list's head stands for "none". */
static struct vma *vma_of(const struct mm *mm, struct list *item)
{
	return item == &mm->vmas ? NULL : list_entry(item, struct vma, link);
}

struct vma *vma_next(const struct mm *mm, const struct vma *vma)
{
	return vma_of(mm, vma->link.next);
}

struct vma *vma_previous(const struct mm *mm, const struct vma *vma)
{
	return vma_of(mm, vma->link.prev);
}

struct vma *vma_last(const struct mm *mm)
{
	return vma_of(mm, mm->vmas.prev);
}

struct vma *vma_find(struct mm *mm, unsigned long address)
{
	struct vma *vma = mm->tree, *found = NULL;

	while (vma) {
		if (address < vma->end)
			found = vma;
		vma = vma->node.child[address >= vma->end];
	}
	return found;
}

/* Where a gap begins, given the VMA below it (NULL: none). */
static unsigned long gap_start(const struct vma *below)
{
	return below ? below->end : VMA_BOTTOM;
}

/* And where it ends: a stack keeps its distance from what is below. */
static unsigned long gap_end(const struct vma *above)
{
	unsigned long distance = above->flags & VMA_STACK ? MM_STACK_GAP : 0;

	return above->start > distance ? above->start - distance : 0;
}

static unsigned long gap_before(const struct mm *mm, const struct vma *vma)
{
	unsigned long start = gap_start(vma_previous(mm, vma)), end = gap_end(vma);

	return end > start ? end - start : 0;
}

bool vma_range_is_free(struct mm *mm, unsigned long start, unsigned long end)
{
	struct vma *vma = vma_find(mm, start);

	return !vma || (vma->start > start && gap_end(vma) >= end);
}

static unsigned long gap_max(const struct vma *vma)
{
	return vma ? vma->node.gap_max : 0;
}

static void update(const struct mm *mm, struct vma *vma)
{
	unsigned long below =
		max(gap_max(vma->node.child[0]), gap_max(vma->node.child[1]));

	vma->node.gap_max = max(gap_before(mm, vma), below);
}

/* A gap changed: the subtrees that contain it are all those from `vma` up. */
static void update_up(const struct mm *mm, struct vma *vma)
{
	for (; vma; vma = vma->node.parent)
		update(mm, vma);
}

/* Where the tree points to `vma`. */
static struct vma **slot_of(struct mm *mm, struct vma *vma)
{
	struct vma *parent = vma->node.parent;

	return parent ? &parent->node.child[parent->node.child[1] == vma] : &mm->tree;
}

/* Swap a VMA with its parent; the order of addresses stays. */
static void rotate_up(struct mm *mm, struct vma *vma)
{
	struct vma *parent = vma->node.parent;
	int side = parent->node.child[1] == vma;
	struct vma *inner = vma->node.child[!side];

	*slot_of(mm, parent) = vma;
	vma->node.parent = parent->node.parent;
	parent->node.child[side] = inner;
	if (inner)
		inner->node.parent = parent;
	vma->node.child[!side] = parent;
	parent->node.parent = vma;
	update(mm, parent);
	update(mm, vma);
}

/* Well mixed and yet the same in every run: a multiplicative hash of a counter. */
static u32 next_priority(void)
{
	static u32 counter;

	return atomic_add_relaxed(&counter, 1) * 2654435761u;
}

struct vma *vma_create(
	unsigned long start, unsigned long end, unsigned int prot, unsigned int flags)
{
	struct vma *vma = cache_alloc(vma_cache);

	if (!vma)
		return NULL;
	vma->start = start;
	vma->end = end;
	vma->prot = prot;
	vma->flags = flags;
	vma->node.priority = next_priority();
	return vma;
}

void vma_free(struct vma *vma)
{
	cache_free(vma_cache, vma);
}

void vma_insert(struct mm *mm, struct vma *vma)
{
	struct vma **slot = &mm->tree, *parent = NULL, *previous = NULL, *next;

	while (*slot) {
		parent = *slot;
		if (vma->start > parent->start)
			previous = parent;
		slot = &parent->node.child[vma->start > parent->start];
	}
	*slot = vma;
	vma->node.parent = parent;
	vma->node.child[0] = vma->node.child[1] = NULL;
	list_insert(&vma->link, previous ? &previous->link : &mm->vmas);
	mm->vma_count++;
	next = vma_next(mm, vma);
	LAB_ASSERT((!previous || previous->end <= vma->start) &&
			   (!next || vma->end <= next->start),
		"VMA at %lx overlaps", vma->start);
	update_up(mm, vma);
	update_up(mm, next);
	while (vma->node.parent && vma->node.parent->node.priority < vma->node.priority)
		rotate_up(mm, vma);
}

void vma_remove(struct mm *mm, struct vma *vma)
{
	struct vma *next = vma_next(mm, vma), *parent;

	for (;;) {
		struct vma *low = vma->node.child[0], *high = vma->node.child[1];

		if (!low && !high)
			break;
		if (!low || (high && high->node.priority > low->node.priority))
			low = high;
		rotate_up(mm, low);
	}
	parent = vma->node.parent;
	*slot_of(mm, vma) = NULL;
	list_remove(&vma->link);
	mm->vma_count--;
	update_up(mm, parent);
	update_up(mm, next);
}

void vma_resize(struct mm *mm, struct vma *vma, unsigned long start, unsigned long end)
{
	vma->start = start;
	vma->end = end;
	update_up(mm, vma);
	update_up(mm, vma_next(mm, vma));
}

int vma_split(struct mm *mm, unsigned long address)
{
	struct vma *vma = vma_find(mm, address), *high;

	if (!vma || vma->start >= address)
		return 0;
	if (mm->vma_count >= MM_VMAS_MAX)
		return -ENOMEM;
	high = vma_create(address, vma->end, vma->prot, vma->flags);
	if (!high)
		return -ENOMEM;
	vma_resize(mm, vma, vma->start, address);
	vma_insert(mm, high);
	return 0;
}

static bool can_merge(const struct vma *low, const struct vma *high)
{
	return low->end == high->start && low->prot == high->prot &&
	       low->flags == high->flags && !(low->flags & VMA_STACK);
}

void vma_merge(struct mm *mm, unsigned long start, unsigned long end)
{
	/* start - 1: the one before counts if it touches. */
	struct vma *vma = vma_find(mm, start - 1), *next;

	while (vma && vma->end <= end && (next = vma_next(mm, vma)) != NULL) {
		if (can_merge(vma, next)) {
			unsigned long joined = next->end;

			vma_remove(mm, next);
			vma_free(next);
			vma_resize(mm, vma, vma->start, joined);
		} else {
			vma = next;
		}
	}
}

/* The highest VMA, from `vma` downwards, with at least `length` free bytes before it. */
static struct vma *find_gap_from(
	const struct mm *mm, struct vma *vma, unsigned long length)
{
	while (vma && gap_before(mm, vma) < length) {
		struct vma *child = vma->node.child[0];

		if (gap_max(child) >= length) {
			/* It is in there: its rightmost such node leads to it. */
			do
				vma = child;
			while (gap_max(child = vma->node.child[1]) >= length);
		} else {
			/* All below is done: up, past the parents that lie above us. */
			while (vma->node.parent && vma->node.parent->node.child[0] == vma)
				vma = vma->node.parent;
			vma = vma->node.parent;
		}
	}
	return vma;
}

unsigned long vma_find_gap(struct mm *mm, unsigned long length)
{
	unsigned long top = mm->mmap_base;
	struct vma *vma = vma_find(mm, top);

	if (!vma || vma->start >= top) {
		/* Nothing lies across the top: the first gap ends there. */
		struct vma *below = vma ? vma_previous(mm, vma) : vma_last(mm);
		unsigned long end = vma ? min(top, gap_end(vma)) : top;

		if (end >= gap_start(below) && end - gap_start(below) >= length)
			return end - length;
		vma = below;
	}
	vma = find_gap_from(mm, vma, length);
	return vma ? gap_end(vma) - length : 0;
}
