/*
 * tests/races/gup_dontneed.c - gup_fast() beside madvise(MADV_DONTNEED) of its page,
 * whose frame goes to a stranger at once. As gup_munmap.c, number Z4 (b) of the zoo; but
 * who takes the page away holds mm->lock for reading only, and VMA and table stay: what
 * Linux calls zap, and the reason why the fast path cannot rely on mmap_lock at all.
 */
#include "tests/races/stranger.h"

static void discard(void)
{
	(void)mm_discard(mm, RACE_AT, PAGE_SIZE);
	give_to_stranger();
}

RACE(gup_dontneed) = {
	.name = "gup_dontneed",
	.story = "gup_fast() beside madvise() of its page, and the frame is used again",
	.setup = setup,
	.actor = {walk, discard},
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
