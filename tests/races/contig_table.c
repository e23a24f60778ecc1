/*
 * tests/races/contig_table.c - a read that has found nothing, and is going to map a pud
 * leaf, beside a write that puts a table there: contig_pud.c the other way round.
 *
 * Without a second look, under the lock, the leaf would take the place of the table, and
 * of the entry by which the page may be written.
 */
#include "tests/races/contig.h"

static void setup(void)
{
	race_contig(true);
}

static void read_page(void)
{
	RACE_CLAIM(!mm_fault(race_contig_mm, race_contig_at + PAGE_SIZE, ACCESS_READ),
		"it may be read");
}

static void write_page(void)
{
	RACE_CLAIM(!mm_fault(race_contig_mm, race_contig_at, ACCESS_WRITE), "it may");
}

static void check(void)
{
	race_contig_check_written();
}

RACE(contig_table) = {
	.name = "contig_table",
	.story = "a read that maps a pud leaf, beside a write that makes a table there",
	.setup = setup,
	.actor = {read_page, write_page},
	.check = check,
	.teardown = race_contig_end,
	.script = "0@contig_install 1 0",
	.sweeps = "machine=C,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"mutant=contig_recheck machine=C,x86_64", RACE_DAMAGED,
				"a table is lost"},
			{"mutant=contig_recheck", RACE_HARMLESS, "there are no leaves"},
			{"", RACE_HARMLESS, "it looks again"},
			{},
		},
};
