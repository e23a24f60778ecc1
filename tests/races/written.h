/*
 * tests/races/written.h - what races share in which a page is written back: whose source
 * keeps the last word that it was given, and a page that is dirty to begin with. However
 * it ends, what was written last is not lost: the source has it, or the page is dirty.
 */
#pragma once

#include "tests/races/source.h"

static u64 stored;        /* (a) what the source has */
static struct page *page; /* (c) */

static int page_in(struct object *of, u64 index, void *to)
{
	return 0;
}

static int write_back(struct object *of, u64 index, void *from, size_t size)
{
	u64 word = ((const u64 *)from)[WORD];

	TRACE_POINT(race);
	atomic_store(&stored, word);
	return 0;
}

static void setup(void)
{
	static const struct object_source source = {
		.page_in = page_in, .write_back = write_back};

	stored = 0;
	make(&source);
	RACE_CLAIM(!object_prepare(object, 0, false) && !object_prepare(object, 0, true),
		"the page is dirty");
	page = object_find_page(object, 0);
	page_put(page); /* the object keeps it */
}

static void clean(void)
{
	RACE_CLAIM(!object_write_back(object, 0, PAGE_SIZE), "it is written back");
}

static void check(void)
{
	u64 word = ((u64 *)page_address(page))[WORD];

	RACE_CLAIM(page->state & PAGE_DIRTY || word == stored,
		"what was written last is lost");
}

/* A user's store. */
static inline void put(u64 word)
{
	RACE_CLAIM(
		!arch_copy_to_user(RACE_AT + 8 * WORD, &word, sizeof(word)), "it writes");
}
