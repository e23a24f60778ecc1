/*
 * tests/races/retract_cow.c - a private mapping of a memory object makes its first copy
 * of a page while the table that it is to stand in is retracted.
 *
 * As long as a private mapping has no copies, all that its tables map can be had again,
 * and one of them may go, so that a leaf can stand there. Who writes to it, with the lock
 * for reading, has the only page with what was written.
 */
#include "mm/huge/collapse.h"
#include "mm/space/object.h"
#include "tests/races/help.h"

static struct mm *mm;
static struct object *object;

static void setup(void)
{
	unsigned long at = RACE_AT;

	object = object_create(HUGE_SIZE);
	mm = mm_create();
	RACE_CLAIM(!mm_map_object(mm, &at, HUGE_SIZE, RACE_RW, MM_FIXED, object, 0) &&
			   !mm_fault(mm, RACE_AT, ACCESS_READ),
		"the setup has a table");
}

static void write(void)
{
	RACE_CLAIM(!mm_fault(mm, RACE_AT, ACCESS_WRITE), "it may be written");
}

static void retract(void)
{
	object_retract(object, 0);
}

static void check(void)
{
	const struct page *page = race_page(mm, RACE_AT);

	RACE_CLAIM(page && page->type == PAGE_ANON, "what was written is there");
	RACE_CLAIM(mm_pages(mm) == 1, "and nothing else");
}

static void teardown(void)
{
	mm_put(mm);
	object_put(object);
}

RACE(retract_cow) = {
	.name = "retract_cow",
	.story = "a private mapping of an object makes its first copy, and its table is "
		 "retracted",
	.setup = setup,
	.actor = {write, retract},
	.check = check,
	.teardown = teardown,
	.script = "0@cow_replace 1 0 1",
	.sweeps = "flush machine=C,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"mutant=retract_private", RACE_DAMAGED,
				"the copy goes with the table"},
			{"", RACE_EXCLUDED, "mm"},
			{},
		},
};
