/*
 * tests/races/fork_evict.c - a clean page of a file is reclaimed while a fork copies the
 * entry that maps it.
 *
 * Reclaim goes through all who may have the page mapped. The child is listed behind its
 * parent, before anything is copied: so it is met, or what was copied has a reference
 * that is seen. If it was listed in front, reclaim would still see the reference.
 */
#include "tests/races/clean_file.h"

static struct mm *child;

static void fork_it(void)
{
	child = mm_fork(mm);
	RACE_CLAIM(child, "there is memory");
}

static void check(void)
{
	struct page *page = object_find_page(object, 0);
	struct page *one = race_page(mm, RACE_AT), *two = race_page(child, RACE_AT);

	RACE_CLAIM((!one || one == page) && (!two || two == page),
		"what is mapped is not the file's any more");
	if (page)
		page_put(page);
}

static void end(void)
{
	mm_put(child);
	teardown();
}

RACE(fork_evict) = {
	.name = "fork_evict",
	.story = "a clean page of a file is reclaimed while a fork copies its entry",
	.setup = make_clean,
	.actor = {fork_it, reclaim},
	.check = check,
	.teardown = end,
	.script = "0@fork_joined 1 0",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=rmap_copy_behind", RACE_HARMLESS,
				"the entry's reference"},
			{"", RACE_HARMLESS, "the child is met, too"},
			{},
		},
};
