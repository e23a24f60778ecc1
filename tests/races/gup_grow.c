/*
 * tests/races/gup_grow.c - a root grows between two reads of a lockless walk.
 *
 * The walker asks for an address that its root cannot express. It reads the limit first,
 * finds it too low, and is done, whatever the root does meanwhile. With the root read
 * first (the mutant), the walk would be in the old root by the new limit, and find what
 * is mapped at the address that its bits lead to: somebody else's page. step=oneword-root
 * has both in one word, and no order to get wrong: it goes in with what it read, old or
 * new.
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

RACE(gup_grow) = {
	.name = "gup_grow",
	.story = "a root grows while gup_fast() is between limit and root",
	.setup = setup,
	.actor = {walk, grow},
	.check = check,
	.teardown = teardown,
	.script = "0@gup_root 1 0",
	.sweeps = "step fold",
	.cells =
		(const struct race_cell[]){
			{"step=oneword-root machine=s390x,B fold=permm:2,permm:3,permm:4",
				RACE_EXCLUDED, "cross-call"},
			{"step=oneword-root", RACE_HARMLESS, "one read tells both"},
			{"mutant=limit_before_root step=oneword-root machine=s390x,B "
			 "fold=permm:2,permm:3,permm:4",
				RACE_EXCLUDED, "cross-call"},
			{"mutant=limit_before_root step=oneword-root", RACE_HARMLESS,
				"one read tells both"},
			{"mutant=limit_before_root fold=boot,permm:5", RACE_DETECTED,
				"roots do not grow"},
			{"mutant=limit_before_root", RACE_DAMAGED,
				"the old root by the new limit"},
			{"", RACE_DETECTED, "it is above the limit"},
			{},
		},
};
