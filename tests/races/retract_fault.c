/*
 * tests/races/retract_fault.c - a page of a memory object is touched while the table that
 * is to map it is retracted.
 *
 * The object's pages have become a block, in another process perhaps, and who did that
 * takes the table away, so that a leaf can stand there. The fault has been down to the
 * table already: what it maps there nobody would see, and nobody unmap.
 */
#include "mm/huge/collapse.h"
#include "mm/space/object.h"
#include "tests/races/help.h"

static struct mm *mm;
static struct object *object;

static void setup(void)
{
	struct page *head;

	object = object_create(HUGE_SIZE);
	mm = race_mm_showing(object);
	RACE_CLAIM(!mm_fault(mm, RACE_AT, ACCESS_WRITE) &&
			   !mm_discard(mm, RACE_AT, PAGE_SIZE) &&
			   !object_punch(object, 0, PAGE_SIZE),
		"the setup has a table");
	head = object_block(object, 0, true, 0);
	RACE_CLAIM(head, "and a block");
	if (head)
		page_put(head);
}

static void touch(void)
{
	RACE_CLAIM(!mm_fault(mm, RACE_AT, ACCESS_WRITE), "it may be written");
}

static void retract(void)
{
	object_retract(object, 0);
}

static void check(void)
{
	bool mapped = race_page(mm, RACE_AT);
	struct page *head = object_block(object, 0, false, 0);

	RACE_CLAIM(mapped == (mm_pages(mm) > 0), "what is mapped can be found");
	RACE_CLAIM(head && head->refs == 2 + mapped, "and is all that refers to it");
	if (head)
		page_put(head);
}

static void teardown(void)
{
	mm_put(mm);
	object_put(object);
}

RACE(retract_fault) = {
	.name = "retract_fault",
	.story = "a page of an object is touched while its table is retracted",
	.setup = setup,
	.actor = {touch, retract},
	.check = check,
	.teardown = teardown,
	.script = "0@object_install 1 0 1",
	.sweeps = "flush fault machine=C,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"mutant=retract_locked", RACE_DAMAGED,
				"it is mapped in a table that hangs nowhere"},
			{"mutant=retract_claims", RACE_DAMAGED,
				"so it is, or the books about claims tell"},
			{"fault=speculative", RACE_DETECTED, "mm->seq has moved"},
			{"fault=mmap", RACE_EXCLUDED, "mm"},
			{"fault=vma machine=x86_64,s390x", RACE_EXCLUDED, "vma"},
			{"fault=vma", RACE_EXCLUDED, "wait queue"},
			{},
		},
};
