/*
 * tests/races/stranger.h - what races share in which a walker must not end up with a
 * stranger's frame: a page at RACE_AT, and somebody who gets its frame as soon as it is
 * free. The race itself adds who takes the page away.
 */
#pragma once

#include "mm/table/gup_fast.h"
#include "tests/races/help.h"

static struct mm *mm;
static struct page *page; /* mapped at RACE_AT */
static struct page *stranger;

/* A second page keeps the table. */
static void setup(void)
{
	mm = race_mm(2, PROT_READ);
	page = race_page(mm, RACE_AT);
	stranger = NULL;
}

static void walk(void)
{
	struct page *held;

	mm_use(mm);
	if (gup_fast(RACE_AT, 1, FOLL_GET, &held)) {
		RACE_CLAIM(held == page, "the walker found another page");
		RACE_CLAIM(held != stranger, "the walker holds a stranger's frame");
		page_put(held);
	}
	mm_use(NULL);
}

/* After the page was taken away. */
static void give_to_stranger(void)
{
	stranger = race_take_frame(page);
}

static void check(void)
{
	RACE_CLAIM(!stranger || stranger->refs == 1, "the stranger's frame is held");
}

static void teardown(void)
{
	if (stranger)
		frame_free(stranger);
	mm_put(mm);
}
