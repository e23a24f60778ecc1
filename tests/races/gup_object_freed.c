/*
 * tests/races/gup_object_freed.c - a page is pinned for long while its file ends.
 *
 * The fast path holds the page, has read which object it belongs to, and is about to ask
 * that. Another thread unmaps the page: it was the last that knew of the object. The page
 * stays, being held; the object must, too, until the walker is done: it is freed by RCU.
 */
#include "tests/races/help.h"
#include "kernel/base/trace.h"
#include "mm/space/gup.h"
#include "mm/space/object.h"

static struct mm *mm;

/* A second page of the mm's own keeps the table. */
static void setup(void)
{
	struct object *object = object_create(PAGE_SIZE);
	unsigned long at = RACE_AT;

	mm = race_mm(2, RACE_RW);
	RACE_CLAIM(!mm_map_object(mm, &at, PAGE_SIZE, RACE_RW, MM_FIXED | MM_SHARED,
			   object, 0) &&
			   !mm_fault(mm, RACE_AT, ACCESS_WRITE),
		"the setup maps");
	object_put(object);
}

static void pin(void)
{
	struct page *held;

	mm_use(mm);
	if (gup_fast(RACE_AT, 1, FOLL_PIN | FOLL_WRITE | FOLL_LONGTERM, &held))
		gup_unpin(&held, 1);
	mm_use(NULL);
}

static void unmap(void)
{
	RACE_CLAIM(!mm_unmap(mm, RACE_AT, PAGE_SIZE), "it is unmapped");
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(gup_object_freed) = {
	.name = "gup_object_freed",
	.story = "a page is pinned for long while its file ends",
	.setup = setup,
	.actor = {pin, unmap},
	.teardown = teardown,
	.script = "0@gup_object 1 r 0",
	.sweeps = "flush reader",
	.cells =
		(const struct race_cell[]){
			{"flush=ipi reader=irq,both", RACE_EXCLUDED, "cross-call"},
			{"mutant=object_grace", RACE_DAMAGED, "it is freed at once"},
			{"reader=none", RACE_DAMAGED, "no section keeps it"},
			{"", RACE_EXCLUDED, "grace period"},
			{},
		},
};
