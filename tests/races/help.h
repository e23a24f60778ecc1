/*
 * tests/races/help.h - what many races begin with: a small mm, and the frame behind an
 * address.
 */
#pragma once

#include "mm/huge/leaf.h"
#include "mm/space/frame.h"
#include "mm/space/mm.h"
#include "mm/table/descend.h"
#include "tests/races/race.h"

#define RACE_AT 0x40000000UL
#define RACE_RW (PROT_READ | PROT_WRITE)

/* An mm with `pages` pages from RACE_AT on, all of them present and its own. */
static inline struct mm *race_mm(unsigned long pages, unsigned int prot)
{
	struct mm *mm = mm_create();
	unsigned long at = RACE_AT;
	int error = mm_map(mm, &at, pages * PAGE_SIZE, RACE_RW, MM_FIXED | MM_POPULATE);

	if (!error && prot != RACE_RW)
		error = mm_protect(mm, at, pages * PAGE_SIZE, prot);
	RACE_CLAIM(!error, "the pages of the setup are mapped");
	return mm;
}

/* An mm with one block's worth of addresses at RACE_AT, where faults make blocks; with
 * `touched`, it has one, its own. */
static inline struct mm *race_mm_huge(bool touched)
{
	struct mm *mm = mm_create();
	unsigned long at = RACE_AT;

	RACE_CLAIM(!mm_map(mm, &at, HUGE_SIZE, RACE_RW, MM_FIXED) &&
			   !mm_advise_huge(mm, at, HUGE_SIZE, true),
		"the setup maps");
	if (touched)
		RACE_CLAIM(!mm_fault(mm, at, ACCESS_WRITE) && mm_pages(mm) == HUGE_PAGES,
			"a block");
	return mm;
}

/* The same, with the first so many pages mapped, as single ones. */
static inline struct mm *race_mm_pages(unsigned long count)
{
	struct mm *mm = race_mm_huge(false);

	RACE_CLAIM(!mm_advise_huge(mm, RACE_AT, HUGE_SIZE, false), "no block");
	for (unsigned long i = 0; i < count; i++)
		RACE_CLAIM(!mm_fault(mm, RACE_AT + i * PAGE_SIZE, ACCESS_WRITE),
			"a page is mapped");
	RACE_CLAIM(!mm_advise_huge(mm, RACE_AT, HUGE_SIZE, true) && mm_pages(mm) == count,
		"blocks are wanted now");
	return mm;
}

/* An mm that has this object's page at RACE_AT, with these flags beside MM_SHARED. */
static inline struct mm *race_mm_of(struct object *object, unsigned int flags)
{
	struct mm *mm = mm_create();
	unsigned long at = RACE_AT;

	RACE_CLAIM(!mm_map_object(mm, &at, PAGE_SIZE, RACE_RW,
			   MM_FIXED | MM_SHARED | flags, object, 0),
		"the setup maps");
	return mm;
}

/* An mm that shows a block's worth of this object at RACE_AT, shared. */
static inline struct mm *race_mm_showing(struct object *object)
{
	struct mm *mm = mm_create();
	unsigned long at = RACE_AT;

	RACE_CLAIM(!mm_map_object(
			   mm, &at, HUGE_SIZE, RACE_RW, MM_FIXED | MM_SHARED, object, 0),
		"the setup maps");
	return mm;
}

/* The frame that is mapped there, or NULL. Nothing else runs. */
static inline struct page *race_page(struct mm *mm, unsigned long address)
{
	struct descent at;

	descend_find(mm, address, &at);
	if (!pxd_leaf(at.level, at.entry))
		return NULL;
	return page_of_phys(arch_pxd_phys(at.level, at.entry)) +
	       (address & (pxd_size(at.level) - 1)) / PAGE_SIZE;
}
