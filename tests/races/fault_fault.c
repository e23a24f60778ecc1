/*
 * tests/races/fault_fault.c - two threads touch one page for the first time.
 *
 * Both have found the entry empty and made a frame. The second to get mm->table_lock
 * looks again, finds the first one's frame, and gives its own back. Without that look it
 * would replace the frame, and what the first thread has written there would be lost.
 */
#include "tests/races/help.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/trace.h"
#include "mm/table/tlb.h"

static struct mm *mm;

static void setup(void)
{
	unsigned long at = RACE_AT;

	mm = mm_create();
	RACE_CLAIM(!mm_map(mm, &at, PAGE_SIZE, RACE_RW, MM_FIXED), "maps");
}

static void touch(void)
{
	RACE_CLAIM(!mm_fault(mm, RACE_AT, ACCESS_WRITE), "it may be written");
}

static void touch_and_write(void)
{
	u64 word = 7;

	touch();
	mm_use(mm);
	RACE_CLAIM(!arch_copy_to_user(RACE_AT, &word, sizeof(word)), "and is written");
	mm_use(NULL);
}

static void check(void)
{
	struct page *page = race_page(mm, RACE_AT);

	RACE_CLAIM(page && page->refs == 1 && mm->pages == 1, "one page is mapped");
	RACE_CLAIM(page && *(u64 *)page_address(page) == 7, "what was written is there");
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(fault_fault) = {
	.name = "fault_fault",
	.story = "two first touches of one page",
	.setup = setup,
	.actor = {touch, touch_and_write},
	.check = check,
	.teardown = teardown,
	.script = "0@anon_install 1 0",
	.sweeps = "",
	.cells =
		(const struct race_cell[]){
			{"mutant=fault_recheck", RACE_DAMAGED, "a frame is replaced"},
			{"", RACE_HARMLESS, "the second one looks again"},
			{},
		},
};
