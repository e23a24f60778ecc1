/*
 * mm/space/vma.h - the set of VMAs of an mm: inside mm/space only.
 *
 * Under mm->lock: for writing where the set or a VMA changes, else reading is enough.
 */
#pragma once

#include "mm/space/mm.h"

#define VMA_BOTTOM (16 * PAGE_SIZE) /* nothing is mapped below: NULL stays a fault */

void vma_init(void); /* once, at boot */

/* The index in mm->vmas of the lowest VMA that ends above `address`; mm->vma_count: there
 * is none. vma_find(): the VMA itself, or NULL. It may begin above `address`, too. */
unsigned int vma_index(const struct mm *mm, unsigned long address);
struct vma *vma_find(const struct mm *mm, unsigned long address);

/* The end of what lies below mm->vmas[index]. */
unsigned long vma_floor(const struct mm *mm, unsigned int index);

/* Nothing is mapped in the range, nor does it come too near to the stack above it. */
bool vma_range_is_free(const struct mm *mm, unsigned long start, unsigned long end);

/* The highest free range of `length` bytes below mm->mmap_base: its start, or 0. */
unsigned long vma_find_gap(const struct mm *mm, unsigned long length);

/* A VMA where nothing is mapped. -ENOMEM: no memory, or too many VMAs. */
int vma_add(struct mm *mm, unsigned long start, unsigned long end, unsigned int prot,
	unsigned int flags);

/* Make VMA boundaries at both addresses, where they lie inside VMAs. -ENOMEM: as above;
 * there may be more boundaries than before, which changes nothing. */
int vma_split(struct mm *mm, unsigned long start, unsigned long end);

/* Free the VMAs with these indices: first .. last - 1. */
void vma_remove(struct mm *mm, unsigned int first, unsigned int last);

/* Join VMAs of the same kind that touch, from the one before `start` to the one after
 * `end`. */
void vma_merge(struct mm *mm, unsigned long start, unsigned long end);
