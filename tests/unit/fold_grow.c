/*
 * tests/unit/fold_grow.c - roots that grow: what was there stays, what is new can be
 * used, and the books are right, whatever the mm began with.
 */
#include "tests/unit/mm_help.h"
#include "tests/unit/table_mm.h"
#include "tests/unit/unit.h"
#include "kernel/base/counters.h"
#include "kernel/base/errno.h"
#include "kernel/sched/rcu.h"
#include "mm/table/fold.h"
#include "mm/table/walk.h"

#define RW    (PROT_READ | PROT_WRITE)
#define PLACE 0x8000000UL
#define PAGES 3

static unsigned long deepest_limit(void)
{
	return arch_root_limit(fold_policy.deepest);
}

/* fold_each_start() for tests about mms that do grow. */
static void (*growing_test)(void);
static unsigned int grown;

static void if_it_grows(void)
{
	if (fold_policy.first == fold_policy.deepest)
		return;
	growing_test();
	grown++;
}

static void each_that_grows(void (*test)(void))
{
	growing_test = test;
	grown = 0;
	fold_each_start(if_it_grows);
	if (!grown)
		unit_skip("tables do not grow under this policy");
}

static int grow(struct mm *mm, unsigned long limit)
{
	int err;

	mm_write_lock(mm);
	err = fold_grow(mm, limit);
	mm_write_unlock(mm);
	return err;
}

/* A page with its own address in it. */
static unsigned long *put_page(struct mm *mm, unsigned long address)
{
	EXPECT_EQ(mm_map(mm, &address, PAGE_SIZE, RW, MM_FIXED), 0);
	EXPECT_EQ(mm_fault(mm, address, ACCESS_WRITE), 0);
	*mm_peek(mm, address) = address;
	return mm_peek(mm, address);
}

/* The bottom, the last page below the limit of now, and one in the middle. */
static void put_pages(struct mm *mm, unsigned long *addresses, unsigned long **words)
{
	addresses[0] = PLACE + fold_root_level(mm) * PAGE_SIZE;
	addresses[1] = mm->limit / 2 & PAGE_MASK;
	addresses[2] = mm->limit - PAGE_SIZE;
	for (int i = 0; i < PAGES; i++)
		words[i] = put_page(mm, addresses[i]);
}

static void expect_pages(
	struct mm *mm, const unsigned long *addresses, unsigned long *const *words)
{
	for (int i = 0; i < PAGES; i++) {
		EXPECT(mm_peek(mm, addresses[i]) == words[i]);
		EXPECT_EQ(*words[i], addresses[i]);
	}
}

static bool count_table(
	struct walk *walk, int level, pxd_t *ptr, pxd_t entry, unsigned long address)
{
	((u32 *)walk->arg)[level - 1]++;
	return false;
}

/* What is counted is what a walk meets: one root, and no table of a folded level. */
static void expect_books(struct mm *mm)
{
	static const struct walk_ops ops = {.enter = count_table};
	u32 tables[LEVELS] = {0};
	struct walk walk = {.mm = mm, .ops = &ops, .arg = tables};
	int root = fold_root_level(mm);

	tables[root] = 1;
	mm_read_lock(mm);
	(void)walk_range(&walk, 0, mm->limit);
	mm_read_unlock(mm);
	EXPECT_EQ(mm->limit, arch_root_limit(root));
	for (int level = 0; level < LEVELS; level++)
		EXPECT_EQ(mm->tables[level], tables[level]);
}

static void check_growth(void)
{
	unsigned long addresses[LEVELS][PAGES], *words[LEVELS][PAGES];
	struct mm *mm;
	int first, root;
	s64 tables;

	rcu_barrier(); /* other tests' tables are gone */
	tables = counter_sum(COUNT_TABLES);
	mm = mm_create();
	first = fold_root_level(mm);
	EXPECT_EQ(first, fold_policy.first);
	for (root = first; root <= fold_policy.deepest; root++) {
		EXPECT_EQ(fold_root_level(mm), root);
		expect_books(mm);
		put_pages(mm, addresses[root], words[root]);
		expect_books(mm);
		for (int old = first; old <= root; old++)
			expect_pages(mm, addresses[old], words[old]);
		if (root < fold_policy.deepest)
			EXPECT_EQ(grow(mm, mm->limit + 1), 0);
	}
	for (int old = first; old < root; old++)
		expect_pages(mm, addresses[old], words[old]);
	EXPECT_EQ(mm->tables[LEVEL_PTE] > 1, true);
	mm_put(mm); /* asserts that pages and tables are back to zero */
	rcu_barrier();
	EXPECT_EQ(counter_sum(COUNT_TABLES), tables);
}

