/*
 * tests/races/spec_object.c - a speculative fault looks for a page in an object that
 * ends.
 *
 * The fault works on a copy of the VMA, which holds nothing. munmap() takes away the last
 * mapping of the object: its memory is freed, a grace period later. So the fault asks
 * mm->seq in the read section in which it looks into the object.
 */
#include "mm/space/object.h"
#include "tests/races/first_touch.h"

/* A second page of the mm's own keeps the table. */
static void setup(void)
{
	struct object *object = object_create(PAGE_SIZE);
	unsigned long at = RACE_AT;

	first_touch_setup(2, RACE_AT);
	RACE_CLAIM(!mm_map_object(
			   mm, &at, PAGE_SIZE, RACE_RW, MM_FIXED | MM_SHARED, object, 0),
		"the setup maps");
	object_put(object);
}

static void unmap(void)
{
	RACE_CLAIM(!mm_unmap(mm, RACE_AT, PAGE_SIZE), "it is unmapped");
}

RACE(spec_object) = {
	.name = "spec_object",
	.story = "a speculative fault looks for a page in an object that ends",
	.setup = setup,
	.actor = {first_touch, unmap},
	.teardown = first_touch_teardown,
	.script = "0@spec_object 1 r 0",
	.sweeps = "fault=speculative",
	.cells =
		(const struct race_cell[]){
			{"mutant=spec_object", RACE_DAMAGED, "its memory is freed"},
			{"", RACE_DETECTED, "mm->seq has moved"},
			{},
		},
};
