/*
 * tests/races/walk_shrink.c - a VMA becomes smaller under who walks an object's mappings.
 *
 * The walk holds no mm->lock: it has read where the VMA ends. What somebody maps beyond
 * its new end is nothing of the object's, but the walk would show it. So the end moves
 * only while nobody walks the object: munmap() waits for the lock of its list.
 */
#include "tests/races/help.h"
#include "mm/space/object.h"
#include "mm/space/pagewalk.h"

static struct mm *mm;
static struct object *object;

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

static int look(struct mm_walk *walk, const struct descent *at, unsigned long address,
	unsigned long end)
{
	RACE_CLAIM(leaf_page(at->level, at->entry)->type == PAGE_OBJECT,
		"the walk of an object shows somebody's own page");
	return 0;
}

static void walk(void)
{
	static const struct mm_walk_ops ops = {.entry = {[LEVEL_PTE] = look}};

	RACE_CLAIM(!walk_page_mapping(object, 0, 2, &ops, NULL), "a walk");
}

static void replace(void)
{
	unsigned long at = RACE_AT + PAGE_SIZE;

	RACE_CLAIM(!mm_unmap(mm, at, PAGE_SIZE) &&
			   !mm_map(mm, &at, PAGE_SIZE, RACE_RW, MM_FIXED) &&
			   !mm_fault(mm, at, ACCESS_WRITE),
		"one's own page takes the place of the object's");
}

static void teardown(void)
{
	mm_put(mm);
	object_put(object);
}

RACE(walk_shrink) = {
	.name = "walk_shrink",
	.story = "a VMA shrinks while the mappings of its object are walked",
	.setup = setup,
	.actor = {walk, replace},
	.teardown = teardown,
	.script = "0@walk_look 1 0",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=shrink_locked", RACE_DAMAGED, "beyond its end"},
			{"", RACE_EXCLUDED, "rmap"},
			{},
		},
};
