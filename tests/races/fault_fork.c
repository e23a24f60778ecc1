/*
 * tests/races/fault_fork.c - a thread writes to two pages beside fork(): first one that
 * it has never touched, then one that is mapped. Number Z25 (b) of the zoo, Linux 6.4.
 *
 * A fork is one moment: who finds the second store in the child finds the first one, too.
 * Fork goes through the table and finds nothing at the first page. If the fault can map
 * it now, the thread stores there, and goes on to the second page, which it may still
 * write, as fork has not come so far. So the fault has to wait, or has to be waited for:
 * for mm->lock, or since all VMAs are claimed before the first entry is copied.
 */
#include "tests/races/help.h"
#include "arch/contract/uaccess.h"

#define SECOND (RACE_AT + PAGE_SIZE)

static struct mm *mm, *child;

static void setup(void)
{
	mm = race_mm(2, RACE_RW);
	RACE_CLAIM(!mm_discard(mm, RACE_AT, PAGE_SIZE), "nothing is mapped there");
	child = NULL;
}

static void put(unsigned long address)
{
	u64 word = 7;

	RACE_CLAIM(!arch_copy_to_user(address, &word, sizeof(word)), "it is written");
}

static void put_both(void)
{
	mm_use(mm);
	put(RACE_AT);
	put(SECOND);
	mm_use(NULL);
}

static void fork_it(void)
{
	child = mm_fork(mm);
}

static u64 word_at(unsigned long address)
{
	struct page *page = race_page(child, address);

	return page ? *(u64 *)page_address(page) : 0;
}

static void check(void)
{
	RACE_CLAIM(child, "it forks");
	RACE_CLAIM(word_at(SECOND) != 7 || word_at(RACE_AT) == 7,
		"the child has the second store, and not the first");
}

static void teardown(void)
{
	mm_put(child);
	mm_put(mm);
}

RACE(fault_fork) = {
	.name = "fault_fork",
	.story = "a first touch and a store beside fork()",
	.setup = setup,
	.actor = {put_both, fork_it},
	.check = check,
	.teardown = teardown,
	.script = "0@anon_install 1 0",
	.sweeps = "flush fault",
	.cells =
		(const struct race_cell[]){
			{"mutant=fork_claims", RACE_DAMAGED,
				"the books about claims tell"},
			{"fault=speculative", RACE_DETECTED, "mm->seq has moved"},
			{"fault=mmap", RACE_EXCLUDED, "mm"},
			{"fault=vma machine=x86_64,s390x", RACE_EXCLUDED, "vma"},
			{"fault=vma", RACE_EXCLUDED, "wait queue"},
			{},
		},
};
