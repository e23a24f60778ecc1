/*
 * tests/races/gup_mprotect.c - gup_fast() for writing beside mprotect(PROT_READ).
 *
 * The walker has read a pte that allows writing; then writing is forbidden, and the
 * caller told so. The second look at the pte finds another value, and the slow path will
 * refuse. Without it the walker gets its reference a moment late, and nobody can tell:
 * one that was taken a moment earlier is just as valid. So the recheck is about frames
 * that change hands (gup_munmap.c), and rights are a by-product.
 */
#include "mm/table/gup_fast.h"
#include "tests/races/help.h"

static struct mm *mm;

static void setup(void)
{
	mm = race_mm(1, RACE_RW);
}

static void walk(void)
{
	struct page *held;

	mm_use(mm);
	if (gup_fast(RACE_AT, 1, FOLL_GET | FOLL_WRITE, &held))
		page_put(held);
	mm_use(NULL);
}

static void protect(void)
{
	(void)mm_protect(mm, RACE_AT, PAGE_SIZE, PROT_READ);
}

static void check(void)
{
	RACE_CLAIM(race_page(mm, RACE_AT)->refs == 1, "one mapping, one reference");
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(gup_mprotect) = {
	.name = "gup_mprotect",
	.story = "gup_fast() for writing beside mprotect(PROT_READ)",
	.setup = setup,
	.actor = {walk, protect},
	.check = check,
	.teardown = teardown,
	.script = "0@gup_read 1 0",
	.sweeps = "flush reader",
	.cells =
		(const struct race_cell[]){
			{"mutant=gup_pte_recheck flush=ipi reader=irq,both",
				RACE_EXCLUDED, "cross-call"},
			{"mutant=gup_pte_recheck", RACE_HARMLESS,
				"the reference could have been taken before"},
			{"", RACE_DETECTED, "the pte is not what it was"},
			{},
		},
};
