/*
 * tests/races/fill_fill.c - two threads touch the same page of a file that is not in
 * memory.
 *
 * The first asks the file's source; the page is in the object meanwhile, but it has
 * nothing of what belongs there. The second finds it, and must not have it yet: it waits,
 * and nobody is asked twice.
 */
#include "tests/races/source.h"

static int page_in(struct object *of, u64 index, void *to)
{
	atomic_add(&asked, 1);
	WRITE_ONCE(((u64 *)to)[WORD], OLD);
	return 0;
}

static const struct object_source source = {.page_in = page_in};

static void setup(void)
{
	make(&source);
}

/* What a fault does with the object. */
static void touch(void)
{
	struct page *page;

	while (object_page(object, 0, &page) == -EAGAIN)
		RACE_CLAIM(!object_fill(object, 0), "it can be filled");
	RACE_CLAIM(READ_ONCE(((u64 *)page_address(page))[WORD]) == OLD,
		"a page was seen before its source had filled it");
	page_put(page);
}

static void check(void)
{
	RACE_CLAIM(asked == 1, "the source was asked twice");
}

RACE(fill_fill) = {
	.name = "fill_fill",
	.story = "two threads touch a page that its source has to fill",
	.setup = setup,
	.actor = {touch, touch},
	.check = check,
	.teardown = teardown,
	.script = "0@object_fill 1@object_wait 0 1",
	.sweeps = "",
	.cells =
		(const struct race_cell[]){
			{"mutant=fill_wait", RACE_DAMAGED, "it is mapped half full"},
			{"", RACE_HARMLESS, "the second waits for the first's page-in"},
			{},
		},
};
