/*
 * tests/races/clean_pin.c - a page is pinned, and written by a device, while it is
 * written back. Number Z23 of the zoo, the short pins.
 *
 * A device asks no page table. Whoever pins a page to write to it must find an entry that
 * allows it, and so a dirty page; but then the page is written back, and nothing tells
 * that the device writes again. So what is pinned stays dirty.
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

static void pin_and_write(void)
{
	mm_use(mm);
	if (!gup_fast(RACE_AT, 1, FOLL_PIN | FOLL_WRITE, &held))
		held = NULL;
	TRACE_POINT(vma_look);
	if (held)
		WRITE_ONCE(((u64 *)page_address(held))[WORD], 2);
	mm_use(NULL);
}

static void end(void)
{
	if (held)
		gup_unpin(&held, 1);
	teardown();
}

RACE(clean_pin) = {
	.name = "clean_pin",
	.story = "a page is pinned and written by a device while it is written back",
	.setup = start,
	.actor = {pin_and_write, clean},
	.check = check,
	.teardown = end,
	.script = "0@vma_look 1 0",
	.sweeps = "flush reader",
	.cells =
		(const struct race_cell[]){
			{"mutant=clean_pinned", RACE_DAMAGED,
				"what the device writes is lost"},
			{"", RACE_HARMLESS, "what is pinned stays dirty"},
			{},
		},
};
