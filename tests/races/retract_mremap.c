/*
 * tests/races/retract_mremap.c - mremap() moves what a table maps while the table is
 * retracted. Number Z22 of the zoo: CVE-2024-50066.
 *
 * There mremap() had seen a table, which it moved after another process had taken it away
 * through the object's reverse map: it made a table of nothing. Here who takes a table
 * away has the mm to itself, as mremap() has.
 */
#include "mm/huge/collapse.h"
#include "mm/space/object.h"
#include "tests/races/help.h"

#define FAR (RACE_AT + 8 * HUGE_SIZE)

static struct mm *mm;
static struct object *object;

static void setup(void)
{
	struct page *head;

	object = object_create(HUGE_SIZE);
	mm = race_mm_showing(object);
	head = object_block(object, 0, true, 0);
	RACE_CLAIM(head && !mm_advise_huge(mm, RACE_AT, HUGE_SIZE, false) &&
			   !mm_fault(mm, RACE_AT, ACCESS_WRITE) &&
			   !mm_advise_huge(mm, RACE_AT, HUGE_SIZE, true),
		"the setup has a block, and a table that maps of it one page");
	if (head)
		page_put(head);
}

/* To where it takes a table of its own. */
static void move(void)
{
	unsigned long to = FAR + PAGE_SIZE;

	RACE_CLAIM(!mm_remap(mm, RACE_AT, HUGE_SIZE, HUGE_SIZE,
			   MM_REMAP_MAYMOVE | MM_REMAP_FIXED, &to),
		"it moves");
}

static void retract(void)
{
	object_retract(object, 0);
}

static void check(void)
{
	struct page *mapped = race_page(mm, FAR + PAGE_SIZE);
	struct page *head = object_block(object, 0, false, 0);

	RACE_CLAIM(!race_page(mm, RACE_AT), "nothing is left at the old place");
	RACE_CLAIM(!mapped || mapped == head, "what is mapped is the object's");
	RACE_CLAIM(head && head->refs == 2 + !!mapped && mm_pages(mm) == !!mapped,
		"and counted");
	if (head)
		page_put(head);
}

static void teardown(void)
{
	mm_put(mm);
	object_put(object);
}

RACE(retract_mremap) = {
	.name = "retract_mremap",
	.story = "mremap() moves what a table maps while the table is retracted",
	.setup = setup,
	.actor = {move, retract},
	.check = check,
	.teardown = teardown,
	.script = "0@mremap_joined 1 0",
	.sweeps = "flush machine=C,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"", RACE_EXCLUDED, "mm"},
			{},
		},
};
