/*
 * tests/races/read_reclaim.c - a program reads a page that it has given up, while it is
 * reclaimed and its frame goes to a stranger.
 *
 * It has read already, so its CPU has the translation: read_munmap once more, for those
 * who take pages away in somebody else's address space.
 */
#include "arch/contract/uaccess.h"
#include "kernel/base/trace.h"
#include "tests/races/help.h"

#define SECRET 0x7365637265742121UL

static struct mm *mm;
static struct page *page; /* mapped at RACE_AT */
static struct page *stranger;

static void setup(void)
{
	mm = race_mm(2, RACE_RW);
	page = race_page(mm, RACE_AT);
	stranger = NULL;
	RACE_CLAIM(!mm_free_lazily(mm, RACE_AT, PAGE_SIZE), "the page is given up");
}

static void read_twice(void)
{
	u64 word = 0;

	mm_use(mm);
	RACE_CLAIM(!arch_copy_from_user(&word, RACE_AT, sizeof(word)), "it reads");
	TRACE_POINT(race);
	RACE_CLAIM(!arch_copy_from_user(&word, RACE_AT, sizeof(word)), "it reads again");
	RACE_CLAIM(word == 0, "a stranger's words are read");
	mm_use(NULL);
}

static void reclaim(void)
{
	RACE_CLAIM(!mm_page_out(mm, RACE_AT, PAGE_SIZE), "what can be taken is");
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

RACE(read_reclaim) = {
	.name = "read_reclaim",
	.story = "a program reads a page that it has given up, while it is reclaimed",
	.setup = setup,
	.actor = {read_twice, reclaim},
	.teardown = teardown,
	.script = "0@race 1 0",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=reclaim_flush", RACE_DAMAGED, "a stale translation"},
			{"", RACE_HARMLESS, "every CPU is flushed"},
			{},
		},
};
