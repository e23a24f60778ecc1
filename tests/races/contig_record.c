/*
 * tests/races/contig_record.c - a write beside object_record(): is it in this record, or
 * in the next?
 *
 * A page is recorded as clean, and then nobody may write to it without a fault. The other
 * way round, a fault in between allows writing to a page that is taken for a clean one
 * from then on.
 */
#include "arch/contract/uaccess.h"
#include "tests/races/contig.h"

static u32 first_record;

static bool store(u64 word)
{
	bool done;

	mm_use(race_contig_mm);
	done = !arch_copy_to_user(race_contig_at, &word, sizeof(word));
	mm_use(NULL);
	return done;
}

static void setup(void)
{
	race_contig(true);
	RACE_CLAIM(!mm_fault(race_contig_mm, race_contig_at, ACCESS_WRITE), "it may");
}

static void record(void)
{
	u64 index = contig_offset(race_contig_block) / PAGE_SIZE;

	object_record(race_contig_object, ALIGN_DOWN(index, 32), 32, &first_record);
}

static void write_page(void)
{
	RACE_CLAIM(!mm_fault(race_contig_mm, race_contig_at, ACCESS_WRITE), "it may");
}

static void check(void)
{
	RACE_CLAIM(first_record, "the first write is recorded");
	RACE_CLAIM(
		store(1) && race_contig_was_written(), "and this one is the next time");
}

RACE(contig_record) = {
	.name = "contig_record",
	.story = "a write beside object_record()",
	.setup = setup,
	.actor = {record, write_page},
	.check = check,
	.teardown = race_contig_end,
	.script = "0@contig_record 1 0",
	.sweeps = "machine=C,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"mutant=record_first", RACE_DAMAGED, "a write leaves no trace"},
			{"", RACE_HARMLESS, "the record comes first"},
			{},
		},
};
