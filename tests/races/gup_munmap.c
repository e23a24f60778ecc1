/*
 * tests/races/gup_munmap.c - gup_fast() beside munmap() of its page, whose frame goes to
 * a stranger at once. Number Z4 (b) of the zoo; every kernel with a fast path.
 *
 * The walker has read the pte. Then the page is unmapped and flushed, its frame freed and
 * given away; only then does the walker take its reference, which succeeds: the frame is
 * in use again. The second look at the pte saves the stranger. Without it, a flush by IPI
 * saves him by waiting for the walker, whose interrupts are off; a broadcast does not.
 */
#include "tests/races/stranger.h"

static void unmap(void)
{
	(void)mm_unmap(mm, RACE_AT, PAGE_SIZE);
	give_to_stranger();
}

RACE(gup_munmap) = {
	.name = "gup_munmap",
	.story = "gup_fast() beside munmap() of its page, and the frame is used again",
	.setup = setup,
	.actor = {walk, unmap},
	.check = check,
	.teardown = teardown,
	.script = "0@gup_read 1 0",
	.sweeps = "flush reader",
	.cells =
		(const struct race_cell[]){
			{"mutant=gup_pte_recheck flush=ipi reader=irq,both",
				RACE_EXCLUDED, "cross-call"},
			{"mutant=gup_pte_recheck", RACE_DAMAGED, ""},
			{"", RACE_DETECTED, "the pte is not what it was"},
			{},
		},
};
