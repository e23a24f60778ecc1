/*
 * tests/races/spec_fill.c - a speculative fault finds a page that its source is filling.
 *
 * Under the object's lock such a page is not found; without it, it is, and left to those
 * who wait for it. The race: it is what fill_fill is for faults that keep something.
 */
#include "tests/races/source.h"

static int page_in(struct object *of, u64 index, void *to)
{
	atomic_add(&asked, 1);
	WRITE_ONCE(((u64 *)to)[WORD], OLD);
	return 0;
}

static const struct object_source source = {.page_in = page_in};

/* A page of the mm's own keeps the table. */
static void setup(void)
{
	unsigned long at = RACE_AT + PAGE_SIZE;

	make(&source);
	RACE_CLAIM(
		!mm_map(mm, &at, PAGE_SIZE, RACE_RW, MM_FIXED | MM_POPULATE), "a table");
}

static void read_word(void)
{
	u64 word = 0;

	mm_use(mm);
	RACE_CLAIM(
		!arch_copy_from_user(&word, RACE_AT + WORD * sizeof(word), sizeof(word)),
		"it is read");
	mm_use(NULL);
	RACE_CLAIM(word == OLD, "a page was seen before its source had filled it");
}

static void fill(void)
{
	RACE_CLAIM(!object_fill(object, 0), "it can be filled");
}

static void check(void)
{
	RACE_CLAIM(asked == 1, "the source was asked twice");
}

RACE(spec_fill) = {
	.name = "spec_fill",
	.story = "a speculative fault finds a page that its source is filling",
	.setup = setup,
	.actor = {read_word, fill},
	.check = check,
	.teardown = teardown,
	.script = "1@object_fill 0@object_wait 1 0",
	.sweeps = "fault=speculative",
	.cells =
		(const struct race_cell[]){
			{"mutant=found_filled", RACE_DAMAGED, "it is mapped half full"},
			{"", RACE_HARMLESS, "it waits for the page-in"},
			{},
		},
};
