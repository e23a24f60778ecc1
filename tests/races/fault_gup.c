/*
 * tests/races/fault_gup.c - a write to a page that a fork has shared, beside a pin of it.
 *
 * The fault has made its copy, and is about to put it in the place of the shared page.
 * gup_fast() finds either the one, which it does not pin because it is shared, or the
 * other. Whatever is pinned is what the process writes to.
 */
#include "kernel/base/errno.h"
#include "mm/space/gup.h"
#include "tests/races/help.h"

static struct mm *parent, *mm;
static struct page *held;

static void setup(void)
{
	parent = race_mm(1, RACE_RW);
	mm = mm_fork(parent);
	held = NULL;
	RACE_CLAIM(mm, "the setup forks");
}

static void write_page(void)
{
	RACE_CLAIM(!mm_fault(mm, RACE_AT, ACCESS_WRITE), "it may be written");
}

static void pin(void)
{
	mm_use(mm);
	if (!gup_fast(RACE_AT, 1, FOLL_PIN, &held))
		held = NULL;
	mm_use(NULL);
}

static void check(void)
{
	struct page *page = race_page(mm, RACE_AT);

	RACE_CLAIM(page != race_page(parent, RACE_AT), "the page was copied");
	RACE_CLAIM(!held || held == page, "the pinned page is not the process's");
	if (held)
		gup_unpin(&held, 1);
}

static void teardown(void)
{
	mm_put(mm);
	mm_put(parent);
}

RACE(fault_gup) = {
	.name = "fault_gup",
	.story = "a write to a shared page beside a pin of it",
	.setup = setup,
	.actor = {write_page, pin},
	.check = check,
	.teardown = teardown,
	.script = "1@gup_read 0 1",
	.sweeps = "flush fault",
	.cells =
		(const struct race_cell[]){
			{"", RACE_DETECTED, "the pte is not what it was"},
			{},
		},
};
