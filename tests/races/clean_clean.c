/*
 * tests/races/clean_clean.c - two write back the same page, which is written in between.
 *
 * The first one's copy is on its way when the page is written again. If the second sent
 * one as well, who knows which of them arrives last? So there is one at a time: the
 * second waits, and then finds the page dirty.
 */
#include "tests/races/written.h"

static void write_and_clean(void)
{
	u64 word = 2;

	while (object_write(object, 8 * WORD, &word, sizeof(word)) == -EAGAIN)
		RACE_CLAIM(!object_prepare(object, 0, true), "it may be written");
	clean();
}

RACE(clean_clean) = {
	.name = "clean_clean",
	.story = "two write back the same page, which is written in between",
	.setup = setup,
	.actor = {clean, write_and_clean},
	.check = check,
	.teardown = teardown,
	.script = "0@race 1@object_wait 0 1",
	.sweeps = "",
	.cells =
		(const struct race_cell[]){
			{"mutant=one_flight", RACE_DAMAGED,
				"the older copy arrives last"},
			{"", RACE_HARMLESS, "the second waits for the first"},
			{},
		},
};
