/*
 * tests/races/clean_cut.c - a file is cut while a page of it is on its way to its source.
 *
 * What arrives there after the source was told the new size is taken for what was written
 * since, and is seen when the file grows again. So who cuts waits for copies that are on
 * their way, and then tells.
 */
#include "tests/races/source.h"

static u64 told; /* (a) the size that the source knows */

static int page_in(struct object *of, u64 index, void *to)
{
	return 0;
}

static int write_back(struct object *of, u64 index, void *from, size_t size)
{
	TRACE_POINT(race);
	RACE_CLAIM(size <= atomic_load(&told), "what was cut off arrives");
	return 0;
}

static void resized(struct object *of, u64 size)
{
	atomic_store(&told, size);
}

static void setup(void)
{
	static const struct object_source source = {
		.page_in = page_in, .write_back = write_back, .resized = resized};

	told = PAGE_SIZE;
	make(&source);
	RACE_CLAIM(!object_prepare(object, 0, false) && !object_prepare(object, 0, true),
		"the page is dirty");
}

static void clean(void)
{
	RACE_CLAIM(!object_write_back(object, 0, PAGE_SIZE), "it is written back");
}

static void cut(void)
{
	RACE_CLAIM(!object_resize(object, 0), "it becomes smaller");
}

RACE(clean_cut) = {
	.name = "clean_cut",
	.story = "a file is cut while a page of it is on its way to its source",
	.setup = setup,
	.actor = {clean, cut},
	.teardown = teardown,
	.script = "0@race 1@object_wait 0 1",
	.sweeps = "",
	.cells =
		(const struct race_cell[]){
			{"mutant=cut_after_flight", RACE_DAMAGED,
				"it is told of the cut too early"},
			{"", RACE_HARMLESS, "who cuts waits"},
			{},
		},
};
