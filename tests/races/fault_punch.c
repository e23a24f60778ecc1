/*
 * tests/races/fault_punch.c - a page of a memory object is touched while a hole is made.
 *
 * As in fault_resize.c the fault has found the page before it is cut off, and would map
 * it when nobody looks for its mappings any more. But here the object goes on: a store
 * through that mapping would be to a page that nobody else sees, beside the new one.
 */
#include "tests/races/help.h"
#include "kernel/base/trace.h"
#include "mm/space/object.h"

static struct mm *mm;
static struct object *object;

static void setup(void)
{
	object = object_create(PAGE_SIZE);
	mm = race_mm_of(object, 0);
	RACE_CLAIM(!object_allocate(object, 0, PAGE_SIZE), "the setup has a page");
}

static void touch(void)
{
	RACE_CLAIM(!mm_fault(mm, RACE_AT, ACCESS_WRITE), "it may be written");
}

static void punch(void)
{
	RACE_CLAIM(!object_punch(object, 0, PAGE_SIZE), "a hole is made");
}

static void check(void)
{
	struct page *mapped = race_page(mm, RACE_AT);
	struct page *page = object_find_page(object, 0);

	RACE_CLAIM(!mapped || mapped == page, "what is mapped is not the object's");
	if (page)
		page_put(page);
}

static void teardown(void)
{
	mm_put(mm);
	object_put(object);
}

RACE(fault_punch) = {
	.name = "fault_punch",
	.story = "a page of an object is touched while a hole is made there",
	.setup = setup,
	.actor = {touch, punch},
	.check = check,
	.teardown = teardown,
	.script = "0@object_install 1 0",
	.sweeps = "flush fault",
	.cells =
		(const struct race_cell[]){
			{"mutant=object_recheck,object_cut_first", RACE_DAMAGED,
				"it is mapped, and nobody looks again"},
			{"", RACE_HARMLESS,
				"the fault looks again, and finds a new page"},
			{},
		},
};
