/*
 * tests/races/fill_regrow.c - a file is cut in the middle of a page that is being filled,
 * and grows again before that is done.
 *
 * The source copies from what the file was before. When it answers, the file is as large
 * as ever, and nothing tells that what the page has was cut off. So who cuts takes the
 * page away from who fills it, after the source was told: what is copied from then on is
 * the new file.
 */
#include "tests/races/source.h"

static u64 told; /* (a) the size that the source knows */

static int page_in(struct object *of, u64 index, void *to)
{
	u64 word = atomic_load(&told) > 8 * WORD ? OLD : 0;

	TRACE_POINT(race);
	WRITE_ONCE(((u64 *)to)[WORD], word);
	return 0;
}

/* What was cut off stays so when it grows. */
static void resized(struct object *of, u64 size)
{
	if (size < atomic_load(&told))
		atomic_store(&told, size);
}

static const struct object_source source = {.page_in = page_in, .resized = resized};

static void setup(void)
{
	told = PAGE_SIZE;
	make(&source);
}

static void touch(void)
{
	RACE_CLAIM(!mm_fault(mm, RACE_AT, ACCESS_READ), "it is touched");
}

static void cut_and_grow(void)
{
	RACE_CLAIM(!object_resize(object, SHORT), "it becomes smaller");
	object_grow(object, PAGE_SIZE);
}

static void check(void)
{
	u64 word;

	RACE_CLAIM(peek(&word) && !word, "what was cut off is seen again");
}

RACE(fill_regrow) = {
	.name = "fill_regrow",
	.story = "a file is cut and grows again while a page of it is being filled",
	.setup = setup,
	.actor = {touch, cut_and_grow},
	.check = check,
	.teardown = teardown,
	.script = "0@race 1 0",
	.sweeps = "",
	.cells =
		(const struct race_cell[]){
			{"mutant=fill_after_cut", RACE_DAMAGED,
				"the page is of the old file"},
			{"", RACE_HARMLESS,
				"the page is nobody's, and is asked for again"},
			{},
		},
};
