/*
 * tests/races/contig_split.c - a pud leaf is split for a write, and brought back by a
 * read before the writer has gone down.
 *
 * What is split is gone, so any fault may map it anew, as large as before. The writer,
 * on its way to its own entry, finds the leaf again, and splits it again.
 */
#include "tests/races/contig.h"

static void setup(void)
{
	race_contig(true);
	RACE_CLAIM(
		!mm_fault(race_contig_mm, race_contig_at, ACCESS_READ), "it is mapped");
}

static void write_page(void)
{
	RACE_CLAIM(!mm_fault(race_contig_mm, race_contig_at, ACCESS_WRITE), "it may");
}

static void read_page(void)
{
	RACE_CLAIM(!mm_fault(race_contig_mm, race_contig_at + PAGE_SIZE, ACCESS_READ),
		"it may be read");
}

static void check(void)
{
	race_contig_check_written();
}

RACE(contig_split) = {
	.name = "contig_split",
	.story = "a device's leaf that is split, beside a fault that brings it back",
	.setup = setup,
	.actor = {write_page, read_page},
	.check = check,
	.teardown = race_contig_end,
	.script = "0@contig_refused 1 0",
	.sweeps = "machine=C,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"mutant=descend_leaf machine=C,x86_64", RACE_DAMAGED,
				"data is taken for entries"},
			{"mutant=descend_leaf", RACE_HARMLESS, "there are no leaves"},
			{"", RACE_HARMLESS, "it is split again"},
			{},
		},
};
