/*
 * mm/space/vma.h - the set of VMAs of an mm: inside mm/space only.
 *
 * All of it under mm->lock: for writing, except vma_find(), vma_next(), vma_previous().
 */
#pragma once

#include "mm/space/mm.h"

#define VMA_BOTTOM (16 * PAGE_SIZE) /* nothing is mapped below: NULL stays a fault */

void vma_init(void); /* once, at boot */

/* The lowest VMA that ends above `address`; it may begin above it, too. NULL: none. */
struct vma *vma_find(struct mm *mm, unsigned long address);

/* NULL: there is none. */
struct vma *vma_next(const struct mm *mm, const struct vma *vma);
struct vma *vma_previous(const struct mm *mm, const struct vma *vma);
struct vma *vma_last(const struct mm *mm);

/* Nothing is mapped in the range, nor does it come too near to the stack above it. */
bool vma_range_is_free(struct mm *mm, unsigned long start, unsigned long end);

/* A new VMA that is in no set; NULL: no memory. */
struct vma *vma_create(
	unsigned long start, unsigned long end, unsigned int prot, unsigned int flags);
void vma_free(struct vma *vma);

/* Into the set, which must have nothing there; out of it. */
void vma_insert(struct mm *mm, struct vma *vma);
void vma_remove(struct mm *mm, struct vma *vma);

/* Change the bounds of a VMA in the set, without passing its neighbours. */
void vma_resize(struct mm *mm, struct vma *vma, unsigned long start, unsigned long end);

/* Make a VMA boundary at `address`, if it lies inside a VMA. -ENOMEM: no memory, or too
 * many VMAs. */
int vma_split(struct mm *mm, unsigned long address);

/* Join VMAs of the same kind that touch, from the one before `start` to the one after
 * `end`. */
void vma_merge(struct mm *mm, unsigned long start, unsigned long end);

/* The highest free range of `length` bytes below mm->mmap_base: its start, or 0. */
unsigned long vma_find_gap(struct mm *mm, unsigned long length);
