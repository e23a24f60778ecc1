/*
 * tests/unit/mm_help.h - looking at an mm's memory without running on it.
 */
#pragma once

#include "mm/space/mm.h"
#include "mm/space/page.h"
#include "mm/table/descend.h"

/* The kernel's view of the word at a user address, or NULL: no frame there. */
static inline unsigned long *mm_peek(struct mm *mm, unsigned long address)
{
	struct descent at;

	descend_find(mm, address, &at);
	if (!pxd_leaf(at.level, at.entry))
		return NULL;
	return phys_to_virt(phys(arch_pxd_phys(at.level, at.entry).v +
				 (address & (pxd_size(at.level) - 1))));
}

/* What the entry there allows, or -1: there is none. */
static inline int mm_peek_prot(struct mm *mm, unsigned long address)
{
	struct descent at;

	descend_find(mm, address, &at);
	if (!pxd_leaf(at.level, at.entry))
		return -1;
	return (int)arch_pxd_prot(at.level, at.entry);
}

/* xorshift64: the same numbers for the same seed, everywhere. */
static inline u64 mm_random(u64 *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}
