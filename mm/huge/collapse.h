/*
 * mm/huge/collapse.h - for who has pages replaced by a block: how much he puts up with.
 */
#pragma once

#include "mm/space/mm.h"

struct collapse_limits {
	bool eligible;       /* only where faults would make a block, too */
	unsigned int none;   /* so many pages may be missing, */
	unsigned int shared; /* and so many private ones be mapped elsewhere, too */
	unsigned int frame;  /* FRAME_*, for the block */
};

/* Who asks for it puts up with all. */
extern const struct collapse_limits collapse_any;

/* mm->lock held, for reading at least: may collapse_at() succeed, as it looks now? */
bool collapse_promises(struct mm *mm, const struct vma *vma, unsigned long address,
	const struct collapse_limits *limits);

/* One block, at its address, of what the mm shows there; as mm_collapse(). Takes
 * mm->lock. */
int collapse_at(
	struct mm *mm, unsigned long address, const struct collapse_limits *limits);

/*
 * object_collapse.c: the pages of this part of an object, without source, become a block.
 * Afterwards, or alone: tables that map only this part of it are gone from all mms. Where
 * an mm shows one, which has a leaf at once if it has asked for it; -ENOENT: it is
 * private memory. All sleep, with no lock held. Or may it succeed, as it looks now?
 */
int object_collapse(
	struct object *object, u64 index, const struct collapse_limits *limits);
void object_retract(struct object *object, u64 index);
int object_collapse_shown(
	struct mm *mm, unsigned long address, const struct collapse_limits *limits);
bool object_promises(
	struct object *object, u64 index, const struct collapse_limits *limits);
