/*
 * tests/races/cow_borrowed.c - a child keeps a page of its parent's by other means than
 * mapping it, and the parent writes. Number Z12 of the zoo, CVE-2020-29374.
 *
 * After fork() both map one page. The child takes a reference (splices it into a pipe, in
 * the story), and unmaps it. The parent is now the only one who has it mapped; but were
 * the page taken for its own, the child would read from its reference what the parent
 * writes there. So it is references that count, of whatever kind.
 */
#include "tests/races/help.h"
#include "arch/contract/uaccess.h"
#include "mm/space/gup.h"

#define OLD 7

static struct mm *parent, *child;
static struct page *held;

static void setup(void)
{
	parent = race_mm(1, RACE_RW);
	*(u64 *)page_address(race_page(parent, RACE_AT)) = OLD;
	child = mm_fork(parent);
	RACE_CLAIM(child, "the setup forks");
	held = NULL;
}

static void borrow(void)
{
	mm_use(child);
	RACE_CLAIM(gup_fast(RACE_AT, 1, FOLL_GET, &held) == 1, "the child reads");
	RACE_CLAIM(!mm_unmap(child, RACE_AT, PAGE_SIZE), "and unmaps");
	mm_use(NULL);
}

static void put(void)
{
	u64 word = OLD + 1;

	mm_use(parent);
	RACE_CLAIM(!arch_copy_to_user(RACE_AT, &word, sizeof(word)), "the parent writes");
	mm_use(NULL);
}

static void check(void)
{
	RACE_CLAIM(
		*(u64 *)page_address(held) == OLD, "the child reads its parent's secret");
	page_put(held);
}

static void teardown(void)
{
	mm_put(child);
	mm_put(parent);
}

RACE(cow_borrowed) = {
	.name = "cow_borrowed",
	.story = "a child holds a page that only its parent maps, who writes",
	.setup = setup,
	.actor = {borrow, put},
	.check = check,
	.teardown = teardown,
	.script = "0 1",
	.sweeps = "",
	.cells =
		(const struct race_cell[]){
			{"mutant=cow_mapcount,cow_last_reference", RACE_DAMAGED,
				"only mappings were counted"},
			{"mutant=cow_refcount", RACE_HARMLESS, "all references count"},
			{"", RACE_HARMLESS, "all references count"},
			{},
		},
};
