/*
 * tests/races/fault_resize.c - a page of a memory object is touched while it is cut off.
 *
 * The fault has found the page in the object. Before it is mapped, the object becomes
 * smaller, and whoever has the page mapped loses it: this mm has not yet. Mapped then, it
 * would stay, with what was cut off, for ever. So the page says whose it is no more
 * before anybody looks for its mappings, and the fault looks there under the table lock.
 */
#include "tests/races/help.h"
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "mm/space/object.h"

static struct mm *mm;
static struct object *object;

static void setup(void)
{
	object = object_create(PAGE_SIZE);
	mm = race_mm_of(object, 0);
}

static void touch(void)
{
	int error = mm_fault(mm, RACE_AT, ACCESS_WRITE);

	RACE_CLAIM(!error || error == -EIO, "it is written, or beyond the end");
}

static void cut(void)
{
	RACE_CLAIM(!object_resize(object, 0), "it becomes smaller");
}

static void check(void)
{
	RACE_CLAIM(
		!race_page(mm, RACE_AT) && !mm_pages(mm), "what was cut off is mapped");
}

static void teardown(void)
{
	mm_put(mm);
	object_put(object);
}

RACE(fault_resize) = {
	.name = "fault_resize",
	.story = "a page of an object is touched while it is cut off",
	.setup = setup,
	.actor = {touch, cut},
	.check = check,
	.teardown = teardown,
	.script = "0@object_install 1 0",
	.sweeps = "flush fault",
	.cells =
		(const struct race_cell[]){
			{"mutant=object_recheck", RACE_DAMAGED,
				"it is mapped, and nobody looks again"},
			{"", RACE_HARMLESS, "the fault looks again"},
			{},
		},
};
