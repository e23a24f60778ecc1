/*
 * mm/table/walk.h - the locked walk over a range: every entry in use, in address order.
 *
 * For those who change many entries (unmap, protect: with mm->table_lock held) or only
 * look (`pt`: mm->lock is enough, each entry is read once). Leaves of all levels are
 * visited; a leaf that sticks out of the range is visited with its own address, unless it
 * is to be split.
 */
#pragma once

#include "mm/space/mm.h"
#include "mm/table/pgtable.h"

struct walk;

/* Leaves that are split before they are visited (with table_lock held): of how much less
 * than this many times its size the range has. */
#define WALK_SPLIT_CUT 1u /* those that stick out */
#define WALK_SPLIT_ALL 2u

/* All callbacks may be NULL. `address` is the first one that the entry maps. */
struct walk_ops {
	/* An entry that maps memory. True: stop BEFORE it; one can go on there. */
	bool (*leaf)(struct walk *walk, int level, pxd_t *ptr, pxd_t entry,
		unsigned long address);
	/* Optional, for those to whom only leaves matter: walk_ptes() with `leaf`
	 * inlined, so that a run of ptes is one call. */
	bool (*ptes)(
		struct walk *walk, pxd_t *ptr, unsigned long address, unsigned long end);
	/* An entry that points to a table, before what is below it. True: skip that. */
	bool (*enter)(struct walk *walk, int level, pxd_t *ptr, pxd_t entry,
		unsigned long address);
	/* The same entry after what is below it; the table may be unlinked here. */
	void (*leave)(struct walk *walk, int level, pxd_t *ptr, pxd_t entry,
		unsigned long address);
	unsigned int split; /* WALK_SPLIT_*, or 0 */
};

struct walk {
	struct mm *mm;
	const struct walk_ops *ops;
	void *arg;             /* the caller's */
	unsigned long stopped; /* where a callback stopped the walk */
};

/* Walks [start, end), not empty, end at most mm->limit. Returns `end`, or the address of
 * the leaf before which a callback stopped it. */
unsigned long walk_range(struct walk *walk, unsigned long start, unsigned long end);

/* The part of a walk that lies in one lowest table: [address, end), from the slot ptr. */
static __always_inline bool walk_ptes(struct walk *walk, pxd_t *ptr,
	unsigned long address, unsigned long end,
	bool (*leaf)(struct walk *walk, int level, pxd_t *ptr, pxd_t entry,
		unsigned long address))
{
	for (; address != end; ptr++, address += PAGE_SIZE) {
		pxd_t entry = pxd_read(ptr);

		if (pxd_none(LEVEL_PTE, entry))
			continue;
		if (leaf(walk, LEVEL_PTE, ptr, entry, address)) {
			walk->stopped = address;
			return true;
		}
	}
	return false;
}
