/*
 * mm/huge/collapse.h - for who has pages replaced by a block: how much he puts up with.
 */
#pragma once

#include "mm/space/mm.h"

struct collapse_limits {
	bool eligible;       /* only where faults would make a block, too */
	unsigned int none;   /* so many pages may be missing, */
	unsigned int shared; /* and so many be mapped elsewhere, too */
	unsigned int frame;  /* FRAME_*, for the block */
};

/* mm->lock held, for reading at least: may collapse_at() succeed, as it looks now? */
bool collapse_promises(struct mm *mm, const struct vma *vma, unsigned long address,
	const struct collapse_limits *limits);

/* One block, at its address; as mm_collapse(). Takes mm->lock. */
int collapse_at(
	struct mm *mm, unsigned long address, const struct collapse_limits *limits);
