/*
 * tests/races/clean_file.h - what races share in which a clean page of a file is
 * reclaimed: its source has OLD, and the page is mapped.
 */
#pragma once

#include "mm/space/internal.h"
#include "tests/races/source.h"

static int page_in(struct object *of, u64 index, void *to)
{
	((u64 *)to)[WORD] = OLD;
	return 0;
}

static int write_back(struct object *of, u64 index, void *from, size_t size)
{
	return 0;
}

static void make_clean(void)
{
	static const struct object_source source = {
		.page_in = page_in, .write_back = write_back};

	make(&source);
	RACE_CLAIM(!mm_fault(mm, RACE_AT, ACCESS_READ), "the page is mapped");
}

/* As an allocation does it that finds no memory: whatever locks of mms are held. */
static void reclaim(void)
{
	(void)object_reclaim(object, 0, 1);
}
