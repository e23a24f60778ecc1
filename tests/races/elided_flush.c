/*
 * tests/races/elided_flush.c - gup_fast() beside a page that is taken away without a
 * flush.
 *
 * "The flush waits for the walker, so the page cannot go": true only if there is a flush,
 * and if it is an interrupt. Here nobody has ever touched the page, so no CPU can have
 * cached it, and who takes it away may save the flush (as Linux does for entries that the
 * hardware has not marked as accessed). What a walker has read is another matter: the
 * second look at the pte is what keeps it from a stranger's frame, under flush=ipi too.
 */
#include "mm/oracle/ledger.h"
#include "tests/races/stranger.h"

/* The ledger knows of flushes only: it is told of one. */
static void take_away(void)
{
	struct descent at;

	mm_read_lock(mm);
	spin_lock(&mm->table_lock);
	descend_find(mm, RACE_AT, &at);
	(void)pxd_unhook(LEVEL_PTE, at.ptr, RACE_AT, arch_pxd_empty(LEVEL_PTE));
	spin_unlock(&mm->table_lock);
	mm_read_unlock(mm);
	ledger_flushed_everywhere(ledger_begin(), mm);
	page_put(page);
	give_to_stranger();
}

RACE(elided_flush) = {
	.name = "elided_flush",
	.story = "gup_fast() beside a page that goes without a flush",
	.setup = setup,
	.actor = {walk, take_away},
	.check = check,
	.teardown = teardown,
	.script = "0@gup_read 1 0",
	.sweeps = "flush reader",
	.cells =
		(const struct race_cell[]){
			{"mutant=gup_pte_recheck", RACE_DAMAGED, "no flush has waited"},
			{"", RACE_DETECTED, "the pte is not what it was"},
			{},
		},
};
