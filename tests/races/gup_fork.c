/*
 * tests/races/gup_fork.c - a page is pinned while fork shares it. Number Z8 of the zoo,
 * Linux 2020.
 *
 * Fork has found the page unpinned and is about to write-protect it; the walker, which
 * has read the entry before, grabs the page and finds the entry unchanged. Each is right,
 * and yet a pinned page is shared: the parent's next write goes to a copy, and the device
 * is left behind. So fork counts itself in write_protect_seq before it looks, and the
 * walker looks there when it has what it wants.
 */
#include "tests/races/help.h"
#include "kernel/base/trace.h"
#include "mm/space/gup.h"

static struct mm *mm, *child;
static struct page *held;

static void setup(void)
{
	mm = race_mm(1, RACE_RW);
	child = NULL;
	held = NULL;
}

static void pin(void)
{
	mm_use(mm);
	if (!gup_fast(RACE_AT, 1, FOLL_PIN | FOLL_WRITE, &held))
		held = NULL;
	mm_use(NULL);
}

static void fork_it(void)
{
	child = mm_fork(mm);
}

static void check(void)
{
	RACE_CLAIM(!mm_fault(mm, RACE_AT, ACCESS_WRITE), "the parent writes");
	RACE_CLAIM(!held || race_page(mm, RACE_AT) == held,
		"what is pinned is not what the parent writes to");
}

static void teardown(void)
{
	if (held)
		gup_unpin(&held, 1);
	mm_put(child);
	mm_put(mm);
}

RACE(gup_fork) = {
	.name = "gup_fork",
	.story = "a page is pinned while fork shares it",
	.setup = setup,
	.actor = {pin, fork_it},
	.check = check,
	.teardown = teardown,
	.script = "0@gup_read 1@fork_look 0 1",
	.sweeps = "flush reader",
	.cells =
		(const struct race_cell[]){
			{"mutant=gup_fork_seq,fork_seq_first", RACE_DAMAGED,
				"neither sees the other"},
			{"", RACE_DETECTED, "a fork was under way"},
			{},
		},
};
