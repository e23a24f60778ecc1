/*
 * tests/races/grow_gup.c - a lockless walk between two stores of a growing root.
 *
 * The new root is published, the limit not yet. A walker that comes now reads the old
 * limit, and refuses by it. The other way round (the mutant) it would go by the new limit
 * into the old root, and find the page of another address.
 */
#include "mm/table/fold.h"
#include "mm/table/gup_fast.h"
#include "tests/races/help.h"

static struct mm *mm;
static unsigned long beyond; /* what a root that is too small would take for RACE_AT */

static void setup(void)
{
	int level;

	mm = race_mm(1, PROT_READ);
	level = fold_root_level(mm);
	beyond = RACE_AT + pxd_size(level) * pxd_entries(level);
	if (beyond < mm->limit) /* the largest of roots: just above it */
		beyond = RACE_AT + mm->limit;
}

static void walk(void)
{
	struct page *held;

	mm_use(mm);
	if (gup_fast(beyond, 1, FOLL_GET, &held)) {
		race_damaged("the page of another address", __FILE__, __LINE__);
		page_put(held);
	}
	mm_use(NULL);
}

/* Where roots do not grow it is refused. */
static void grow(void)
{
	mm_write_lock(mm);
	(void)fold_grow(mm, beyond + PAGE_SIZE);
	mm_write_unlock(mm);
}

static void check(void)
{
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(grow_gup) = {
	.name = "grow_gup",
	.story = "gup_fast() while a root grows, between root and limit",
	.setup = setup,
	.actor = {walk, grow},
	.check = check,
	.teardown = teardown,
	.script = "1@fold_root 0 1",
	.sweeps = "step fold",
	.cells =
		(const struct race_cell[]){
			{"step=oneword-root", RACE_HARMLESS, "one read tells both"},
			{"mutant=root_before_limit step=oneword-root", RACE_HARMLESS,
				"one read tells both"},
			{"mutant=root_before_limit fold=boot,permm:5", RACE_DETECTED,
				"roots do not grow"},
			{"mutant=root_before_limit", RACE_DAMAGED,
				"the old root by the new limit"},
			{"", RACE_DETECTED, "it is above the limit"},
			{},
		},
};
