/*
 * tests/races/huge_huge.c - two threads touch one block for the first time.
 *
 * As fault_fault.c, a level higher: each has found the pmd entry empty, and made a block
 * and a table. The second to get mm->table_lock looks again. Without that look it would
 * replace the first one's block, with what was written to it.
 */
#include "arch/contract/uaccess.h"
#include "tests/races/help.h"

static struct mm *mm;

static void setup(void)
{
	mm = race_mm_huge(false);
}

static void touch(void)
{
	RACE_CLAIM(!mm_fault(mm, RACE_AT + PAGE_SIZE, ACCESS_WRITE), "it may be written");
}

static void touch_and_write(void)
{
	u64 word = 7;

	RACE_CLAIM(!mm_fault(mm, RACE_AT, ACCESS_WRITE), "it may be written");
	mm_use(mm);
	RACE_CLAIM(!arch_copy_to_user(RACE_AT, &word, sizeof(word)), "and is written");
	mm_use(NULL);
}

static void check(void)
{
	struct page *page = race_page(mm, RACE_AT);

	RACE_CLAIM(mm_pages(mm) == HUGE_PAGES, "one block is mapped");
	RACE_CLAIM(page && *(u64 *)page_address(page) == 7, "what was written is there");
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(huge_huge) = {
	.name = "huge_huge",
	.story = "two first touches of one block",
	.setup = setup,
	.actor = {touch, touch_and_write},
	.check = check,
	.teardown = teardown,
	.script = "0@huge_install 1 0",
	.sweeps = "machine=C,x86_64,s390x",
	.cells =
		(const struct race_cell[]){
			{"mutant=huge_recheck", RACE_DAMAGED, "a block is replaced"},
			{"", RACE_HARMLESS, "the second one looks again"},
			{},
		},
};
