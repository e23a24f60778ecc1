/*
 * tests/races/rederef.c - a lockless walk that reads an entry twice. Number Z4 (a) of the
 * zoo: the first proposal of September 2020, here step=rederef (mm/rivals/rederef.c).
 *
 * The walker has found a table in the pmd entry. Then munmap() unhooks it. A walk that
 * hands down what it read goes on in the old table, which waits for it. One that hands
 * down the pointer reads again, and makes a table of what is there now: an empty entry.
 * No flush and no freeing policy helps: it is not the freeing that hurts.
 */
#include "tests/races/walk.h"

static struct mm *mm;
static const pxd_t *slot; /* the pte */

static void setup(void)
{
	struct descent at;

	mm = race_mm(1, PROT_READ);
	descend_find(mm, RACE_AT, &at);
	slot = at.ptr;
}

/* Each turn of the walk; false ends it. */
static bool look(struct gup_walk *walk, const struct gup_turn *turn)
{
	if (turn->level == LEVEL_PMD)
		TRACE_POINT(gup_table);
	if (turn->level != LEVEL_PTE)
		return true;
	RACE_CLAIM(turn->ptr == slot, "the walk is in a table that no entry led to");
	return turn->ptr == slot;
}

static void walk(void)
{
	mm_use(mm);
	race_walk(mm, RACE_AT, look);
	mm_use(NULL);
}

static void unmap(void)
{
	(void)mm_unmap(mm, RACE_AT, PAGE_SIZE);
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(rederef) = {
	.name = "rederef",
	.story = "a walk that reads an entry twice, beside munmap()",
	.setup = setup,
	.actor = {walk, unmap},
	.teardown = teardown,
	.script = "0@gup_table 1 0",
	.sweeps = "flush step",
	.cells =
		(const struct race_cell[]){
			{"step=rederef", RACE_DAMAGED,
				"what it uses is not what it checked"},
			{"flush=ipi", RACE_EXCLUDED, "cross-call"},
			{"", RACE_HARMLESS, "each entry is read once"},
			{},
		},
};
