/*
 * tests/races/fill_fail.c - a page-in fails when its page has long been cut off, and
 * another one stands in its place.
 *
 * Who has failed takes its page out of the object again, so that the next one asks anew.
 * But the file was cut meanwhile, has grown, and somebody else has brought the page.
 */
#include "tests/races/source.h"

/* The first time it fails. */
static int page_in(struct object *of, u64 index, void *to)
{
	u32 before = atomic_add(&asked, 1) - 1;

	TRACE_POINT(race);
	return before ? 0 : -EIO;
}

static const struct object_source source = {.page_in = page_in};
static bool brought;

static void setup(void)
{
	brought = false;
	make(&source);
}

static void ask(void)
{
	int error = object_fill(object, 0);

	RACE_CLAIM(!error || error == -EIO, "it is there, or not to be had");
}

static void cut_and_ask(void)
{
	RACE_CLAIM(!object_resize(object, 0), "it becomes smaller");
	object_grow(object, PAGE_SIZE);
	brought = !object_fill(object, 0);
}

static void check(void)
{
	u64 word;

	RACE_CLAIM(!brought || peek(&word), "the object has lost a page");
}

RACE(fill_fail) = {
	.name = "fill_fail",
	.story = "a page-in fails when another page stands in its place",
	.setup = setup,
	.actor = {ask, cut_and_ask},
	.check = check,
	.teardown = teardown,
	.script = "0@race 1 0",
	.sweeps = "",
	.cells =
		(const struct race_cell[]){
			{"mutant=fill_not_ours", RACE_DAMAGED,
				"it takes out what it has not put in"},
			{"", RACE_HARMLESS, "it looks whose the page is"},
			{},
		},
};
