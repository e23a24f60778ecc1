/*
 * tests/races/gup_two_walkers.c - two lockless walks of one page beside its munmap().
 *
 * Both walkers read the same pte, and both grab the same frame: each sees the other's
 * reference come and go, and the unmapping CPU sees both. Whoever lets go last frees it.
 */
#include "tests/races/stranger.h"

static void unmap(void)
{
	(void)mm_unmap(mm, RACE_AT, PAGE_SIZE);
	give_to_stranger();
}

RACE(gup_two_walkers) = {
	.name = "gup_two_walkers",
	.story = "two gup_fast() beside munmap() of the page",
	.setup = setup,
	.actor = {walk, walk, unmap},
	.check = check,
	.teardown = teardown,
	.script = "0@gup_read 1@gup_read 2 1 0",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=gup_pte_recheck flush=ipi", RACE_EXCLUDED, "cross-call"},
			{"mutant=gup_pte_recheck", RACE_DAMAGED, ""},
			{"", RACE_DETECTED, "the pte is not what it was"},
			{},
		},
};
