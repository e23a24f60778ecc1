/*
 * tests/races/force_dontneed.c - a debugger writes to a private mapping that may only be
 * read, while the program discards it. Number Z11 of the zoo, Dirty COW, CVE-2016-5195.
 *
 * The write needs a copy of the file's page, which a fault has just made. Before it is
 * looked up, the program discards it. Who is content now with any page, since the fault
 * has had its way, gets the file's own page, and writes to the file. So what is wanted
 * stays the same for every look: a page that nobody else has.
 */
#include "tests/races/help.h"
#include "mm/space/gup.h"
#include "mm/space/object.h"

static struct mm *mm;
static struct object *file;

static void setup(void)
{
	unsigned long at = RACE_AT;

	file = object_create(PAGE_SIZE);
	mm = mm_create();
	RACE_CLAIM(!mm_map_object(mm, &at, PAGE_SIZE, PROT_READ, MM_FIXED, file, 0),
		"the setup maps");
}

static void write_by_force(void)
{
	struct page *page;

	RACE_CLAIM(
		gup_slow(mm, RACE_AT, 1, FOLL_GET | FOLL_WRITE | FOLL_FORCE, &page) == 1,
		"it can be written");
	*(u64 *)page_address(page) = 1;
	gup_put(&page, 1);
}

static void discard(void)
{
	RACE_CLAIM(!mm_discard(mm, RACE_AT, PAGE_SIZE), "it is discarded");
}

static void check(void)
{
	u64 word = 0;

	RACE_CLAIM(object_read(file, 0, &word, sizeof(word)) == sizeof(word) && !word,
		"the file was written, through a mapping that only reads");
}

static void teardown(void)
{
	mm_put(mm);
	object_put(file);
}

RACE(force_dontneed) = {
	.name = "force_dontneed",
	.story = "a forced write to a private mapping that is being discarded",
	.setup = setup,
	.actor = {write_by_force, discard},
	.check = check,
	.teardown = teardown,
	.script = "0@gup_again 1 0",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=force_keeps_write", RACE_DAMAGED, "any page will do"},
			{"", RACE_HARMLESS, "it faults again, for a page of its own"},
			{},
		},
};
