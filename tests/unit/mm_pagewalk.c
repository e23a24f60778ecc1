/*
 * tests/unit/mm_pagewalk.c - the page walk: what it shows, in which order, what it splits
 * for whom, how often it looks again; of an address space, and of an object in several.
 */
#include "tests/unit/mm_help.h"
#include "tests/unit/mm_user.h"
#include "tests/unit/unit.h"
#include "kernel/base/counters.h"
#include "kernel/base/errno.h"
#include "kernel/base/string.h"
#include "mm/huge/leaf.h"
#include "mm/space/object.h"
#include "mm/space/pagewalk.h"
#include "mm/space/vma.h"

#define RW   (PROT_READ | PROT_WRITE)
#define AT   (64 * HUGE_SIZE)
#define NOTE 32

/* What was shown, in order, and what the callbacks are to answer. */
static struct {
	unsigned int count, agains, vmas_begun, vmas_ended;
	struct {
		const struct mm *mm;
		unsigned long address, end;
		int level; /* -1: a hole; -2: no VMA */
		bool leaf;
	} at[NOTE];
	enum walk_action action; /* for entries above the ptes */
	int answer;              /* at `count` == answer_at */
	unsigned int answer_at, again_at, again_times;
} notes;

static struct mm *mm;

static int note(struct mm_walk *walk, int level, bool leaf, unsigned long address,
	unsigned long end)
{
	if (notes.count < NOTE) {
		notes.at[notes.count].mm = walk->mm;
		notes.at[notes.count].address = address;
		notes.at[notes.count].end = end;
		notes.at[notes.count].level = level;
		notes.at[notes.count].leaf = leaf;
	}
	notes.count++;
	return notes.count == notes.answer_at ? notes.answer : 0;
}

static int note_entry(struct mm_walk *walk, const struct descent *at,
	unsigned long address, unsigned long end)
{
	if (notes.count + 1 == notes.again_at && notes.agains < notes.again_times) {
		notes.agains++;
		walk->action = ACTION_AGAIN;
		return 0;
	}
	if (at->level != LEVEL_PTE)
		walk->action = notes.action;
	return note(walk, at->level, pxd_leaf(at->level, at->entry), address, end);
}

static int note_hole(struct mm_walk *walk, unsigned long address, unsigned long end)
{
	return note(walk, walk->vma ? -1 : -2, false, address, end);
}

static int note_begin(struct mm_walk *walk, unsigned long start, unsigned long end)
{
	notes.vmas_begun++;
	return walk->vma->prot == PROT_READ;
}

static void note_end(struct mm_walk *walk)
{
	notes.vmas_ended++;
}

static const struct mm_walk_ops ptes = {.entry = {[LEVEL_PTE] = note_entry},
	.hole = note_hole,
	.pre_vma = note_begin,
	.post_vma = note_end};
static const struct mm_walk_ops pmds = {
	.entry = {[LEVEL_PMD] = note_entry}, .hole = note_hole};
static const struct mm_walk_ops both = {
	.entry = {[LEVEL_PMD] = note_entry, [LEVEL_PTE] = note_entry}};

static int walk(unsigned long start, unsigned long end, const struct mm_walk_ops *ops)
{
	int err;

	notes.count = notes.agains = notes.vmas_begun = notes.vmas_ended = 0;
	mm_read_lock(mm);
	err = walk_page_range(mm, start, end, ops, NULL);
	mm_read_unlock(mm);
	return err;
}

static void expect(unsigned int i, int level, unsigned long address, unsigned long end)
{
	EXPECT(i < notes.count);
	EXPECT_EQ(notes.at[i].level, level);
	EXPECT_EQ(notes.at[i].address, address);
	EXPECT_EQ(notes.at[i].end, end);
}

static void map(unsigned long at, unsigned long pages, unsigned int prot)
{
	EXPECT_EQ(mm_map(mm, &at, pages * PAGE_SIZE, prot, MM_FIXED), 0);
}

static void make(void)
{
	memset(&notes, 0, sizeof(notes));
	mm = mm_create();
	mm_use(mm);
}

static void finish(void)
{
	mm_use(NULL);
	mm_put(mm);
}

UNIT_TEST(mm_pagewalk_entries_and_holes)
{
	make();
	map(AT, 3, RW);
	map(AT + 4 * PAGE_SIZE, 1, RW);
	store(AT, 1);
	store(AT + 2 * PAGE_SIZE, 1);
	EXPECT_EQ(walk(AT - PAGE_SIZE, AT + 5 * PAGE_SIZE, &ptes), 0);
	EXPECT_EQ(notes.count, 6);
	expect(0, -2, AT - PAGE_SIZE, AT);
	expect(1, LEVEL_PTE, AT, AT + PAGE_SIZE);
	expect(2, -1, AT + PAGE_SIZE, AT + 2 * PAGE_SIZE);
	expect(3, LEVEL_PTE, AT + 2 * PAGE_SIZE, AT + 3 * PAGE_SIZE);
	expect(4, -2, AT + 3 * PAGE_SIZE, AT + 4 * PAGE_SIZE);
	expect(5, -1, AT + 4 * PAGE_SIZE, AT + 5 * PAGE_SIZE);
	EXPECT_EQ(notes.vmas_begun, 2);
	EXPECT_EQ(notes.vmas_ended, 2);
	finish();
}

