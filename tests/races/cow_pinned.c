/*
 * tests/races/cow_pinned.c - a page is pinned while its process loses the right to write
 * to it, gets it back, and writes. Number Z12 of the zoo, the other way round.
 *
 * Who decides by references alone whether a page may be written where it is (Linux 5.9)
 * takes the pin for somebody who shares the page: the write is made to a copy, and the
 * device goes on with the old page. That the page is its owner's alone does not change
 * because it is pinned, and is not asked of a count.
 */
#include "tests/races/help.h"
#include "arch/contract/uaccess.h"
#include "mm/space/gup.h"

static struct mm *mm;
static struct page *held;

static void setup(void)
{
	mm = race_mm(1, RACE_RW);
	held = NULL;
}

static void pin(void)
{
	mm_use(mm);
	if (!gup_fast(RACE_AT, 1, FOLL_PIN | FOLL_WRITE, &held))
		held = NULL;
	mm_use(NULL);
}

static void forbid_and_write(void)
{
	u64 word = 1;

	RACE_CLAIM(!mm_protect(mm, RACE_AT, PAGE_SIZE, PROT_READ), "it is forbidden");
	RACE_CLAIM(!mm_protect(mm, RACE_AT, PAGE_SIZE, RACE_RW), "it is allowed");
	mm_use(mm);
	RACE_CLAIM(!arch_copy_to_user(RACE_AT, &word, sizeof(word)), "it writes");
	mm_use(NULL);
}

static void check(void)
{
	RACE_CLAIM(!held || held == race_page(mm, RACE_AT),
		"the device and the process have different pages");
	if (held)
		gup_unpin(&held, 1);
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(cow_pinned) = {
	.name = "cow_pinned",
	.story = "a page is pinned, and its process writes after mprotect()",
	.setup = setup,
	.actor = {pin, forbid_and_write},
	.check = check,
	.teardown = teardown,
	.script = "0 1",
	.sweeps = "",
	.cells =
		(const struct race_cell[]){
			{"mutant=cow_refcount", RACE_DAMAGED,
				"a pin is taken for another owner"},
			{"", RACE_HARMLESS, "the page is its owner's, pinned or not"},
			{},
		},
};
