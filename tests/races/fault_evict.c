/*
 * tests/races/fault_evict.c - a clean page of a file is mapped while it is reclaimed.
 *
 * Truncate takes a page out of its object first, and then from those who map it: a fault
 * that has found it looks there again (fault_resize). Reclaim cannot do it in this order,
 * since it knows only in the end whether the page may go. So a fault may map the page
 * when reclaim has been there: it has a reference, which reclaim sees.
 */
#include "tests/races/clean_file.h"

static void setup(void)
{
	make_clean();
	RACE_CLAIM(!mm_discard(mm, RACE_AT, PAGE_SIZE), "nobody has it mapped");
}

static void fault(void)
{
	RACE_CLAIM(!mm_fault(mm, RACE_AT, ACCESS_READ), "it is mapped");
}

static void check(void)
{
	struct page *mapped = race_page(mm, RACE_AT), *page;

	page = object_find_page(object, 0);
	RACE_CLAIM(
		!mapped || mapped == page, "what is mapped is not the file's any more");
	if (page)
		page_put(page);
}

RACE(fault_evict) = {
	.name = "fault_evict",
	.story = "a clean page of a file is mapped while it is reclaimed",
	.setup = setup,
	.actor = {fault, reclaim},
	.check = check,
	.teardown = teardown,
	.script = "1@reclaim 0 1",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=reclaim_page_held", RACE_DAMAGED,
				"it was looked for too early"},
			{"mutant=object_recheck", RACE_HARMLESS,
				"reclaim sees the reference"},
			{"", RACE_HARMLESS, "reclaim sees the reference"},
			{},
		},
};
