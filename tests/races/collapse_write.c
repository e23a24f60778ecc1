/*
 * tests/races/collapse_write.c - a memory file is written while its pages become one
 * block.
 *
 * Whoever has got a page before is seen, and nothing is collapsed. But from then on
 * nobody may get one: its bytes would be copied already, and what is written to it be
 * lost with it. On the simulated machine only: no lock is waited for, but an event, of
 * which scripts in the guests do not know who brings it about.
 */
#include "kernel/base/errno.h"
#include "mm/huge/collapse.h"
#include "mm/space/object.h"
#include "tests/races/help.h"

static struct object *object;

static void setup(void)
{
	object = object_create(HUGE_SIZE);
	RACE_CLAIM(!object_allocate(object, 0, PAGE_SIZE), "the setup has a page");
}

static void write_file(void)
{
	u64 word = 7;
	ssize_t done;

	while ((done = object_write(object, 8, &word, sizeof(word))) == -EAGAIN)
		RACE_CLAIM(!object_prepare(object, 0, true), "it may be written");
	RACE_CLAIM(done == sizeof(word), "it is written");
}

static void collapse(void)
{
	int err = object_collapse(object, 0, &collapse_any);

	RACE_CLAIM(!err || err == -EAGAIN, "pages become a block, or stay");
}

static void check(void)
{
	u64 word = 0;

	RACE_CLAIM(object_read(object, 8, &word, sizeof(word)) == sizeof(word),
		"it is read");
	RACE_CLAIM(word == 7, "what was written is lost");
}

static void teardown(void)
{
	object_put(object);
}

RACE(collapse_write) = {
	.name = "collapse_write",
	.story = "a memory file is written while its pages become one block",
	.setup = setup,
	.actor = {write_file, collapse},
	.check = check,
	.teardown = teardown,
	.script = "1@object_copied 0 1",
	.sweeps = "machine=C",
	.cells =
		(const struct race_cell[]){
			{"mutant=object_frozen", RACE_DAMAGED, "it goes to the old page"},
			{"", RACE_EXCLUDED, "wait queue"},
			{},
		},
};
