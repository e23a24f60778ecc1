/*
 * tests/races/scan_exit.c - it is an mm's turn to be looked at by khugepaged when its
 * process ends.
 *
 * The list that khugepaged goes through holds no references: an mm does not stay because
 * of it. So whose last user is gone may still stand there, and must not be revived; and
 * khugepaged may be the last user itself.
 */
#include "mm/huge/khugepaged.h"
#include "tests/races/help.h"

static struct mm *mm;

static void setup(void)
{
	mm = race_mm_pages(1);
}

static void leave(void)
{
	mm_put(mm);
}

static void scan(void)
{
	RACE_CLAIM(!khugepaged_scan(), "there is memory");
}

static void check(void)
{
	RACE_CLAIM(!khugepaged_has_work(), "it is gone");
}

static void teardown(void)
{
	mm = NULL; /* whoever was the last user has freed it */
}

RACE(scan_exit) = {
	.name = "scan_exit",
	.story = "khugepaged beside the end of the mm whose turn it is",
	.setup = setup,
	.actor = {leave, scan},
	.check = check,
	.teardown = teardown,
	.script = "0@mm_last 1 0",
	.sweeps = "machine=C,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"mutant=mm_from_zero", RACE_DAMAGED, ""},
			{"", RACE_HARMLESS, "it has no users: its turn is over"},
			{},
		},
};
