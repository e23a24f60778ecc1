/*
 * tests/races/pin_cut.c - a device pins a page of an object's block while another part of
 * the block is cut off.
 *
 * What is left of the block is to become single pages, each with a count of its own. The
 * pin was counted in the block's first frame: with one of those frames the device would
 * have a page that nobody knows to be pinned.
 */
#include "mm/space/gup.h"
#include "mm/space/object.h"
#include "tests/races/help.h"

static struct mm *mm;
static struct object *object;
static struct page *held;

static void setup(void)
{
	struct page *head;

	object = object_create(HUGE_SIZE);
	mm = race_mm_showing(object);
	head = object_block(object, 0, true, 0);
	RACE_CLAIM(head && !mm_fault(mm, RACE_AT + PAGE_SIZE, ACCESS_WRITE),
		"the setup has a block mapped");
	if (head)
		page_put(head);
	held = NULL;
}

static void pin(void)
{
	mm_use(mm);
	if (!gup_fast(RACE_AT + PAGE_SIZE, 1, FOLL_PIN | FOLL_WRITE, &held))
		held = NULL;
	mm_use(NULL);
}

static void cut(void)
{
	RACE_CLAIM(!object_resize(object, 2 * PAGE_SIZE), "the end is cut off");
}

static void check(void)
{
	bool pinned = held && page_maybe_pinned(page_head(held));
	struct page *page = object_find_page(object, 1);

	if (held) {
		RACE_CLAIM(page == held, "it is still the object's");
		RACE_CLAIM(pinned, "and is known to be pinned");
	}
	if (page)
		page_put(page_head(page));
	if (pinned)
		gup_unpin(&held, 1);
}

static void teardown(void)
{
	mm_put(mm);
	object_put(object);
}

RACE(pin_cut) = {
	.name = "pin_cut",
	.story =
		"gup_fast() of a page of an object's block, of which another part is cut",
	.setup = setup,
	.actor = {pin, cut},
	.check = check,
	.teardown = teardown,
	.script = "0 1",
	.sweeps = "flush machine=C,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"mutant=object_split_freeze", RACE_DAMAGED,
				"the pin is of another frame"},
			{"", RACE_HARMLESS, "what is pinned stays a block"},
			{},
		},
};
