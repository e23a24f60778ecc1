/*
 * mm/rivals/classic.h - a range walk whose step takes one pointer and dereferences it.
 *
 * So all walkers were written before 2020, and the locked ones mostly still are:
 * offset(parent, address) reads *parent again. What the lockless walk passed for `parent`
 * is what the thread was about:
 *
 *     passes               a loop ends by      is
 *     the copy's address   constant sizes      the bug (tests/mutants/stackcopy.patch)
 *     the copy's address   the entry's value   addrend_folded.c, addrend_value.c
 *     the slot itself      constant sizes      rederef.c
 *
 * `slot` goes along for the recheck of the pmd: where the entry above was read. Under a
 * folded level that is a copy, too: compared with itself, it always is unchanged.
 */
#pragma once

#include "mm/rivals/rivals.h"

typedef bool classic_fn(struct gup_walk *walk, pxd_t *slot, pxd_t *parent,
	unsigned long address, unsigned long end);
typedef unsigned long addr_end_fn(
	const int level, pxd_t entry, unsigned long address, unsigned long end);
/* What stands for `entry`, read from ptr, when the next level asks. */
typedef pxd_t *passed_fn(pxd_t *ptr, pxd_t *copy);

/* The end of what `entry` really spans, whichever level it belongs to. */
static __always_inline unsigned long addr_end_value(
	const int level, pxd_t entry, unsigned long address, unsigned long end)
{
	int real = level;

	while (pxd_folded(real, entry))
		real--;
	return pxd_addr_end(real, address, end);
}

static __always_inline bool classic_entry(const int level, struct gup_walk *walk,
	pxd_t *slot, pxd_t value, pxd_t *ptr, pxd_t entry, unsigned long address,
	unsigned long end, passed_fn *passed, classic_fn *next)
{
	if (level == LEVEL_PTE || pxd_leaf(level, entry))
		return gup_leaf(level, walk, slot, value, ptr, entry, address, end);
	if (pxd_none(level, entry))
		return false;
	return next(walk, ptr, passed(ptr, &entry), address, end);
}

static __always_inline bool classic_range(const int level, struct gup_walk *walk,
	pxd_t *slot, pxd_t *parent, unsigned long address, unsigned long end,
	addr_end_fn *addr_end, passed_fn *passed, classic_fn *next)
{
	pxd_t value = pxd_read(parent);
	pxd_t *ptr = pxd_offset_lockless(level, parent, value, address);

	for (;;) {
		pxd_t entry = pxd_read(ptr);
		unsigned long stop = addr_end(level, entry, address, end);

		if (!gup_look(
			    level, walk, parent, value, ptr, entry, address, stop, end) ||
			!classic_entry(level, walk, slot, value, ptr, entry, address,
				stop, passed, next))
			return false;
		if (stop == end)
			return true;
		ptr++;
		address = stop;
	}
}
