/*
 * tests/races/contig_pud.c - a write that may not have a pud leaf, beside a read that
 * makes one. Number Z20 of the zoo.
 *
 * The memory is tracked. So the writer is refused a leaf and goes down, to make a table
 * where it has seen nothing; meanwhile the reader maps all of it by a leaf. "Something is
 * there" does not tell which: Linux's writer went on inside of the leaf, in the device's
 * data. And the reader, which has seen nothing either, must not put its leaf over the
 * writer's table.
 */
#include "arch/contract/uaccess.h"
#include "tests/races/contig.h"

static void setup(void)
{
	race_contig(true);
}

static void write_page(void)
{
	u64 word = 7;

	RACE_CLAIM(!mm_fault(race_contig_mm, race_contig_at, ACCESS_WRITE), "it may");
	mm_use(race_contig_mm);
	RACE_CLAIM(
		!arch_copy_to_user(race_contig_at, &word, sizeof(word)), "it is written");
	mm_use(NULL);
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

RACE(contig_pud) = {
	.name = "contig_pud",
	.story = "a write that is refused a pud leaf, beside a read that maps one",
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
			{"", RACE_HARMLESS, "whoever is second looks again"},
			{},
		},
};
