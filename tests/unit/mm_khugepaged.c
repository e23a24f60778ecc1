/*
 * tests/unit/mm_khugepaged.c - rounds of khugepaged, one by one: what they make blocks
 * of, and what they let be.
 */
#include "tests/unit/mm_help.h"
#include "tests/unit/mm_user.h"
#include "tests/unit/unit.h"
#include "kernel/base/errno.h"
#include "mm/huge/khugepaged.h"
#include "mm/huge/leaf.h"
#include "mm/space/gup.h"
#include "mm/space/object.h"

#define RW     (PROT_READ | PROT_WRITE)
#define BLOCKS 3
#define AT     (64 * HUGE_SIZE)

static struct mm *mm;
static struct object *object; /* which it shows, or NULL */
static enum thp_policy policy_before;
static struct khugepaged settings_before;

static unsigned long page(unsigned long block, unsigned long i)
{
	return AT + block * HUGE_SIZE + i * PAGE_SIZE;
}

/* Single pages, the first `count` of each of BLOCKS blocks, where blocks are wanted now.
 * A round looks at all of them. */
static void make(unsigned long count)
{
	unsigned long at = AT;

	policy_before = thp_policy;
	settings_before = khugepaged;
	khugepaged.pages_to_scan = 8 * HUGE_PAGES;
	thp_policy = THP_MADVISE;
	mm = mm_create();
	mm_use(mm);
	EXPECT_EQ(object ? mm_map_object(mm, &at, BLOCKS * HUGE_SIZE, RW,
				   MM_FIXED | MM_SHARED, object, 0)
			 : mm_map(mm, &at, BLOCKS * HUGE_SIZE, RW, MM_FIXED),
		0);
	for (unsigned int block = 0; block < BLOCKS; block++)
		for (unsigned long i = 0; i < count; i++)
			store(page(block, i), page(block, i));
	EXPECT_EQ(mm_advise_huge(mm, AT, BLOCKS * HUGE_SIZE, true), 0);
}

/* The same, of an object. */
static void make_object(unsigned long count)
{
	object = object_create(BLOCKS * HUGE_SIZE);
	make(count);
	EXPECT(thp_shmem_choose("advise"));
}

static void finish(void)
{
	mm_use(NULL);
	mm_put(mm);
	if (object)
		object_put(object);
	object = NULL;
	EXPECT(thp_shmem_choose("never"));
	settings_before.full_scans = khugepaged.full_scans;
	khugepaged = settings_before;
	thp_policy = policy_before;
	EXPECT(!khugepaged_has_work());
}

static bool is_block(unsigned int block)
{
	struct descent at;

	descend_find(mm, page(block, 0), &at);
	return pxd_leaf(at.level, at.entry) &&
	       leaf_page(at.level, at.entry)->order == HUGE_ORDER;
}

static unsigned int blocks(void)
{
	return is_block(0) + is_block(1) + is_block(2);
}

/* A round; how many blocks it made. */
static unsigned int scan(void)
{
	u32 before = khugepaged.pages_collapsed;

	EXPECT_EQ(khugepaged_scan(), 0);
	return khugepaged.pages_collapsed - before;
}

static void expect_kept(unsigned int block, unsigned long count)
{
	unsigned long wrong = 0;

	for (unsigned long i = 0; i < HUGE_PAGES; i++)
		wrong += load(page(block, i)) != (i < count ? page(block, i) : 0);
	EXPECT_EQ(wrong, 0);
}

UNIT_TEST(mm_khugepaged)
{
	u32 passes = khugepaged.full_scans;

	EXPECT(!khugepaged_has_work());
	make(HUGE_PAGES);
	EXPECT(khugepaged_has_work());
	EXPECT_EQ(blocks(), 0);
	EXPECT_EQ(scan(), 3);
	EXPECT_EQ(blocks(), 3);
	EXPECT_EQ(khugepaged.full_scans, passes + 1);
	EXPECT_EQ(scan(), 0);
	EXPECT_EQ(khugepaged.full_scans, passes + 2);
	for (unsigned int block = 0; block < BLOCKS; block++)
		expect_kept(block, HUGE_PAGES);
	finish();
}

/* So many pages of a round, and not one block more; the next round goes on there. */
UNIT_TEST(mm_khugepaged_rounds)
{
	u32 passes = khugepaged.full_scans;

	make(HUGE_PAGES);
	khugepaged.pages_to_scan = 1;
	EXPECT_EQ(scan(), 1);
	EXPECT(is_block(0));
	EXPECT_EQ(scan(), 1);
	EXPECT(is_block(1));
	EXPECT_EQ(khugepaged.full_scans, passes);
	khugepaged.pages_to_scan = 2 * HUGE_PAGES;
	EXPECT_EQ(scan(), 1);
	EXPECT_EQ(khugepaged.full_scans, passes + 1);
	finish();
}

UNIT_TEST(mm_khugepaged_where_wanted)
{
	make(HUGE_PAGES);
	EXPECT_EQ(mm_advise_huge(mm, page(1, 0), HUGE_SIZE, false), 0);
	/* There is no room for a block any more, although one page of it is still there.
	 */
	EXPECT_EQ(mm_unmap(mm, page(2, 1), HUGE_SIZE - PAGE_SIZE), 0);
	thp_policy = THP_NEVER;
	EXPECT(!khugepaged_has_work());
	thp_policy = THP_MADVISE;
	EXPECT_EQ(scan(), 1);
	EXPECT(is_block(0));
	expect_kept(1, HUGE_PAGES);
	finish();
}

