/*
 * tests/races/discard_split.c - a block is discarded while another thread discards only a
 * part of it, so that its leaf is split. Number X3 of the zoo: who discards must not find
 * the leaf in the making, take it for nothing, and leave what is there.
 *
 * Both hold mm->lock for reading only. What keeps them apart is mm->table_lock: to look
 * is a part of what it protects.
 */
#include "tests/races/help.h"

static struct mm *mm;

static void setup(void)
{
	mm = race_mm_huge(true);
}

static void discard(void)
{
	RACE_CLAIM(!mm_discard(mm, RACE_AT, HUGE_SIZE), "it is discarded");
}

static void cut(void)
{
	RACE_CLAIM(!mm_discard(mm, RACE_AT + HUGE_SIZE - PAGE_SIZE, PAGE_SIZE),
		"its last page is discarded");
}

static void check(void)
{
	RACE_CLAIM(!race_page(mm, RACE_AT) && !mm_pages(mm), "nothing is left");
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(discard_split) = {
	.name = "discard_split",
	.story = "a block is discarded while another thread has it split",
	.setup = setup,
	.actor = {discard, cut},
	.check = check,
	.teardown = teardown,
	.script = "1@leaf_split 0 1",
	.sweeps = "flush machine=C,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"machine=s390x", RACE_HARMLESS, "there are no leaves"},
			{"mutant=unmap_locked", RACE_DAMAGED, "two take one leaf"},
			{"", RACE_EXCLUDED, "page table"},
			{},
		},
};
