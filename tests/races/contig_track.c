/*
 * tests/races/contig_track.c - a write beside object_track(): from when on do writes
 * leave a trace?
 *
 * From when it returns: a page that may be written then is known as one that was. The
 * flag comes first, then the mappings go. A fault that has read the flag before finds its
 * entry taken away; one that comes later knows.
 */
#include "tests/races/contig.h"

static void setup(void)
{
	race_contig(false);
}

static void write_page(void)
{
	RACE_CLAIM(!mm_fault(race_contig_mm, race_contig_at, ACCESS_WRITE), "it may");
}

static void track(void)
{
	object_track(race_contig_object, true);
}

static void check(void)
{
	struct descent at;

	descend_find(race_contig_mm, race_contig_at, &at);
	RACE_CLAIM(!pxd_leaf(at.level, at.entry) ||
			   !(arch_pxd_prot(at.level, at.entry) & PROT_WRITE) ||
			   race_contig_was_written(),
		"a page may be written, and nobody knows");
}

RACE(contig_track) = {
	.name = "contig_track",
	.story = "a first write beside object_track()",
	.setup = setup,
	.actor = {write_page, track},
	.check = check,
	.teardown = race_contig_end,
	.script = "1@contig_track 0 1",
	.sweeps = "machine=C,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"mutant=track_first", RACE_DAMAGED, "a write leaves no trace"},
			{"", RACE_HARMLESS, "the flag comes first"},
			{},
		},
};
