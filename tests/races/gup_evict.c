/*
 * tests/races/gup_evict.c - a clean page of a file is pinned while it is reclaimed.
 *
 * It would come again from its source: as another page. Who has pinned the old one would
 * not see what is written to the file from then on. So reclaim looks who has it when no
 * entry leads to it any more; and a walker that comes later finds no entry.
 */
#include "mm/space/gup.h"
#include "tests/races/clean_file.h"

static struct page *held;

static void setup(void)
{
	held = NULL;
	make_clean();
}

static void pin(void)
{
	mm_use(mm);
	if (!gup_fast(RACE_AT, 1, FOLL_PIN, &held))
		held = NULL;
	mm_use(NULL);
}

static void check(void)
{
	struct page *page = object_find_page(object, 0);

	RACE_CLAIM(!held || page == held, "what is pinned is not the file's any more");
	if (page)
		page_put(page);
}

static void end(void)
{
	if (held)
		gup_unpin(&held, 1);
	teardown();
}

RACE(gup_evict) = {
	.name = "gup_evict",
	.story = "a clean page of a file is pinned while it is reclaimed",
	.setup = setup,
	.actor = {pin, reclaim},
	.check = check,
	.teardown = end,
	.script = "1@unhook 0 1",
	.sweeps = "flush reader",
	.cells =
		(const struct race_cell[]){
			{"mutant=reclaim_page_held", RACE_DAMAGED,
				"it was looked for too early"},
			{"", RACE_HARMLESS, "reclaim sees the pin"},
			{},
		},
};
