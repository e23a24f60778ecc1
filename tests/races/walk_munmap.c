/*
 * tests/races/walk_munmap.c - an object is write-protected while one who maps it unmaps.
 *
 * munmap() has emptied the entry and flushes later: a CPU goes on writing. The walk finds
 * the entry empty, and so nothing to protect; but its caller believes from now on that
 * nobody writes without a fault. So whoever protects flushes what others have still to
 * flush: it is a gather beside theirs.
 */
#include "tests/races/help.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/counters.h"
#include "kernel/base/trace.h"
#include "mm/space/object.h"

static struct mm *mm;
static struct object *object;

/* A second page keeps the table. */
static void setup(void)
{
	unsigned long at = RACE_AT;

	object = object_create(2 * PAGE_SIZE);
	mm = mm_create();
	RACE_CLAIM(!mm_map_object(mm, &at, 2 * PAGE_SIZE, RACE_RW, MM_FIXED | MM_SHARED,
			   object, 0) &&
			   !mm_fault(mm, RACE_AT, ACCESS_WRITE) &&
			   !mm_fault(mm, RACE_AT + PAGE_SIZE, ACCESS_WRITE),
		"the setup maps");
}

/* This CPU has a translation that allows writing. */
static void protect(void)
{
	u64 word = 1;
	s64 faults;

	mm_use(mm);
	(void)!arch_copy_to_user(RACE_AT, &word, sizeof(word));
	TRACE_POINT(race);
	mapping_write_protect(object, 0, 1);
	faults = counter_sum(COUNT_FAULTS);
	if (!arch_copy_to_user(RACE_AT, &word, sizeof(word)))
		RACE_CLAIM(counter_sum(COUNT_FAULTS) > faults,
			"it is written, and nobody was told");
	mm_use(NULL);
}

static void unmap(void)
{
	RACE_CLAIM(!mm_unmap(mm, RACE_AT, PAGE_SIZE), "it is unmapped");
}

static void teardown(void)
{
	mm_put(mm);
	object_put(object);
}

RACE(walk_munmap) = {
	.name = "walk_munmap",
	.story = "an object is write-protected, beside munmap()",
	.setup = setup,
	.actor = {protect, unmap},
	.teardown = teardown,
	.script = "0@race 1@tlb_flush 0 1",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=nested_gathers,mapping_flush machine=s390x "
			 "flush=broadcast",
				RACE_EXCLUDED, "mm"},
			{"mutant=nested_gathers", RACE_DAMAGED, "a stale translation"},
			{"mutant=mapping_flush", RACE_DAMAGED, "a stale translation"},
			{"", RACE_EXCLUDED, "mm"},
			{},
		},
};
