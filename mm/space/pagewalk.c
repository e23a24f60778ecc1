/*
 * mm/space/pagewalk.c - the page walk; see pagewalk.h.
 *
 * It goes down from the root for each lowest table anew: nothing that was read before
 * table_lock was let go of is believed afterwards. What can fail: callbacks.
 */
#include "mm/space/pagewalk.h"
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "mm/huge/leaf.h"
#include "mm/space/object.h"
#include "mm/space/vma.h"
#include "mm/table/pgtable.h"

/* Is there a callback for what is below this level? */
static bool wants_below(const struct mm_walk_ops *ops, int level)
{
	while (level--)
		if (ops->entry[level])
			return true;
	return false;
}

/* A table is met again for each part of the walk below it, but shown at the first. */
static bool is_first_part(const struct mm_walk *walk, int level)
{
	return walk->address == walk->start || IS_ALIGNED(walk->address, pxd_size(level));
}

/* What is at `at`, to its callback. */
static int show(struct mm_walk *walk, const struct descent *at, unsigned long end)
{
	mm_walk_fn *callback = walk->ops->entry[at->level];

	walk->action = ACTION_SUBTREE;
	if (!callback ||
		!(pxd_leaf(at->level, at->entry) || is_first_part(walk, at->level)))
		return 0;
	return callback(walk, at, walk->address, end);
}

static int pass_hole(struct mm_walk *walk, unsigned long end)
{
	int err = walk->ops->hole ? walk->ops->hole(walk, walk->address, end) : 0;

	walk->address = end;
	return err;
}

/* At a pte, which is none of [address, end) of the walk but this page. */
static int visit_pte(struct mm_walk *walk, const struct descent *at)
{
	unsigned long end = walk->address + PAGE_SIZE;
	int err;

	if (pxd_none(LEVEL_PTE, at->entry))
		return pass_hole(walk, end);
	err = show(walk, at, end);
	if (walk->action != ACTION_AGAIN)
		walk->address = end;
	return err;
}

/* All ptes of a table that the walk wants. */
static int visit_ptes(struct mm_walk *walk, struct descent *at)
{
	unsigned long end = pxd_addr_end(LEVEL_PMD, walk->address, walk->end);
	int err;

	do {
		err = visit_pte(walk, at);
		at->ptr++;
		at->entry = walk->address < end ? pxd_read(at->ptr) : at->entry;
	} while (!err && walk->action != ACTION_AGAIN && walk->address < end);
	return err;
}

/* An entry above the ptes, in use. True: at->entry is a table now, and the walk goes
 * below it. */
static bool goes_below(struct mm_walk *walk, struct descent *at, int *err)
{
	unsigned long end = pxd_addr_end(at->level, walk->address, walk->end);

	*err = show(walk, at, end);
	if (*err || walk->action == ACTION_AGAIN)
		return false;
	if (walk->action == ACTION_CONTINUE || !wants_below(walk->ops, at->level)) {
		walk->address = end;
		return false;
	}
	if (!pxd_leaf(at->level, at->entry))
		return true;
	/* What the leaf has become is read before anybody else can store there. With the
	 * lock let go of, a fault may bring the leaf back in between, and it would have
	 * to be split again, who knows how often; or be taken for a table, by a walk that
	 * believes its own split (mm/rivals/pagewalk.c). */
	leaf_split(walk->mm, at->level, at->ptr, walk->address);
	TRACE_POINT(walk_split);
	at->entry = pxd_read(at->ptr);
	if (!pxd_none(at->level, at->entry))
		return true;
	*err = pass_hole(walk, end); /* a leaf that faults bring back */
	return false;
}

