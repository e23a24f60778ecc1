/*
 * tests/races/two_touches.h - two threads touch one page for the first time, and one of
 * them writes to it. The race says what is there before.
 *
 * Both have found the entry empty and made a frame. The second to get mm->table_lock
 * looks again, finds the first one's frame, and gives its own back. Without that look it
 * would replace the frame, and what the first thread has written there would be lost.
 */
#pragma once

#include "arch/contract/uaccess.h"
#include "tests/races/help.h"

static struct mm *mm;

static void touch(void)
{
	RACE_CLAIM(!mm_fault(mm, RACE_AT, ACCESS_WRITE), "it may be written");
}

static void touch_and_write(void)
{
	u64 word = 7;

	touch();
	mm_use(mm);
	RACE_CLAIM(!arch_copy_to_user(RACE_AT, &word, sizeof(word)), "and is written");
	mm_use(NULL);
}

static void check(void)
{
	struct page *page = race_page(mm, RACE_AT);

	RACE_CLAIM(page && page->refs == 1 && mm_pages(mm) == 1, "one page is mapped");
	RACE_CLAIM(page && *(u64 *)page_address(page) == 7, "what was written is there");
}

static void teardown(void)
{
	mm_put(mm);
}
