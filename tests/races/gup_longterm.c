/*
 * tests/races/gup_longterm.c - a page of a file is pinned for long, to be written, while
 * it is written back. Number Z23 of the zoo, known since LSFMM 2018 and forbidden since
 * Linux 6.5.
 *
 * It is dirty, and its entry allows writing: by that it could be had. But for as long as
 * a device may write to it, it will never be clean. The fast path has no VMA at hand that
 * would tell; so it asks the page what it is of.
 */
#include "tests/races/written.h"
#include "mm/space/gup.h"

static struct page *held;

static void start(void)
{
	held = NULL;
	setup();
	RACE_CLAIM(!mm_fault(mm, RACE_AT, ACCESS_WRITE), "it may be written");
}

static void pin(void)
{
	mm_use(mm);
	if (!gup_fast(RACE_AT, 1, FOLL_PIN | FOLL_WRITE | FOLL_LONGTERM, &held))
		held = NULL;
	RACE_CLAIM(!held, "a page that is to be written back is pinned for long");
	mm_use(NULL);
}

static void end(void)
{
	if (held)
		gup_unpin(&held, 1);
	teardown();
}

RACE(gup_longterm) = {
	.name = "gup_longterm",
	.story = "a page of a file is pinned for long while it is written back",
	.setup = start,
	.actor = {pin, clean},
	.check = check,
	.teardown = end,
	.script = "0 1",
	.sweeps = "flush reader",
	.cells =
		(const struct race_cell[]){
			{"mutant=gup_longterm", RACE_DAMAGED,
				"the page alone is looked at"},
			{"", RACE_HARMLESS, "it is left to the slow way, which refuses"},
			{},
		},
};
