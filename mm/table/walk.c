/*
 * mm/table/walk.c - the range walk, written once for all levels; see walk.h.
 *
 * walk_pxd_range() is the body of one level's loop. Its five instances pass each other
 * down, with the level a constant in each, so that every step compiles to that level's
 * shifts and masks and a level that a machine never folds costs nothing.
 */
#include "mm/table/walk.h"
#include "mm/huge/leaf.h"
#include "mm/table/descend.h"

typedef bool walk_fn(struct walk *walk, pxd_t *parent, pxd_t value, unsigned long address,
	unsigned long end);

static bool visit_leaf(
	struct walk *walk, int level, pxd_t *ptr, pxd_t entry, unsigned long address)
{
	unsigned long first = ALIGN_DOWN(address, pxd_size(level));

	if (!walk->ops->leaf || !walk->ops->leaf(walk, level, ptr, entry, first))
		return false;
	walk->stopped = address;
	return true;
}

/* A large leaf of which the walk wants only a part. */
static __always_inline bool is_to_be_split(const int level, const struct walk *walk,
	pxd_t entry, unsigned long address, unsigned long end)
{
	return level != LEVEL_PTE && pxd_leaf(level, entry) &&
	       end - address < walk->ops->split * pxd_size(level);
}

/* What one entry spans of the range. True: stopped. */
static __always_inline bool walk_entry(const int level, struct walk *walk, pxd_t *ptr,
	pxd_t entry, unsigned long address, unsigned long end, walk_fn *next)
{
	unsigned long first = ALIGN_DOWN(address, pxd_size(level));

	if (unlikely(is_to_be_split(level, walk, entry, address, end))) {
		leaf_split(walk->mm, level, ptr, first);
		entry = pxd_read(ptr); /* a table, or nothing */
	}
	if (pxd_folded(level, entry))
		return next(walk, ptr, entry, address, end);
	if (pxd_none(level, entry))
		return false;
	LAB_ASSERT(!pxd_bad(level, entry), "%s entry %lx at %lx", pxd_name(level),
		entry.v, address);
	if (level == LEVEL_PTE || pxd_leaf(level, entry))
		return visit_leaf(walk, level, ptr, entry, address);
	if (!walk->ops->enter || !walk->ops->enter(walk, level, ptr, entry, first))
		if (next(walk, ptr, entry, address, end))
			return true;
	if (walk->ops->leave)
		walk->ops->leave(walk, level, ptr, entry, first);
	return false;
}

static __always_inline bool walk_pxd_range(const int level, struct walk *walk,
	pxd_t *parent, pxd_t value, unsigned long address, unsigned long end,
	walk_fn *next)
{
	pxd_t *ptr = pxd_offset_lockless(level, parent, value, address);
	pxd_t entry = pxd_value_lockless(level, ptr, value);

	for (;;) {
		unsigned long stop = pxd_addr_end(level, address, end);

		if (walk_entry(level, walk, ptr, entry, address, stop, next))
			return true;
		if (stop == end)
			return false;
		ptr++;
		PXD_INVARIANT(level, ptr,
			pxd_slot_from_above(level, walk->mm->root, parent, value, stop),
			stop);
		entry = pxd_read(ptr);
		address = stop;
	}
}

/* A range in one lowest table, for ops to which only leaves matter. */
static bool walk_straight(struct walk *walk, unsigned long address, unsigned long end)
{
	struct descent at;

	descend_find(walk->mm, address, &at);
	if (is_to_be_split(at.level, walk, at.entry, address, end)) {
		leaf_split(walk->mm, at.level, at.ptr, address);
		descend_find(walk->mm, address, &at);
	}
	if (at.level == LEVEL_PTE)
		return walk->ops->ptes(walk, at.ptr, address, end);
	return pxd_leaf(at.level, at.entry) &&
	       visit_leaf(walk, at.level, at.ptr, at.entry, address);
}

static bool walk_pte_range(struct walk *walk, pxd_t *pmd, pxd_t value,
	unsigned long address, unsigned long end)
{
	if (walk->ops->ptes)
		return walk->ops->ptes(walk,
			pxd_offset_lockless(LEVEL_PTE, pmd, value, address), address,
			end);
	return walk_pxd_range(LEVEL_PTE, walk, pmd, value, address, end, NULL);
}

static bool walk_pmd_range(struct walk *walk, pxd_t *pud, pxd_t value,
	unsigned long address, unsigned long end)
{
	return walk_pxd_range(LEVEL_PMD, walk, pud, value, address, end, walk_pte_range);
}

static bool walk_pud_range(struct walk *walk, pxd_t *p4d, pxd_t value,
	unsigned long address, unsigned long end)
{
	return walk_pxd_range(LEVEL_PUD, walk, p4d, value, address, end, walk_pmd_range);
}

static bool walk_p4d_range(struct walk *walk, pxd_t *pgd, pxd_t value,
	unsigned long address, unsigned long end)
{
	return walk_pxd_range(LEVEL_P4D, walk, pgd, value, address, end, walk_pud_range);
}

static bool walk_pgd_range(struct walk *walk, pxd_t *root, pxd_t first,
	unsigned long address, unsigned long end)
{
	return walk_pxd_range(LEVEL_PGD, walk, root, first, address, end, walk_p4d_range);
}

unsigned long walk_range(struct walk *walk, unsigned long start, unsigned long end)
{
	pxd_t *root = READ_ONCE(walk->mm->root);
	bool stopped;

	LAB_ASSERT(start < end && end <= walk->mm->limit, "walk [%lx, %lx), limit %lx",
		start, end, walk->mm->limit);
	if (walk->ops->ptes && !((start ^ (end - 1)) >> ARCH_LEVEL_SHIFT(LEVEL_PMD)))
		stopped = walk_straight(walk, start, end);
	else
		stopped = walk_pgd_range(walk, root, pxd_read(root), start, end);
	return stopped ? walk->stopped : end;
}
