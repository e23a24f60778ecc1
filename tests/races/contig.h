/*
 * tests/races/contig.h - what races of memory in one piece begin and end with: a pud
 * leaf's worth, mapped as a whole, of which two pages are the race's own.
 */
#pragma once

#include "tests/races/help.h"
#include "tests/unit/contig_help.h"

#define RACE_CONTIG (4 * CONTIG_SIZE)

static struct mm *race_contig_mm;
static struct page *race_contig_block;
static struct object *race_contig_object;
static unsigned long race_contig_at; /* where the first of the two pages shows */

static inline void race_contig(bool tracked)
{
	unsigned long at = RACE_CONTIG;

	race_contig_block = contig_block();
	race_contig_object = contig_object(race_contig_block);
	race_contig_at = at + contig_offset(race_contig_block);
	race_contig_mm = mm_create();
	RACE_CLAIM(!mm_map_object(race_contig_mm, &at, CONTIG_SIZE, RACE_RW,
			   MM_FIXED | MM_SHARED, race_contig_object, 0),
		"the setup maps");
	object_track(race_contig_object, tracked);
}

static inline bool race_contig_was_written(void)
{
	return object_was_written(
		race_contig_object, contig_offset(race_contig_block) / PAGE_SIZE);
}

/* The first page was written, and has an entry of its own for that. */
static inline void race_contig_check_written(void)
{
	struct descent at;

	descend_find(race_contig_mm, race_contig_at, &at);
	RACE_CLAIM(at.level == LEVEL_PTE && arch_pxd_allows(LEVEL_PTE, at.entry, RACE_RW),
		"the page may be written");
	RACE_CLAIM(race_contig_was_written(), "and is known for it");
}

static inline void race_contig_end(void)
{
	mm_put(race_contig_mm);
	object_put(race_contig_object);
	page_put(race_contig_block);
}
