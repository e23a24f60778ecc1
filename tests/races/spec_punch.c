/*
 * tests/races/spec_punch.c - a speculative fault has found a page of a file, and not yet
 * got hold of it: it is cut out, and somebody else gets the frame.
 *
 * The frame is a page of another object then. (The race plays the part.) Who looks for
 * pages under the object's lock cannot miss that. Without the lock the frame may be
 * anybody's when it is held: so it is looked at again whether it is in its place.
 */
#include "kernel/base/errno.h"
#include "mm/space/object.h"
#include "tests/races/help.h"

static struct mm *mm;
static struct object *object, *other;
static struct page *page, *stranger;

/* The second page of the object keeps the table. */
static void setup(void)
{
	unsigned long at = RACE_AT;

	object = object_create(2 * PAGE_SIZE);
	other = object_create(PAGE_SIZE);
	mm = mm_create();
	stranger = NULL;
	RACE_CLAIM(!mm_map_object(mm, &at, 2 * PAGE_SIZE, RACE_RW, MM_FIXED | MM_SHARED,
			   object, 0) &&
			   !mm_fault(mm, RACE_AT + PAGE_SIZE, ACCESS_WRITE) &&
			   !object_page(object, 0, &page),
		"the object has two pages");
	page_put(page);
}

static void touch(void)
{
	RACE_CLAIM(!mm_fault(mm, RACE_AT, ACCESS_WRITE), "it is mapped");
}

static void punch(void)
{
	RACE_CLAIM(!object_punch(object, 0, PAGE_SIZE), "it is cut out");
	stranger = race_take_frame(page);
	if (stranger)
		atomic_store(&stranger->object, other);
}

static void check(void)
{
	RACE_CLAIM(!stranger || race_page(mm, RACE_AT) != stranger,
		"a stranger's frame is mapped");
	RACE_CLAIM(!stranger || stranger->refs == 1, "a stranger's frame is held");
}

static void teardown(void)
{
	if (stranger)
		frame_free(stranger);
	mm_put(mm);
	object_put(object);
	object_put(other);
}

RACE(spec_punch) = {
	.name = "spec_punch",
	.story = "a page that a speculative fault has found is cut out, and reused",
	.setup = setup,
	.actor = {touch, punch},
	.check = check,
	.teardown = teardown,
	.script = "0@object_found 1 0",
	.sweeps = "fault=speculative",
	.cells =
		(const struct race_cell[]){
			{"mutant=object_found_again", RACE_DAMAGED,
				"a stranger's frame is mapped"},
			{"", RACE_HARMLESS, "it is not in its place"},
			{},
		},
};
