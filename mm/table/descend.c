/*
 * mm/table/descend.c - the descent that adds what is missing; see descend.h.
 */
#include "mm/table/descend.h"

/* One level down, through a new table if the entry is none. 1: below this level, 0: `to`
 * is reached or a leaf is in the way, or -ENOMEM. */
static __always_inline int descend_alloc_step(
	const int level, struct mm *mm, struct descent *at, unsigned long address, int to)
{
	int error;

	if (at->level < level)
		return 1;
	if (level <= to)
		return 0;
	if (pxd_none(level, at->entry)) {
		error = table_populate(mm, level, at->ptr, address);
		if (error)
			return error;
		/* SAFE(descend_reread): what stands here now may be another thread's
		 * table or leaf; a leaf taken for a table would be walked into as
		 * entries. */
		at->entry = pxd_read(at->ptr);
	}
	return descend_step(level, at, address);
}

int descend_alloc_on(struct mm *mm, unsigned long address, int to, struct descent *at)
{
	int result = descend_alloc_step(LEVEL_PGD, mm, at, address, to);

	if (result > 0)
		result = descend_alloc_step(LEVEL_P4D, mm, at, address, to);
	if (result > 0)
		result = descend_alloc_step(LEVEL_PUD, mm, at, address, to);
	if (result > 0)
		result = descend_alloc_step(LEVEL_PMD, mm, at, address, to);
	return min(result, 0);
}
