/*
 * tests/races/rmap_fork.c - a page is taken away from all who map it, while one of them
 * forks.
 *
 * A page of a memory object, which fork shares as it is: the child may get its entry just
 * when the walk has been at the child already, and is about to take the parent's. So a
 * copy of a VMA stands behind its original in the list: who finds the original's entry
 * gone finds the child's.
 */
#include "tests/races/help.h"
#include "mm/space/object.h"
#include "mm/space/rmap.h"

static struct mm *mm, *child;
static struct object *object;
static struct page *page; /* mapped at RACE_AT, and held */

static void setup(void)
{
	object = object_create(PAGE_SIZE);
	mm = race_mm_of(object, MM_POPULATE);
	child = NULL;
	page = race_page(mm, RACE_AT);
	page_get(page);
}

static void take_away(void)
{
	(void)rmap_unmap(page);
}

static void fork_it(void)
{
	child = mm_fork(mm);
}

static void check(void)
{
	RACE_CLAIM(!page->mapped && !mm_pages(mm) && !mm_pages(child),
		"the page is still mapped");
}

static void teardown(void)
{
	page_put(page);
	mm_put(child);
	mm_put(mm);
	object_put(object);
}

RACE(rmap_fork) = {
	.name = "rmap_fork",
	.story = "a page is taken away from all who map it, beside fork()",
	.setup = setup,
	.actor = {take_away, fork_it},
	.check = check,
	.teardown = teardown,
	.script = "1@fork_joined 0@rmap_look*2 1 0",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=rmap_copy_behind", RACE_DAMAGED,
				"it was copied to where the walk had been"},
			{"", RACE_HARMLESS, "the walk comes to the copy last"},
			{},
		},
};
