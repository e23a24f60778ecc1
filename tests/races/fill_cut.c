/*
 * tests/races/fill_cut.c - a file is cut in the middle of a page that is being filled.
 *
 * The source does not know the new end, or is lying, and fills the whole page. Of that
 * what lies beyond the end must read as zeros. It is cleared when the source has
 * answered, under the lock that orders it with the cut.
 */
#include "tests/races/source.h"

static int page_in(struct object *of, u64 index, void *to)
{
	WRITE_ONCE(((u64 *)to)[WORD], OLD);
	return 0;
}

static const struct object_source source = {.page_in = page_in};

static void setup(void)
{
	make(&source);
}

static void touch(void)
{
	RACE_CLAIM(!mm_fault(mm, RACE_AT, ACCESS_READ), "it is touched");
}

static void cut(void)
{
	RACE_CLAIM(!object_resize(object, SHORT), "it becomes smaller");
}

static void check(void)
{
	u64 word;

	RACE_CLAIM(peek(&word) && !word, "what is beyond the end is seen");
}

RACE(fill_cut) = {
	.name = "fill_cut",
	.story = "a file is cut in the middle of a page that is being filled",
	.setup = setup,
	.actor = {touch, cut},
	.check = check,
	.teardown = teardown,
	.script = "0@object_fill 1 0",
	.sweeps = "",
	.cells =
		(const struct race_cell[]){
			{"mutant=fill_tail", RACE_DAMAGED, "the source's word is taken"},
			{"", RACE_HARMLESS, "the tail is cleared last"},
			{},
		},
};
