/*
 * mm/space/internal.h - what the files of mm/space share about address spaces.
 */
#pragma once

#include "mm/space/mm.h"

#define PROT_ALL (PROT_READ | PROT_WRITE | PROT_EXEC)

/* mm->lock held for writing: remove all mappings in [start, end); holes are fine. */
int unmap_locked(struct mm *mm, unsigned long start, unsigned long end);

/* mm->lock held for writing: promise zeroed memory in the free range [start, end). */
int map_locked(struct mm *mm, unsigned long start, unsigned long end, unsigned int prot,
	unsigned int flags);

/* The page-aligned end of a user range; false: it does not fit below mm->limit. */
bool map_range_end(
	const struct mm *mm, unsigned long start, size_t length, unsigned long *end);

/* A promise of `length` writable bytes that could never be kept: more than all RAM. */
bool map_exceeds_memory(size_t length);

/* mm->lock held for reading, the VMA there allows the access: back `address`. */
int anon_fault(struct mm *mm, const struct vma *vma, unsigned long address);