/* table_lock held. The way down to walk->address, and what is there, passed. */
static int visit(struct mm_walk *walk)
{
	struct descent at;
	int err = 0;

	descend_start(walk->mm, &at, walk->address);
	while (at.level != LEVEL_PTE) {
		if (pxd_none(at.level, at.entry))
			return pass_hole(
				walk, pxd_addr_end(at.level, walk->address, walk->end));
		if (!pxd_folded(at.level, at.entry) && !goes_below(walk, &at, &err))
			return err;
		(void)descend_step(at.level, &at, walk->address);
	}
	return visit_ptes(walk, &at);
}

static int walk_part(struct mm_walk *walk)
{
	unsigned int retries = 0;
	int err = 0;

	while (!err && walk->address < walk->end) {
		unsigned long before = walk->address;

		walk->action = ACTION_SUBTREE;
		TRACE_POINT(walk_look);
		spin_lock(&walk->mm->table_lock);
		err = visit(walk);
		spin_unlock(&walk->mm->table_lock);
		if (walk->address != before)
			retries = 0;
		/* It may be for ever that somebody else is faster. */
		if (!err && walk->action == ACTION_AGAIN && ++retries > WALK_RETRIES)
			err = -EAGAIN;
	}
	return err;
}

static int walk_vma(
	struct mm_walk *walk, struct vma *vma, unsigned long start, unsigned long end)
{
	int err = 0;

	walk->mm = vma->mm;
	walk->vma = vma;
	walk->start = walk->address = start;
	walk->end = end;
	if (walk->ops->pre_vma)
		err = walk->ops->pre_vma(walk, start, end);
	if (err)
		return err < 0 ? err : 0;
	err = walk_part(walk);
	if (walk->ops->post_vma)
		walk->ops->post_vma(walk);
	return err;
}

static void walk_init(struct mm_walk *walk, const struct mm_walk_ops *ops, void *private)
{
	walk->ops = ops;
	walk->private = private;
}

/* --- an address space --------------------------------------------------------------- */

/* No VMA has [start, end). */
static int walk_gap(struct mm_walk *walk, unsigned long start, unsigned long end)
{
	walk->vma = NULL;
	walk->address = start;
	return pass_hole(walk, end);
}

int walk_page_range(struct mm *mm, unsigned long start, unsigned long end,
	const struct mm_walk_ops *ops, void *private)
{
	struct mm_walk walk;
	int err = 0;

	walk_init(&walk, ops, private);
	walk.mm = mm;
	while (!err && start < end) {
		struct vma *vma = vma_find(mm, start);
		bool inside = vma && vma->start <= start;
		unsigned long next = vma ? min(inside ? vma->end : vma->start, end) : end;

		err = inside ? walk_vma(&walk, vma, start, next)
			     : walk_gap(&walk, start, next);
		start = next;
	}
	return err;
}

/* --- an object ---------------------------------------------------------------------- */

/* What this VMA maps of the bytes [from, to) of its object. The list is locked, so that
 * its bounds stay: SAFE(shrink_locked) in vma_edit.c. */
static int walk_mapped(struct mm_walk *walk, struct vma *vma, u64 from, u64 to)
{
	unsigned long start = READ_ONCE(vma->start), end = READ_ONCE(vma->end);
	u64 first = vma_offset(vma, start), last = first + (end - start);

	from = max(from, first);
	to = min(to, last);
	if (from >= to)
		return 0;
	return walk_vma(walk, vma, start + (from - first), start + (to - first));
}

int walk_page_mapping(struct object *object, u64 first, u64 nr,
	const struct mm_walk_ops *ops, void *private)
{
	struct rmap_link *link;
	struct mm_walk walk;
	u64 last;
	int err = 0;

	first = min(first, OBJECT_PAGES_MAX);
	last = first + min(nr, OBJECT_PAGES_MAX - first);
	walk_init(&walk, ops, private);
	spin_lock(&object->rmap.lock);
	list_for_each (link, &object->rmap.vmas, list) {
		err = walk_mapped(&walk, link->vma, first * PAGE_SIZE, last * PAGE_SIZE);
		if (err)
			break;
	}
	spin_unlock(&object->rmap.lock);
	return err;
}
