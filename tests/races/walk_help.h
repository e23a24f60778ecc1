/*
 * tests/races/walk_help.h - an object's block, mapped by one leaf, and a fault that
 * brings the leaf back: what the walk_* races are about. As with a device's memory, a
 * leaf that is split becomes nothing. Where the hardware has no leaves, entries map the
 * block.
 */
#pragma once

#include "mm/space/object.h"
#include "tests/races/help.h"

#define WALK_KEEPS (RACE_AT + HUGE_SIZE) /* a page here keeps the pmd table */

static struct mm *mm;
static struct object *object;

static inline void walk_setup(void)
{
	unsigned long keeps = WALK_KEEPS;
	struct page *head;

	object = object_create(HUGE_SIZE);
	mm = race_mm_showing(object);
	head = object_block(object, 0, true, 0);
	RACE_CLAIM(
		head && !mm_map(mm, &keeps, PAGE_SIZE, RACE_RW, MM_FIXED | MM_POPULATE) &&
			!mm_fault(mm, RACE_AT, ACCESS_WRITE),
		"the setup maps");
	if (head)
		page_put(head);
}

static inline void walk_teardown(void)
{
	mm_put(mm);
	object_put(object);
}

static inline void walk_touch(void)
{
	RACE_CLAIM(!mm_fault(mm, RACE_AT, ACCESS_READ), "a touch");
}

/* A walk has come to this slot, and is about to read it. */
static inline void walk_claim_table(const pxd_t *ptr)
{
	RACE_CLAIM(page_of_virt(ptr)->type == PAGE_TABLE,
		"the leaf's memory is taken for a table");
}
