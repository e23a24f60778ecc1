/*
 * tests/races/gup_truncate.c - a page is pinned for long while it is cut off of its file.
 *
 * Whether that is allowed, the fast path asks the object that the page belongs to. That
 * pointer becomes NULL when the page is cut off, before anybody is told: also between a
 * look whether it is NULL and the use of it. So it is read once.
 */
#include "tests/races/help.h"
#include "kernel/base/trace.h"
#include "mm/space/gup.h"
#include "mm/space/object.h"

static struct mm *mm;
static struct object *object;

static void setup(void)
{
	object = object_create(PAGE_SIZE);
	mm = race_mm_of(object, 0);
	RACE_CLAIM(!mm_fault(mm, RACE_AT, ACCESS_WRITE), "the setup writes");
}

static void pin(void)
{
	struct page *held;

	mm_use(mm);
	if (gup_fast(RACE_AT, 1, FOLL_PIN | FOLL_WRITE | FOLL_LONGTERM, &held))
		gup_unpin(&held, 1);
	mm_use(NULL);
}

static void cut(void)
{
	RACE_CLAIM(!object_resize(object, 0), "it becomes smaller");
}

static void teardown(void)
{
	mm_put(mm);
	object_put(object);
}

RACE(gup_truncate) = {
	.name = "gup_truncate",
	.story = "a page is pinned for long while it is cut off of its file",
	.setup = setup,
	.actor = {pin, cut},
	.teardown = teardown,
	.script = "0@gup_object 1 0",
	.sweeps = "flush reader",
	.cells =
		(const struct race_cell[]){
			{"mutant=gup_object_once", RACE_DAMAGED, "NULL is followed"},
			{"flush=ipi reader=irq,both", RACE_EXCLUDED, "cross-call"},
			{"", RACE_HARMLESS, "it is read once, and held"},
			{},
		},
};