UNIT_TEST(mm_khugepaged_max_ptes_none)
{
	make(HUGE_PAGES / 2);
	khugepaged.max_ptes_none = HUGE_PAGES / 2 - 1;
	EXPECT_EQ(scan(), 0);
	khugepaged.max_ptes_none = HUGE_PAGES / 2;
	EXPECT_EQ(scan(), 3);
	expect_kept(1, HUGE_PAGES / 2);
	/* Never where there is nothing at all. */
	EXPECT_EQ(mm_discard(mm, page(1, 0), HUGE_SIZE), 0);
	khugepaged.max_ptes_none = HUGE_PAGES - 1;
	EXPECT_EQ(scan(), 0);
	finish();
}

UNIT_TEST(mm_khugepaged_max_ptes_shared)
{
	struct mm *child;

	make(HUGE_PAGES);
	khugepaged.max_ptes_shared = HUGE_PAGES - 1;
	child = mm_fork(mm);
	EXPECT_EQ(scan(), 0);
	store(page(1, 1), page(1, 1));
	EXPECT_EQ(scan(), 2); /* the child has one page of its own there, too */
	EXPECT(is_block(1));
	expect_kept(1, HUGE_PAGES);
	mm_put(child);
	EXPECT_EQ(scan(), 2);
	finish();
}

UNIT_TEST(mm_khugepaged_not_what_is_held)
{
	struct page *held;

	make(HUGE_PAGES);
	EXPECT_EQ(gup(page(1, 1), 1, FOLL_PIN | FOLL_WRITE, &held), 1);
	EXPECT_EQ(scan(), 2);
	EXPECT(!is_block(1));
	store(page(1, 1), 7);
	EXPECT_EQ(*(u64 *)page_address(held), 7);
	gup_unpin(&held, 1);
	EXPECT_EQ(scan(), 1);
	finish();
}

/* A child is looked at, too, each in its turn, and in the same order again; who has ended
 * is passed over. Every mm takes a round for each block, and the end of it the next one.
 */
UNIT_TEST(mm_khugepaged_turns)
{
	u32 passes = khugepaged.full_scans;
	struct mm *child;

	make(HUGE_PAGES);
	khugepaged.pages_to_scan = 1;
	child = mm_fork(mm);
	for (int i = 0; i < 2 * BLOCKS; i++)
		EXPECT_EQ(scan(), 0);
	EXPECT_EQ(khugepaged.full_scans, passes);
	EXPECT_EQ(scan(), 0);
	EXPECT_EQ(khugepaged.full_scans, passes + 1);
	mm_put(child);
	for (int i = 0; i < BLOCKS; i++)
		EXPECT_EQ(scan(), 1); /* nobody else has them any more */
	EXPECT_EQ(khugepaged.full_scans, passes + 1);
	EXPECT_EQ(scan(), 0);
	EXPECT_EQ(khugepaged.full_scans, passes + 2);
	EXPECT_EQ(mm->users, 1);
	finish();
}

/* --- memory objects ----------------------------------------------------------------- */

UNIT_TEST(mm_khugepaged_object)
{
	make_object(HUGE_PAGES / 2);
	khugepaged.max_ptes_none = HUGE_PAGES / 2 - 1;
	EXPECT_EQ(scan(), 0);
	khugepaged.max_ptes_none = HUGE_PAGES / 2;
	EXPECT_EQ(scan(), 3);
	EXPECT_EQ(object->blocks, 3);
	EXPECT_EQ(mm_pages(mm), 0);
	EXPECT_EQ(scan(), 0);
	expect_kept(1, HUGE_PAGES / 2);
	EXPECT_EQ(is_block(1), true);
	EXPECT_EQ(scan(), 0);
	EXPECT_EQ(is_block(1), true); /* and nothing more is done there */
	finish();
}

UNIT_TEST(mm_khugepaged_object_where_wanted)
{
	make_object(HUGE_PAGES);
	EXPECT(thp_shmem_choose("never"));
	EXPECT_EQ(scan(), 0);
	EXPECT(thp_shmem_choose("advise"));
	EXPECT_EQ(mm_advise_huge(mm, page(0, 0), HUGE_SIZE, false), 0);
	EXPECT_EQ(mm_unmap(mm, page(2, 1), HUGE_SIZE - PAGE_SIZE), 0);
	EXPECT_EQ(scan(), 1);
	EXPECT_EQ(object->blocks, 1);
	expect_kept(0, HUGE_PAGES);
	expect_kept(1, HUGE_PAGES);
	finish();
}

/* What is held is not even taken from its mappings. */
UNIT_TEST(mm_khugepaged_object_not_what_is_held)
{
	struct page *held;

	make_object(HUGE_PAGES);
	EXPECT_EQ(gup(page(1, 1), 1, FOLL_PIN | FOLL_WRITE, &held), 1);
	EXPECT_EQ(scan(), 2);
	EXPECT_EQ(mm_pages(mm), HUGE_PAGES);
	store(page(1, 1), 7);
	EXPECT_EQ(*(u64 *)page_address(held), 7);
	gup_unpin(&held, 1);
	EXPECT_EQ(scan(), 1);
	finish();
}
