/*
 * tests/races/punch_alias.c - a hole is made in memory that a program has mapped twice,
 * while it stores through both mappings.
 *
 * One of them has lost the page, the other not yet. A fault in the first one would make a
 * new page, and the next store, through the second one, go to the old page: it is lost,
 * though the program has already seen the hole. So the object makes no new page before
 * the old one is mapped nowhere.
 */
#include "arch/contract/uaccess.h"
#include "kernel/base/trace.h"
#include "mm/space/object.h"
#include "tests/races/help.h"

#define OTHER (RACE_AT + PAGE_SIZE) /* shows the same page */

static struct mm *mm;
static struct object *object;

static void setup(void)
{
	unsigned long at = OTHER;

	object = object_create(PAGE_SIZE);
	mm = race_mm_of(object, MM_POPULATE);
	RACE_CLAIM(!mm_map_object(mm, &at, PAGE_SIZE, RACE_RW,
			   MM_FIXED | MM_SHARED | MM_POPULATE, object, 0),
		"the setup maps it twice");
}

static void put(unsigned long address, u64 word)
{
	RACE_CLAIM(!arch_copy_to_user(address, &word, sizeof(word)), "it writes");
}

static void store(void)
{
	u64 word = ~0UL;

	mm_use(mm);
	put(RACE_AT, 1);
	put(OTHER, 2);
	RACE_CLAIM(!arch_copy_from_user(&word, RACE_AT, sizeof(word)), "it reads");
	RACE_CLAIM(word == 2 || word == 0, "a store is lost that came after the hole");
	mm_use(NULL);
}

static void punch(void)
{
	RACE_CLAIM(!object_punch(object, 0, PAGE_SIZE), "a hole is made");
}

static void teardown(void)
{
	mm_put(mm);
	object_put(object);
}

RACE(punch_alias) = {
	.name = "punch_alias",
	.story = "a hole is made in memory that is mapped twice, and stored to",
	.setup = setup,
	.actor = {store, punch},
	.teardown = teardown,
	.script = "1@rmap_look*2 0 1",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=punch_locked", RACE_DAMAGED,
				"the mappings show different pages"},
			{"", RACE_EXCLUDED, "object"},
			{},
		},
};
