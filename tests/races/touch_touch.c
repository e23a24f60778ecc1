/*
 * tests/races/touch_touch.c - as fault_fault, where the table is there already, and the
 * VMA has pages of its own: so every way to do faults is taken.
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
	mm = race_mm(1, RACE_RW);
	RACE_CLAIM(!mm_discard(mm, RACE_AT, PAGE_SIZE), "nothing is mapped there");
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

RACE(touch_touch) = {
	.name = "touch_touch",
	.story = "two first touches of one page, in a table that is there",
	.setup = setup,
	.actor = {touch, touch_and_write},
	.check = check,
	.teardown = teardown,
	.script = "0@anon_install 1 0",
	.sweeps = "flush fault",
	.cells =
		(const struct race_cell[]){
			{"mutant=fault_recheck", RACE_DAMAGED, "a frame is replaced"},
			{"", RACE_HARMLESS, "the second one looks again"},
			{},
		},
};
