/*
 * tests/races/munmap_revoke.c - a device takes its memory back while it is being
 * unmapped. Number Z16 of the zoo, CVE-2022-39188.
 *
 * The mapping has no references to the frames: the device frees them when nobody maps
 * them any more. munmap() has taken the VMA out of the mm and the entry out of the table,
 * and has not flushed yet. A device that finds nobody in its list of who maps it frees
 * the frames, and the thread goes on using them through its old translation. So the VMA
 * stays in that list until all is flushed; and the device, which finds the entry empty,
 * sees that a flush is pending, and does it itself.
 */
#include "tests/races/help.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/trace.h"
#include "mm/space/object.h"

static struct mm *mm;
static struct object *memory;

static void setup(void)
{
	memory = object_create(PAGE_SIZE);
	memory->pfn = true;
	mm = race_mm_of(memory, 0);
}

/* A thread that uses the memory, and then makes the device take it back. */
static void use_and_revoke(void)
{
	u64 word = 1;

	mm_use(mm);
	(void)!arch_copy_to_user(RACE_AT, &word, sizeof(word)); /* unmapped already? */
	TRACE_POINT(race);
	RACE_CLAIM(!object_resize(memory, 0), "it is revoked");
	RACE_CLAIM(arch_copy_to_user(RACE_AT, &word, sizeof(word)),
		"memory that was taken back is written");
	mm_use(NULL);
}

static void unmap(void)
{
	RACE_CLAIM(!mm_unmap(mm, RACE_AT, PAGE_SIZE), "it is unmapped");
}

static void check(void)
{
	RACE_CLAIM(!mm_pages(mm), "something is still mapped");
}

static void teardown(void)
{
	mm_put(mm);
	object_put(memory);
}

RACE(munmap_revoke) = {
	.name = "munmap_revoke",
	.story = "a device takes back memory that is being unmapped",
	.setup = setup,
	.actor = {use_and_revoke, unmap},
	.check = check,
	.teardown = teardown,
	.script = "0@race 1@tlb_flush 0 1",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=unmap_before_leave,nested_gathers", RACE_DAMAGED,
				"a stale translation"},
			{"", RACE_EXCLUDED, "mm"}, /* the store, which faults */
			{},
		},
};
