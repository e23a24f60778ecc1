/*
 * tests/races/write_cut.c - a memory file is written while it is truncated within the
 * page.
 *
 * write() has seen that its bytes lie within the file, and has the page. The end comes
 * nearer, and what is left of the page is cleared. Put there now, the bytes would be
 * beyond the end, and be seen when the file grows again.
 */
#include "kernel/base/errno.h"
#include "mm/space/object.h"
#include "tests/races/race.h"
#include "kernel/base/trace.h"

#define PLACE 64

static struct object *object;

static void setup(void)
{
	object = object_create(PAGE_SIZE);
	RACE_CLAIM(!object_allocate(object, 0, PAGE_SIZE), "the setup has a page");
}

static void write_file(void)
{
	u64 word = 7;
	ssize_t done = object_write(object, PLACE, &word, sizeof(word));

	RACE_CLAIM(done == sizeof(word) || !done, "it is written, or beyond the end");
}

static void truncate(void)
{
	RACE_CLAIM(!object_resize(object, PLACE), "it is cut off");
}

static void check(void)
{
	u64 word = 0;

	RACE_CLAIM(
		!object_resize(object, PAGE_SIZE) &&
			object_read(object, PLACE, &word, sizeof(word)) == sizeof(word),
		"it grows again");
	RACE_CLAIM(!word, "what was cut off is seen");
}

static void teardown(void)
{
	object_put(object);
}

RACE(write_cut) = {
	.name = "write_cut",
	.story = "a file is written while it is truncated within the page",
	.setup = setup,
	.actor = {write_file, truncate},
	.check = check,
	.teardown = teardown,
	.script = "0@object_write 1 0",
	.sweeps = "",
	.cells =
		(const struct race_cell[]){
			{"mutant=write_limit", RACE_DAMAGED, "it is beyond the end"},
			{"", RACE_HARMLESS, "it looks where the end is, once more"},
			{},
		},
};
