/*
 * tests/unit/table_mm.h - a bare mm for tests of mm/table: a root of a chosen level and
 * nothing else, no VMAs, loaded nowhere.
 */
#pragma once

#include "mm/space/mm.h"
#include "mm/table/pgtable.h"

/* False, and nothing made: this machine cannot have a root of `level`. */
bool table_mm_make(struct mm *mm, int level);

/* Unmaps and frees everything; EXPECTs that nothing is lost. */
void table_mm_free(struct mm *mm);

/* Make it the running thread's address space, until it is left or freed. */
void table_mm_enter(struct mm *mm);

/* Is there a free block for a leaf of `level`? Without, the running test is skipped. */
bool table_mm_has_block(int level);

/* Map a fresh frame, or one leaf of `level`, at the address. */
struct page *table_mm_map(struct mm *mm, unsigned long address, unsigned int prot);
struct page *table_mm_map_leaf(
	struct mm *mm, int level, unsigned long address, unsigned int prot);

/* Map a leaf of `level` that no frame counts, of memory that nobody looks at. */
void table_mm_map_device(
	struct mm *mm, int level, unsigned long address, unsigned int prot);

/* Map a leaf of `level`, however large, that spans the frame of `page`, which gets no
 * reference from it: returns the address at which the page shows, for a leaf at
 * `address`. To be taken away by table_mm_unmap_around(). */
unsigned long table_mm_map_around(struct mm *mm, int level, unsigned long address,
	struct page *page, unsigned int prot);
void table_mm_unmap_around(struct mm *mm, int level, unsigned long address);

/* Remove [start, end), tables included, where nothing is mapped in [floor, ceiling). */
void table_mm_unmap(struct mm *mm, unsigned long start, unsigned long end,
	unsigned long floor, unsigned long ceiling);

/* The linked tables, root included. */
unsigned int table_mm_tables(const struct mm *mm);

/*
 * Under each fold policy that can be had: on the host all of them, in a guest the one of
 * this boot. fold_each_policy() hands `check` to `test`; fold_each_start() is for those
 * whose mms come from mm_create(): with each level that a policy can begin with.
 */
void fold_each_policy(void (*test)(void (*check)(int root)), void (*check)(int root));
void fold_each_start(void (*test)(void));

/* The simulated machine may have tables so small that only several levels of them make
 * room for the addresses of tests. */
#ifndef SIM_LEVELS_MIN
#define SIM_LEVELS_MIN 2
#endif

#define for_each_root_level(level)                                                       \
	for (int level = SIM_LEVELS_MIN - 1; level <= LEVEL_PGD; level++)
