/*
 * tests/races/nested_gathers.c - two threads discard one page, a third one reads it.
 * Number Z14 of the zoo, Linux 2017.
 *
 * The first thread has unhooked the entry, and not flushed yet. The second finds nothing
 * to unhook, so there is nothing of its own to flush; but its caller may rely on pages
 * that read as zeros, and the third CPU goes on reading the old page. So who finds
 * another gather under way flushes all.
 */
#include "tests/races/help.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/counters.h"
#include "kernel/base/trace.h"

#define OLD 7

static struct mm *mm;
static u32 promised; /* (a) the second thread was told that the page is gone */
static s64 escalations;

static void setup(void)
{
	mm = race_mm(1, RACE_RW);
	*(u64 *)page_address(race_page(mm, RACE_AT)) = OLD;
	promised = 0;
	escalations = counter_sum(COUNT_TLB_ESCALATIONS);
}

static void discard(void)
{
	(void)mm_discard(mm, RACE_AT, PAGE_SIZE);
}

static void discard_and_tell(void)
{
	(void)mm_discard(mm, RACE_AT, PAGE_SIZE);
	atomic_store(&promised, 1);
}

static void read_twice(void)
{
	u64 word = 0;
	bool gone;

	mm_use(mm);
	RACE_CLAIM(!arch_copy_from_user(&word, RACE_AT, sizeof(word)), "it is mapped");
	TRACE_POINT(race);
	gone = atomic_load(&promised);
	RACE_CLAIM(!arch_copy_from_user(&word, RACE_AT, sizeof(word)), "still");
	RACE_CLAIM(!gone || word != OLD, "the old page is read after it was discarded");
	mm_use(NULL);
}

static void check(void)
{
	if (counter_sum(COUNT_TLB_ESCALATIONS) != escalations)
		race_detected("another gather is under way");
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(nested_gathers) = {
	.name = "nested_gathers",
	.story = "two discards of one page, and a reader",
	.setup = setup,
	.actor = {discard, discard_and_tell, read_twice},
	.check = check,
	.teardown = teardown,
	.script = "2@race 0@tlb_flush 1 2 0",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=nested_gathers machine=s390x flush=broadcast",
				RACE_DETECTED, "IPTE has flushed"},
			{"mutant=pending_before_unhook machine=s390x flush=broadcast",
				RACE_HARMLESS, "IPTE has flushed"},
			{"mutant=nested_gathers,pending_before_unhook", RACE_DAMAGED,
				"a stale translation"},
			{"", RACE_DETECTED, "all of the mm is flushed"},
			{},
		},
};
