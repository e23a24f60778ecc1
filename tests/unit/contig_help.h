/*
 * tests/unit/contig_help.h - memory in one piece for tests, as large as a pud leaf.
 *
 * Where no block is that large, only part of it is the test's own, and the rest is
 * whatever memory lies around: mapped, but not to be touched.
 */
#pragma once

#include "mm/huge/contig.h"
#include "mm/huge/leaf.h"
#include "mm/space/frame.h"
#include "mm/space/object.h"

#define CONTIG_SIZE  pxd_size(LEVEL_PUD)
#define CONTIG_ORDER (ARCH_LEVEL_SHIFT(LEVEL_PUD) - PAGE_SHIFT)

/* The test's own: several pmd leaves' worth. */
static inline struct page *contig_block(void)
{
	return frame_alloc(min(CONTIG_ORDER, FRAME_ORDER_MAX), PAGE_KERNEL, FRAME_ZERO);
}

/* Where that lies in: */
static inline u64 contig_offset(const struct page *block)
{
	return page_phys(block).v & (CONTIG_SIZE - 1);
}

static inline struct object *contig_object(const struct page *block)
{
	return object_create_contig(
		phys(page_phys(block).v - contig_offset(block)), CONTIG_SIZE);
}

/* The largest leaves of this machine. */
static inline int contig_level(void)
{
	return arch_leaf_possible(LEVEL_PUD)   ? LEVEL_PUD
	       : arch_leaf_possible(LEVEL_PMD) ? LEVEL_PMD
					       : LEVEL_PTE;
}