UNIT_TEST(mm_pagewalk_leaves_out_vmas)
{
	make();
	map(AT, 1, PROT_READ);
	map(AT + PAGE_SIZE, 1, RW);
	store(AT + PAGE_SIZE, 1);
	EXPECT_EQ(walk(AT, AT + 2 * PAGE_SIZE, &ptes), 0);
	EXPECT_EQ(notes.count, 1);
	expect(0, LEVEL_PTE, AT + PAGE_SIZE, AT + 2 * PAGE_SIZE);
	EXPECT_EQ(notes.vmas_ended, 1);
	finish();
}

/* Where no address is, nothing can be told: not even of what lies before. */
UNIT_TEST(mm_pagewalk_resident)
{
	u8 present[2] = {7, 7};

	make();
	map(AT, 2, RW);
	store(AT, 1);
	EXPECT_EQ(mm_resident(mm, AT, 2, present), 0);
	EXPECT(present[0] == 1 && present[1] == 0);
	EXPECT_EQ(mm_resident(mm, AT + PAGE_SIZE, 2, present), -ENOMEM);
	EXPECT_EQ(mm_resident(mm, -PAGE_SIZE, 1, present), -ENOMEM);
	EXPECT_EQ(mm_resident(mm, -2 * PAGE_SIZE, 2, present), -ENOMEM);
	finish();
}

/* Upper tables are shown once, though the walk comes back to them. */
UNIT_TEST(mm_pagewalk_upper_entries_once)
{
	unsigned long end = AT + 2 * HUGE_SIZE;

	make();
	map(AT, 2 * HUGE_PAGES, RW);
	store(AT + PAGE_SIZE, 1);
	store(AT + HUGE_SIZE, 1);
	EXPECT_EQ(walk(AT + PAGE_SIZE, end, &both), 0);
	EXPECT_EQ(notes.count, 4);
	expect(0, LEVEL_PMD, AT + PAGE_SIZE, AT + HUGE_SIZE);
	EXPECT(!notes.at[0].leaf);
	expect(1, LEVEL_PTE, AT + PAGE_SIZE, AT + 2 * PAGE_SIZE);
	expect(2, LEVEL_PMD, AT + HUGE_SIZE, end);
	expect(3, LEVEL_PTE, AT + HUGE_SIZE, AT + HUGE_SIZE + PAGE_SIZE);
	EXPECT_EQ(walk(AT, end, &pmds), 0);
	EXPECT_EQ(notes.count, 2);
	expect(0, LEVEL_PMD, AT, AT + HUGE_SIZE);
	expect(1, LEVEL_PMD, AT + HUGE_SIZE, end);
	finish();
}

UNIT_TEST(mm_pagewalk_stops_with_an_answer)
{
	make();
	map(AT, 4, RW);
	store(AT, 1);
	store(AT + PAGE_SIZE, 1);
	notes.answer_at = 2;
	notes.answer = 17;
	EXPECT_EQ(walk(AT, AT + 4 * PAGE_SIZE, &ptes), 17);
	EXPECT_EQ(notes.count, 2);
	EXPECT_EQ(notes.vmas_ended, 1);
	finish();
}

UNIT_TEST(mm_pagewalk_again_and_no_more)
{
	make();
	map(AT, 2, RW);
	store(AT, 1);
	store(AT + PAGE_SIZE, 1);
	notes.again_at = 2; /* the second page */
	notes.again_times = WALK_RETRIES;
	EXPECT_EQ(walk(AT, AT + 2 * PAGE_SIZE, &ptes), 0);
	EXPECT_EQ(notes.count, 2);
	EXPECT_EQ(notes.agains, WALK_RETRIES);
	notes.again_times = WALK_RETRIES + 1;
	EXPECT_EQ(walk(AT, AT + 2 * PAGE_SIZE, &ptes), -EAGAIN);
	EXPECT_EQ(notes.count, 1);
	finish();
}

/* Of a leaf, if the machine has any: who wants pages gets them, who does not leaves it.
 */
