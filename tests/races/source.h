/*
 * tests/races/source.h - what races share in which an object's source is asked: an object
 * of one page, mapped at RACE_AT, and a source that always says OLD. The race adds what
 * happens when it is asked.
 */
#pragma once

#include "arch/contract/uaccess.h"
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "mm/space/object.h"
#include "tests/races/help.h"

#define OLD   7
#define WORD  8    /* of the page that is looked at, in words */
#define SHORT 32UL /* a size of the object that cuts it off */

static struct mm *mm;
static struct object *object;
static u32 asked; /* (a) how often */

static void make(const struct object_source *source)
{
	asked = 0;
	object = object_create_from(PAGE_SIZE, source, NULL);
	mm = race_mm_of(object, 0);
}

/* What the object has there, if it has the page at all. */
static inline bool peek(u64 *word)
{
	struct page *page = object_find_page(object, 0);

	if (!page)
		return false;
	*word = ((u64 *)page_address(page))[WORD];
	page_put(page);
	return true;
}

static void teardown(void)
{
	mm_put(mm);
	object_put(object);
}
