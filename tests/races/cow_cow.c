/*
 * tests/races/cow_cow.c - two threads write to one page that a fork has shared.
 *
 * Both have found it shared and made a copy. The second to get mm->table_lock looks
 * again, finds the first one's copy in its place, and throws its own away: with it in
 * place, what the first thread has written would be lost.
 */
#include "tests/races/help.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/trace.h"

static struct mm *parent, *mm;

static void setup(void)
{
	parent = race_mm(1, RACE_RW);
	mm = mm_fork(parent);
	RACE_CLAIM(mm, "the setup forks");
}

static void put(unsigned long offset, u64 word)
{
	mm_use(mm);
	RACE_CLAIM(
		!arch_copy_to_user(RACE_AT + offset, &word, sizeof(word)), "it writes");
	mm_use(NULL);
}

static void put_first(void)
{
	put(0, 7);
}

static void put_second(void)
{
	put(8, 8);
}

static void check(void)
{
	const u64 *word = page_address(race_page(mm, RACE_AT));
	const struct page *old = race_page(parent, RACE_AT);

	RACE_CLAIM(word[0] == 7 && word[1] == 8, "a store is lost");
	RACE_CLAIM(old->refs == 1 && *(u64 *)page_address(old) == 0,
		"the parent's page is as it was, and its own");
}

static void teardown(void)
{
	mm_put(mm);
	mm_put(parent);
}

RACE(cow_cow) = {
	.name = "cow_cow",
	.story = "two threads write to one page that a fork has shared",
	.setup = setup,
	.actor = {put_first, put_second},
	.check = check,
	.teardown = teardown,
	.script = "0@cow_replace 1 0",
	.sweeps = "flush fault",
	.cells =
		(const struct race_cell[]){
			{"mutant=fault_recheck", RACE_DAMAGED, "a copy is replaced"},
			{"", RACE_HARMLESS, "the second one looks again"},
			{},
		},
};
