/*
 * tests/races/grow.h - what the two races of a root that grows share: a walker that asks
 * for an address above the root's end, and whoever makes the root grow.
 */
#pragma once

#include "mm/table/fold.h"
#include "mm/table/gup_fast.h"
#include "tests/races/help.h"

static struct mm *mm;
static unsigned long beyond; /* what a root that is too small would take for RACE_AT */

static void setup(void)
{
	int level;

	mm = race_mm(1, PROT_READ);
	level = fold_root_level(mm);
	beyond = RACE_AT + pxd_size(level) * pxd_entries(level);
	if (beyond < mm->limit) /* the largest of roots: just above it */
		beyond = RACE_AT + mm->limit;
}

static void walk(void)
{
	struct page *held;

	mm_use(mm);
	if (gup_fast(beyond, 1, FOLL_GET, &held)) {
		race_damaged("the page of another address", __FILE__, __LINE__);
		page_put(held);
	}
	mm_use(NULL);
}

/* Where roots do not grow it is refused. */
static void grow(void)
{
	mm_write_lock(mm);
	(void)fold_grow(mm, beyond + PAGE_SIZE);
	mm_write_unlock(mm);
}

static void teardown(void)
{
	mm_put(mm);
}
