/*
 * tests/races/deposit_pairs.c - one leaf goes while another one comes beside it. Number
 * X9 of the zoo: with each leaf a table is deposited, and goes with it, always in pairs
 * and under one lock; else there is a table too many, which is lost with the table above,
 * or one too few, and a leaf that cannot be split.
 */
#include "tests/races/help.h"

#define NEXT (RACE_AT + HUGE_SIZE)

static struct mm *mm;

/* Room for two leaves, in one table; the first one is there. */
static void setup(void)
{
	unsigned long at = RACE_AT;

	mm = mm_create();
	RACE_CLAIM(!mm_map(mm, &at, 2 * HUGE_SIZE, RACE_RW, MM_FIXED) &&
			   !mm_advise_huge(mm, at, 2 * HUGE_SIZE, true) &&
			   !mm_fault(mm, at, ACCESS_WRITE) && mm_pages(mm) == HUGE_PAGES,
		"a block");
}

static void discard(void)
{
	RACE_CLAIM(!mm_discard(mm, RACE_AT, HUGE_SIZE), "it is discarded");
}

static void touch(void)
{
	RACE_CLAIM(!mm_fault(mm, NEXT, ACCESS_WRITE), "the next one may be written");
}

static int deposited(void)
{
	const struct ptdesc *table;
	struct descent at;
	int count = 0;

	descend_find_pmd(mm, NEXT, &at);
	table = ptdesc_of(LEVEL_PMD, at.ptr)->deposit;
	for (; table; table = table->deposit)
		count++;
	return count;
}

static void check(void)
{
	RACE_CLAIM(
		!race_page(mm, RACE_AT) && race_page(mm, NEXT), "one of the two is left");
	RACE_CLAIM(mm_pages(mm) == (long)HUGE_PAGES, "which is a block");
	RACE_CLAIM(deposited() == arch_leaf_possible(LEVEL_PMD), "with its table");
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(deposit_pairs) = {
	.name = "deposit_pairs",
	.story = "a leaf goes while another one comes beside it",
	.setup = setup,
	.actor = {discard, touch},
	.check = check,
	.teardown = teardown,
	.script = "0@table_withdraw 1 0",
	.sweeps = "flush machine=C,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"machine=s390x", RACE_HARMLESS, "there are no leaves"},
			{"machine=s390x mutant=deposit_pairs", RACE_HARMLESS,
				"there are no leaves"},
			{"mutant=deposit_pairs", RACE_DAMAGED, "a table is left over"},
			{"", RACE_EXCLUDED, "page table"},
			{},
		},
};
