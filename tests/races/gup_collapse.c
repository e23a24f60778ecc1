/*
 * tests/races/gup_collapse.c - a device pins a page while pages become one block.
 * Numbers Z6 and Z7 of the zoo: there the walker looked at the pte only, which a table
 * that hangs nowhere any more still has; or was still in a table that had become
 * somebody else's.
 *
 * Here whoever collapses waits for walkers before it looks at the pages: one that was
 * faster has its pin by then, and nothing is collapsed; all others find no table.
 */
#include "mm/space/gup.h"
#include "kernel/base/errno.h"
#include "tests/races/help.h"

static struct mm *mm;
static struct page *held;

static void setup(void)
{
	mm = race_mm_pages(1);
	held = NULL;
}

static void pin(void)
{
	mm_use(mm);
	if (!gup_fast(RACE_AT, 1, FOLL_PIN | FOLL_WRITE, &held))
		held = NULL;
	mm_use(NULL);
}

static void collapse(void)
{
	int err = mm_collapse(mm, RACE_AT, HUGE_SIZE);

	RACE_CLAIM(!err || err == -EAGAIN, "pages become a block, or stay");
}

static void check(void)
{
	if (!held)
		return;
	RACE_CLAIM(race_page(mm, RACE_AT) == held, "device and process have one page");
	gup_unpin(&held, 1);
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(gup_collapse) = {
	.name = "gup_collapse",
	.story = "gup_fast() beside pages that become one block",
	.setup = setup,
	.actor = {pin, collapse},
	.check = check,
	.teardown = teardown,
	.script = "0@gup_read 1 0",
	.sweeps = "flush reader machine=C,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"", RACE_DETECTED, "no table hangs there, or the page has gone"},
			{},
		},
};