UNIT_TEST(mm_pagewalk_splits_for_lower_callbacks)
{
	enum thp_policy before = thp_policy;
	bool leaves = arch_leaf_possible(LEVEL_PMD);
	s64 split = counter_sum(COUNT_LEAVES_SPLIT);

	make();
	thp_policy = THP_ALWAYS;
	map(AT, HUGE_PAGES, RW);
	store(AT, 1);
	EXPECT_EQ(walk(AT, AT + HUGE_SIZE, &pmds), 0);
	EXPECT_EQ(notes.count, 1);
	EXPECT_EQ(notes.at[0].leaf, leaves);
	notes.action = ACTION_CONTINUE;
	EXPECT_EQ(walk(AT, AT + HUGE_SIZE, &both), 0);
	EXPECT_EQ(notes.count, 1);
	EXPECT_EQ(counter_sum(COUNT_LEAVES_SPLIT), split);
	notes.action = ACTION_SUBTREE;
	EXPECT_EQ(walk(AT + PAGE_SIZE, AT + 3 * PAGE_SIZE, &both), 0);
	EXPECT_EQ(notes.count, 3);
	expect(0, LEVEL_PMD, AT + PAGE_SIZE, AT + 3 * PAGE_SIZE);
	EXPECT_EQ(notes.at[0].leaf, leaves);
	expect(1, LEVEL_PTE, AT + PAGE_SIZE, AT + 2 * PAGE_SIZE);
	EXPECT_EQ(counter_sum(COUNT_LEAVES_SPLIT), split + leaves);
	EXPECT_EQ(mm_pages(mm), HUGE_PAGES);
	thp_policy = before;
	finish();
}

/* Pages 2 .. 5 of an object, from AT on, twice in this mm and once, as its own, in
 * another. */
UNIT_TEST(mm_pagewalk_of_an_object)
{
	struct object *object = object_create(8 * PAGE_SIZE);
	unsigned long at = AT, again = AT + 8 * PAGE_SIZE, elsewhere = AT + HUGE_SIZE;
	struct mm *other = mm_create();

	make();
	EXPECT_EQ(mm_map_object(mm, &at, 4 * PAGE_SIZE, RW, MM_FIXED | MM_SHARED, object,
			  2 * PAGE_SIZE),
		0);
	EXPECT_EQ(mm_map_object(
			  mm, &again, 8 * PAGE_SIZE, RW, MM_FIXED | MM_SHARED, object, 0),
		0);
	EXPECT_EQ(
		mm_map_object(other, &elsewhere, 8 * PAGE_SIZE, RW, MM_FIXED, object, 0),
		0);
	store(at + PAGE_SIZE, 3); /* page 3 */
	store(again, 1);
	EXPECT_EQ(mm_fault(other, elsewhere + 3 * PAGE_SIZE, ACCESS_READ), 0);
	EXPECT_EQ(walk_page_mapping(object, 2, 2, &ptes, NULL), 0);
	EXPECT_EQ(notes.vmas_begun, 3);
	EXPECT_EQ(notes.count, 6);
	expect(0, -1, at, at + PAGE_SIZE);
	expect(1, LEVEL_PTE, at + PAGE_SIZE, at + 2 * PAGE_SIZE);
	EXPECT(notes.at[1].mm == mm);
	expect(2, -1, again + 2 * PAGE_SIZE, again + 3 * PAGE_SIZE);
	expect(3, -1, again + 3 * PAGE_SIZE, again + 4 * PAGE_SIZE);
	expect(5, LEVEL_PTE, elsewhere + 3 * PAGE_SIZE, elsewhere + 4 * PAGE_SIZE);
	EXPECT(notes.at[5].mm == other);
	notes.count = 0;
	EXPECT_EQ(walk_page_mapping(object, 8, ~0UL, &ptes, NULL), 0);
	EXPECT_EQ(notes.count, 0);
	mm_put(other);
	object_put(object);
	finish();
}

/* Whoever has written to a page faults when he does it again; who has a copy of his own
 * goes on. */
UNIT_TEST(mm_pagewalk_write_protects)
{
	struct object *object = object_create(2 * PAGE_SIZE);
	unsigned long at = AT, own = AT + 8 * PAGE_SIZE;
	s64 faults;

	make();
	EXPECT_EQ(mm_map_object(
			  mm, &at, 2 * PAGE_SIZE, RW, MM_FIXED | MM_SHARED, object, 0),
		0);
	EXPECT_EQ(mm_map_object(mm, &own, PAGE_SIZE, RW, MM_FIXED, object, 0), 0);
	store(at, 1);
	store(at + PAGE_SIZE, 1);
	store(own, 1);
	mapping_write_protect(object, 0, 1);
	faults = counter_sum(COUNT_FAULTS);
	store(at + PAGE_SIZE, 2);
	store(own, 2);
	EXPECT_EQ(counter_sum(COUNT_FAULTS), faults);
	store(at, 2);
	EXPECT_EQ(counter_sum(COUNT_FAULTS), faults + 1);
	object_put(object);
	finish();
}
