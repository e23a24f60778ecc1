/*
 * tests/races/huge_truncate.c - a block of a memory object is touched while a part of it
 * is cut off.
 *
 * As fault_resize.c, a level higher: the fault has found the block, which is taken away
 * from all who have it mapped, and then becomes pages, or stays and loses its end. A leaf
 * that is made after that would show for ever what is not the object's any more.
 */
#include "kernel/base/errno.h"
#include "mm/space/object.h"
#include "tests/races/help.h"

#define CUT (RACE_AT + PAGE_SIZE)

static struct mm *mm;
static struct object *object;

static void setup(void)
{
	struct page *head;

	object = object_create(HUGE_SIZE);
	mm = race_mm_showing(object);
	head = object_block(object, 0, true, 0);
	RACE_CLAIM(head, "the setup has a block");
	if (head)
		page_put(head);
}

static void touch(void)
{
	int err = mm_fault(mm, CUT, ACCESS_WRITE);

	RACE_CLAIM(!err || err == -EIO, "it may be written, or is beyond the end");
}

static void truncate(void)
{
	RACE_CLAIM(!object_resize(object, PAGE_SIZE), "it is cut off");
}

static void check(void)
{
	struct page *mapped = race_page(mm, RACE_AT);
	struct page *page = object_find_page(object, 0);

	RACE_CLAIM(!race_page(mm, CUT), "what was cut off is mapped");
	RACE_CLAIM(!mapped || mapped == page, "what is mapped is not the object's");
	if (page)
		page_put(page_head(page));
}

static void teardown(void)
{
	mm_put(mm);
	object_put(object);
}

RACE(huge_truncate) = {
	.name = "huge_truncate",
	.story = "a block of an object is touched while a part of it is cut off",
	.setup = setup,
	.actor = {touch, truncate},
	.check = check,
	.teardown = teardown,
	.script = "0@huge_install 1 0",
	.sweeps = "flush machine=C,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"mutant=block_recheck machine=C,x86_64", RACE_DAMAGED,
				"a leaf is made, and nobody looks again"},
			{"", RACE_HARMLESS, "the fault looks again"},
			{},
		},
};
