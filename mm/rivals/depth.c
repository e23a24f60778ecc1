/*
 * mm/rivals/depth.c - step=depth: ask once how deep the tree is, and begin there.
 *
 * Nobody proposed it in 2020: folding had to be invisible to generic code. The first
 * entry of the root tells its level; a switch enters the chain of five loops at that
 * level, and below it every level exists. There is no folded step, hence no question at
 * each step, no copy of anything, and no invariant to break.
 *
 * For: cheapest per walk, and easy to see through. Against: a walker has to know that
 * trees differ in depth, in one switch; where folding is decided for each entry and not
 * for each tree (no machine here) it has no answer.
 *
 * Verdict: the right pages on every machine.
 */
#include "mm/rivals/rivals.h"

typedef bool depth_fn(struct gup_walk *walk, pxd_t *parent, pxd_t value, pxd_t *ptr,
	unsigned long address, unsigned long end);

/* What one entry spans of the range. False: stop. */
static __always_inline bool depth_entry(const int level, struct gup_walk *walk,
	pxd_t *parent, pxd_t value, pxd_t *ptr, pxd_t entry, unsigned long address,
	unsigned long end, depth_fn *next)
{
	pxd_t *table;

	if (level == LEVEL_PTE || arch_pxd_leaf(level, entry))
		return gup_leaf(level, walk, parent, value, ptr, entry, address, end);
	if (arch_pxd_none(level, entry))
		return false;
	table = pxd_table(level, entry);
	return next(
		walk, ptr, entry, table + pxd_index(level - 1, address), address, end);
}

static __always_inline bool depth_range(const int level, struct gup_walk *walk,
	pxd_t *parent, pxd_t value, pxd_t *ptr, unsigned long address, unsigned long end,
	depth_fn *next)
{
	for (;; ptr++) {
		pxd_t entry = pxd_read(ptr);
		unsigned long stop = pxd_addr_end(level, address, end);

		if (!gup_look(
			    level, walk, parent, value, ptr, entry, address, stop, end) ||
			!depth_entry(level, walk, parent, value, ptr, entry, address,
				stop, next))
			return false;
		if (stop == end)
			return true;
		address = stop;
	}
}

static bool pte_range(struct gup_walk *walk, pxd_t *parent, pxd_t value, pxd_t *ptr,
	unsigned long address, unsigned long end)
{
	return depth_range(LEVEL_PTE, walk, parent, value, ptr, address, end, NULL);
}

static bool pmd_range(struct gup_walk *walk, pxd_t *parent, pxd_t value, pxd_t *ptr,
	unsigned long address, unsigned long end)
{
	return depth_range(LEVEL_PMD, walk, parent, value, ptr, address, end, pte_range);
}

static bool pud_range(struct gup_walk *walk, pxd_t *parent, pxd_t value, pxd_t *ptr,
	unsigned long address, unsigned long end)
{
	return depth_range(LEVEL_PUD, walk, parent, value, ptr, address, end, pmd_range);
}

static bool p4d_range(struct gup_walk *walk, pxd_t *parent, pxd_t value, pxd_t *ptr,
	unsigned long address, unsigned long end)
{
	return depth_range(LEVEL_P4D, walk, parent, value, ptr, address, end, pud_range);
}

static bool pgd_range(struct gup_walk *walk, pxd_t *parent, pxd_t value, pxd_t *ptr,
	unsigned long address, unsigned long end)
{
	return depth_range(LEVEL_PGD, walk, parent, value, ptr, address, end, p4d_range);
}

bool depth_walk(struct gup_walk *walk, pxd_t *root, pxd_t first, unsigned long address,
	unsigned long end)
{
	pxd_t *ptr = pxd_offset_lockless(LEVEL_PGD, root, first, address);

	switch (arch_root_level(first)) {
	case LEVEL_PGD:
		return pgd_range(walk, root, first, ptr, address, end);
	case LEVEL_P4D:
		return p4d_range(walk, root, first, ptr, address, end);
	case LEVEL_PUD:
		return pud_range(walk, root, first, ptr, address, end);
	default:
		return pmd_range(walk, root, first, ptr, address, end);
	}
}