UNIT_TEST(fold_grow_keeps_what_was_there)
{
	fold_each_start(check_growth);
}

/* One call may add several levels, and never takes one away. */
static void check_all_at_once(void)
{
	struct mm *mm = mm_create();
	unsigned long *word = put_page(mm, PLACE);
	s64 grown = counter_sum(COUNT_FOLD_GROWS);

	EXPECT_EQ(grow(mm, mm->limit), 0);
	EXPECT_EQ(fold_root_level(mm), fold_policy.first);
	EXPECT_EQ(grow(mm, deepest_limit()), 0);
	EXPECT_EQ(fold_root_level(mm), fold_policy.deepest);
	EXPECT_EQ(counter_sum(COUNT_FOLD_GROWS) - grown,
		fold_policy.deepest - fold_policy.first);
	expect_books(mm);
	EXPECT_EQ(grow(mm, PLACE), 0);
	EXPECT_EQ(mm->limit, deepest_limit());
	EXPECT(mm_peek(mm, PLACE) == word);
	EXPECT_EQ(*put_page(mm, mm->limit - PAGE_SIZE), mm->limit - PAGE_SIZE);
	mm_put(mm);
}

UNIT_TEST(fold_grow_many_levels)
{
	fold_each_start(check_all_at_once);
}

static void check_beyond(void)
{
	struct mm *mm = mm_create();
	unsigned long limit = mm->limit;

	EXPECT_EQ(grow(mm, deepest_limit() + 1), -ENOMEM);
	EXPECT_EQ(grow(mm, ~0UL), -ENOMEM);
	EXPECT_EQ(mm->limit, limit);
	EXPECT_EQ(fold_root_level(mm), fold_policy.first);
	mm_put(mm);
}

UNIT_TEST(fold_grow_refuses_what_no_root_can)
{
	fold_each_start(check_beyond);
}

/* What lay in the old root can be unmapped under the new one, tables and all, and the
 * other way round. */
static void check_unmap(void)
{
	struct mm *mm = mm_create();
	unsigned long top;

	(void)put_page(mm, PLACE);
	EXPECT_EQ(grow(mm, mm->limit + 1), 0);
	top = mm->limit - PAGE_SIZE;
	(void)put_page(mm, top);
	EXPECT_EQ(mm_pages(mm), 2);
	EXPECT_EQ(mm_unmap(mm, PLACE, PAGE_SIZE), 0);
	EXPECT(!mm_peek(mm, PLACE));
	EXPECT_EQ(*mm_peek(mm, top), top);
	EXPECT_EQ(mm->tables[LEVEL_PTE], 1);
	EXPECT_EQ(*put_page(mm, PLACE), PLACE);
	EXPECT_EQ(mm_unmap(mm, top, PAGE_SIZE), 0);
	EXPECT_EQ(*mm_peek(mm, PLACE), PLACE);
	EXPECT_EQ(mm_unmap(mm, PLACE, PAGE_SIZE), 0);
	EXPECT_EQ(table_mm_tables(mm), 1); /* only the root */
	mm_put(mm);
}

UNIT_TEST(fold_grow_then_unmap)
{
	each_that_grows(check_unmap);
}

/* Of three roots in a chain the lowest maps nothing, the one above it one page. When that
 * goes, its table is empty but for the lowest root, and stays. */
static void check_unmap_between(void)
{
	struct mm *mm = mm_create();
	unsigned long place = mm->limit + PLACE;

	if (!grow(mm, mm->limit + 1) && !grow(mm, mm->limit + 1)) {
		(void)put_page(mm, place);
		EXPECT_EQ(mm_unmap(mm, place, PAGE_SIZE), 0);
		EXPECT(!mm_peek(mm, place));
		EXPECT_EQ(*put_page(mm, PLACE), PLACE);
		EXPECT_EQ(*put_page(mm, place), place);
		EXPECT_EQ(mm_unmap(mm, PLACE, PAGE_SIZE), 0);
		EXPECT_EQ(*mm_peek(mm, place), place);
	}
	mm_put(mm);
}

UNIT_TEST(fold_grow_twice_then_unmap)
{
	each_that_grows(check_unmap_between);
}
