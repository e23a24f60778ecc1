/*
 * tests/races/read_munmap.c - a program reads a page while another thread unmaps it, and
 * its frame goes to a stranger.
 *
 * It has read already, so its CPU has the translation: until that is flushed the frame
 * must stay what it was. Freed before the flush, or after a flush that left this CPU out,
 * it is the stranger's words that the program reads.
 */
#include "tests/races/help.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/trace.h"

#define SECRET 0x7365637265742121UL

static struct mm *mm;
static struct page *page; /* mapped at RACE_AT */
static struct page *stranger;

/* A second page keeps the table. */
static void setup(void)
{
	mm = race_mm(2, PROT_READ);
	page = race_page(mm, RACE_AT);
	stranger = NULL;
}

static void read_twice(void)
{
	u64 word = 0;

	mm_use(mm);
	if (arch_copy_from_user(&word, RACE_AT, sizeof(word)))
		word = 0; /* it is gone already */
	TRACE_POINT(race);
	if (!arch_copy_from_user(&word, RACE_AT, sizeof(word)))
		RACE_CLAIM(word == 0, "a stranger's words are read");
	mm_use(NULL);
}

static void unmap(void)
{
	(void)mm_unmap(mm, RACE_AT, PAGE_SIZE);
	stranger = race_take_frame(page);
	if (stranger)
		*(u64 *)page_address(stranger) = SECRET;
}

static void teardown(void)
{
	if (stranger)
		frame_free(stranger);
	mm_put(mm);
}

RACE(read_munmap) = {
	.name = "read_munmap",
	.story = "a program reads a page beside munmap() of it",
	.setup = setup,
	.actor = {read_twice, unmap},
	.teardown = teardown,
	.script = "0@race 1 0",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=remote_flush flush=broadcast", RACE_HARMLESS,
				"a broadcast asks nobody"},
			{"mutant=flush_before_free,remote_flush", RACE_DAMAGED,
				"a stale translation"},
			{"", RACE_HARMLESS, "every CPU is flushed"},
			{},
		},
};
