/*
 * tests/races/collapse_pin.c - a device pins a page of a memory object, in one mm, while
 * the object's pages become one block for another.
 *
 * As gup_collapse.c, but no table is taken out: the entries go, one by one, and are
 * flushed. Who has the page by then is seen; who grabs it later finds no entry.
 */
#include "kernel/base/errno.h"
#include "mm/space/gup.h"
#include "mm/huge/collapse.h"
#include "mm/space/object.h"
#include "tests/races/help.h"

static struct mm *mm;
static struct object *object;
static struct page *held;

static void setup(void)
{
	object = object_create(HUGE_SIZE);
	mm = race_mm_showing(object);
	RACE_CLAIM(!mm_fault(mm, RACE_AT, ACCESS_WRITE), "the setup has a page mapped");
	held = NULL;
}

static void pin(void)
{
	mm_use(mm);
	if (!gup_fast(RACE_AT, 1, FOLL_PIN | FOLL_WRITE, &held))
		held = NULL;
	mm_use(NULL);
}

static void collapse(void)
{
	int err = object_collapse(object, 0, &collapse_any);

	RACE_CLAIM(!err || err == -EAGAIN, "pages become a block, or stay");
}

static void check(void)
{
	struct page *page = object_find_page(object, 0);

	RACE_CLAIM(!held || page == held, "device and object have one page");
	if (page)
		page_put(page_head(page));
	if (held)
		gup_unpin(&held, 1);
}

static void teardown(void)
{
	mm_put(mm);
	object_put(object);
}

RACE(collapse_pin) = {
	.name = "collapse_pin",
	.story = "gup_fast() beside an object's pages that become one block",
	.setup = setup,
	.actor = {pin, collapse},
	.check = check,
	.teardown = teardown,
	.script = "0@gup_read 1 0",
	.sweeps = "flush machine=C,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"", RACE_DETECTED, "no table hangs there, or the page has gone"},
			{},
		},
};
