/*
 * tests/races/spec_frozen.c - a page of a memory file is found without a lock, and
 * written, while the file's pages become one block.
 *
 * That part of the file is frozen: its pages have been copied, and nobody gets one. A
 * speculative fault looks for its page without the lock under which that is said, and so
 * it asks after it holds the page. On the simulated machine only, as collapse_write.
 */
#include "kernel/base/errno.h"
#include "kernel/sched/rcu.h"
#include "mm/huge/collapse.h"
#include "mm/space/object.h"
#include "tests/races/help.h"

#define WORD 1 /* of the page */

static struct object *object;

static void setup(void)
{
	object = object_create(HUGE_SIZE);
	RACE_CLAIM(!object_allocate(object, 0, PAGE_SIZE), "the setup has a page");
}

/* What a fault does with the object, first speculatively; and what it is for. */
static void write_page(void)
{
	struct page *page;

	rcu_read_lock();
	page = object_find_page_rcu(object, 0);
	rcu_read_unlock();
	if (page && !object_keeps(object, page, 0, 1)) { /* as commit asks */
		page_put(page);
		page = NULL;
	}
	while (!page && object_page(object, 0, &page) == -EAGAIN)
		RACE_CLAIM(!object_prepare(object, 0, true), "it may be written");
	WRITE_ONCE(((u64 *)page_address(page))[WORD], 7);
	page_put(page_head(page));
}

static void collapse(void)
{
	int err = object_collapse(object, 0, &collapse_any);

	RACE_CLAIM(!err || err == -EAGAIN, "pages become a block, or stay");
}

static void check(void)
{
	u64 word = 0;

	RACE_CLAIM(object_read(object, WORD * sizeof(word), &word, sizeof(word)) ==
			   sizeof(word),
		"it is read");
	RACE_CLAIM(word == 7, "what was written is lost");
}

static void teardown(void)
{
	object_put(object);
}

RACE(spec_frozen) = {
	.name = "spec_frozen",
	.story = "a page of a file is found without a lock while its pages become one "
		 "block",
	.setup = setup,
	.actor = {write_page, collapse},
	.check = check,
	.teardown = teardown,
	.script = "1@object_copied 0 1",
	.sweeps = "machine=C",
	.cells =
		(const struct race_cell[]){
			{"mutant=found_thawed", RACE_DAMAGED, "it goes to the old page"},
			{"", RACE_EXCLUDED, "wait queue"},
			{},
		},
};
