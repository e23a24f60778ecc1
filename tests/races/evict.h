/*
 * tests/races/evict.h - what races share in which a clean page of a file that nobody has
 * mapped is reclaimed, and a fault finds it.
 */
#pragma once

#include "tests/races/clean_file.h"

static void unmapped(void)
{
	make_clean();
	RACE_CLAIM(!mm_discard(mm, RACE_AT, PAGE_SIZE), "nobody has it mapped");
}

static void read_fault(void)
{
	RACE_CLAIM(!mm_fault(mm, RACE_AT, ACCESS_READ), "it is mapped");
}

static void is_the_files(void)
{
	struct page *mapped = race_page(mm, RACE_AT), *page;

	page = object_find_page(object, 0);
	RACE_CLAIM(
		!mapped || mapped == page, "what is mapped is not the file's any more");
	if (page)
		page_put(page);
}
