/*
 * tests/races/spec_wrap.c - a speculative fault takes long, and many write sections are
 * opened meanwhile. Number X1 of the zoo, CVE-2018-17182: a sequence that had wrapped.
 *
 * What mm->seq says is worth as much as it has bits: with two of them it is what it was
 * after two sections, the first of which has unmapped the page. (Here it has 64: at one
 * section in a nanosecond, some 290 years.)
 */
#include "tests/races/first_touch.h"

#define SECTIONS 2

static void setup(void)
{
	first_touch_setup(2, RACE_AT);
}

static void unmap_and_go_on(void)
{
	RACE_CLAIM(!mm_unmap(mm, RACE_AT, PAGE_SIZE), "nothing is in the way");
	for (int i = 1; i < SECTIONS; i++) {
		mm_write_lock(mm);
		mm_write_unlock(mm);
	}
}

static void check(void)
{
	RACE_CLAIM(!race_page(mm, RACE_AT) && mm_pages(mm) == 1, "a page without a VMA");
}

RACE(spec_wrap) = {
	.name = "spec_wrap",
	.story = "many write sections during one speculative fault",
	.setup = setup,
	.actor = {first_touch, unmap_and_go_on},
	.check = check,
	.teardown = first_touch_teardown,
	.script = "0@anon_install 1 0",
	.sweeps = "fault=speculative",
	.cells =
		(const struct race_cell[]){
			{"mutant=seq_wraps", RACE_DAMAGED, "a page without a VMA"},
			{"", RACE_DETECTED, "mm->seq has moved"},
			{},
		},
};
