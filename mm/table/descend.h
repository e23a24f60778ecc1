/*
 * mm/table/descend.h - the way down to one address: find, or find and allocate.
 *
 * Users: fault, slow gup, `pt`. The caller holds mm->lock (read is enough), which keeps
 * linked tables linked. Nothing is locked here, so the entry found is only a snapshot:
 * whoever stores takes mm->table_lock and looks at *ptr again.
 */
#pragma once

#include "mm/space/mm.h"
#include "mm/table/pgtable.h"
#include "mm/table/table.h"

/* Where a descent stands: `entry` was read once from `ptr`, a slot of `level`. */
struct descent {
	int level;
	pxd_t *ptr;
	pxd_t entry;
};

static __always_inline void descend_start(
	struct mm *mm, struct descent *at, unsigned long address)
{
	at->level = LEVEL_PGD;
	at->ptr = pgd_offset(READ_ONCE(mm->root), address);
	at->entry = pxd_read(at->ptr);
}

/* From `level` one down; false: there is no table below (none, or a leaf). */
static __always_inline bool descend_step(
	const int level, struct descent *at, unsigned long address)
{
	pxd_t *below;

	LAB_ASSERT(!pxd_bad(level, at->entry), "level %d entry %lx", level, at->entry.v);
	/* SAFE(descend_leaf): "not none" is only half of the question. Linux up to 5.4:
	 * who was to make a table here, and found that something is, went on in what a
	 * fault had mapped here meanwhile, and took data for entries. */
	if (pxd_none(level, at->entry) || pxd_leaf(level, at->entry))
		return false;
	below = pxd_offset_lockless(level - 1, at->ptr, at->entry, address);
	at->entry = pxd_value_lockless(level - 1, below, at->entry);
	at->ptr = below;
	at->level = level - 1;
	return true;
}

/* Goes as far down as there are tables: ends at the pte, or at a higher entry that is
 * none or a leaf. The address is below mm->limit. */
static __always_inline void descend_find(
	struct mm *mm, unsigned long address, struct descent *at)
{
	descend_start(mm, at, address);
	(void)(descend_step(LEVEL_PGD, at, address) &&
		descend_step(LEVEL_P4D, at, address) &&
		descend_step(LEVEL_PUD, at, address) &&
		descend_step(LEVEL_PMD, at, address));
}

/* As descend_find(), but not below the pmd entry. */
static __always_inline void descend_find_pmd(
	struct mm *mm, unsigned long address, struct descent *at)
{
	descend_start(mm, at, address);
	(void)(descend_step(LEVEL_PGD, at, address) &&
		descend_step(LEVEL_P4D, at, address) &&
		descend_step(LEVEL_PUD, at, address));
}

/*
 * From where `at` stands on as descend_find(), but adds missing tables down to `to`
 * (LEVEL_PTE, or LEVEL_PMD / LEVEL_PUD for a leaf there). It may end above `to`, at a
 * leaf that was there or that another thread has just installed. 0 or -ENOMEM.
 */
int descend_alloc_on(struct mm *mm, unsigned long address, int to, struct descent *at);

/* The same from the root. */
static inline int descend_alloc(
	struct mm *mm, unsigned long address, int to, struct descent *at)
{
	descend_start(mm, at, address);
	return descend_alloc_on(mm, address, to, at);
}
