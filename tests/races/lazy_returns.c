/*
 * tests/races/lazy_returns.c - a lazy CPU goes back to user space beside a munmap().
 *
 * It kept the mm loaded and what it had cached, so a flush may spare it: it catches up
 * when it comes back, by the count of flushes. Whether it is lazy and how many flushes
 * there were are looked at in one order by the CPU, and stored in the other one by
 * whoever flushes; else it could be spared, and go on using what it has.
 */
#include "tests/races/help.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/trace.h"

static struct mm *mm;

static void setup(void)
{
	mm = race_mm(2, PROT_READ);
}

static void read_page(void)
{
	u64 word;

	if (arch_copy_from_user(&word, RACE_AT, sizeof(word)))
		word = 0; /* it is gone, and that is fine */
}

static void laze_and_return(void)
{
	mm_use(mm);
	read_page();
	mm_use(NULL);
	TRACE_POINT(race);
	mm_use(mm);
	read_page();
	mm_use(NULL);
}

static void unmap(void)
{
	(void)mm_unmap(mm, RACE_AT, PAGE_SIZE);
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(lazy_returns) = {
	.name = "lazy_returns",
	.story = "a lazy CPU comes back beside munmap()",
	.setup = setup,
	.actor = {laze_and_return, unmap},
	.teardown = teardown,
	.script = "0@race 1 0",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"", RACE_HARMLESS, "it catches up"},
			{},
		},
};
