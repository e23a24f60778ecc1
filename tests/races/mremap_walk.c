/*
 * tests/races/mremap_walk.c - a page is taken away from all who map it, while mremap()
 * moves the entry from where the walk has not been yet to where it has been.
 *
 * The new place becomes part of a VMA that has long been in the object's list, before the
 * old one. The walk finds it empty; if the entry came there now, it would find the old
 * one empty as well. So entries move with the list locked.
 */
#include "tests/races/help.h"
#include "mm/space/object.h"
#include "mm/space/rmap.h"
#include "mm/space/vma.h"

#define NEW_AT (RACE_AT + PAGE_SIZE)
#define OLD_AT (RACE_AT + 4 * PAGE_SIZE)

static struct mm *mm;
static struct object *object;
static struct page *page; /* the second one of the object, mapped at OLD_AT, and held */

static void map(unsigned long at, u64 offset, unsigned int flags)
{
	RACE_CLAIM(!mm_map_object(mm, &at, PAGE_SIZE, RACE_RW,
			   MM_FIXED | MM_SHARED | flags, object, offset),
		"the setup maps");
}

static void setup(void)
{
	object = object_create(2 * PAGE_SIZE);
	mm = mm_create();
	map(RACE_AT, 0, 0);
	map(OLD_AT, PAGE_SIZE, MM_POPULATE);
	page = race_page(mm, OLD_AT);
	page_get(page);
}

static void take_away(void)
{
	(void)rmap_unmap(page);
}

static void move(void)
{
	unsigned long to = NEW_AT;

	RACE_CLAIM(!mm_remap(mm, OLD_AT, PAGE_SIZE, PAGE_SIZE,
			   MM_REMAP_MAYMOVE | MM_REMAP_FIXED, &to),
		"it moves");
}

static void check(void)
{
	RACE_CLAIM(!page->mapped && !mm_pages(mm), "the page is still mapped");
	RACE_CLAIM(mm->vmas->count == 1, "the two are not one VMA");
}

static void teardown(void)
{
	page_put(page);
	mm_put(mm);
	object_put(object);
}

RACE(mremap_walk) = {
	.name = "mremap_walk",
	.story = "a page is taken away from all who map it, beside mremap()",
	.setup = setup,
	.actor = {take_away, move},
	.check = check,
	.teardown = teardown,
	.script = "1@mremap_joined 0@rmap_look*2 1 0",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=move_locked", RACE_DAMAGED,
				"it moved to where the walk had been"},
			{"", RACE_EXCLUDED, "rmap"},
			{},
		},
};
