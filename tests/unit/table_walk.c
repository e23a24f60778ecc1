/*
 * tests/unit/table_walk.c - the range walk visits every mapped page once, in order,
 * across every boundary that the levels have.
 */
#include "tests/unit/table_mm.h"
#include "tests/unit/unit.h"
#include "mm/table/walk.h"

#define PAGES_MAX 32

struct visits {
	unsigned int count, stop_at; /* stop before the visit of this number; 0: never */
	unsigned int tables_entered, tables_left;
	unsigned long addresses[PAGES_MAX];
};

static bool note_leaf(
	struct walk *walk, int level, pxd_t *ptr, pxd_t entry, unsigned long address)
{
	struct visits *visits = walk->arg;

	if (visits->stop_at && visits->count + 1 == visits->stop_at)
		return true;
	if (visits->count < PAGES_MAX)
		visits->addresses[visits->count] = address;
	visits->count++;
	return false;
}

static bool note_enter(
	struct walk *walk, int level, pxd_t *ptr, pxd_t entry, unsigned long address)
{
	((struct visits *)walk->arg)->tables_entered++;
	return false;
}

static void note_leave(
	struct walk *walk, int level, pxd_t *ptr, pxd_t entry, unsigned long address)
{
	((struct visits *)walk->arg)->tables_left++;
}

static const struct walk_ops note = {
	.leaf = note_leaf, .enter = note_enter, .leave = note_leave};

static unsigned long walk_noting(
	struct mm *mm, struct visits *visits, unsigned long start, unsigned long end)
{
	struct walk walk = {.mm = mm, .ops = &note, .arg = visits};
	unsigned long stop;

	spin_lock(&mm->table_lock);
	stop = walk_range(&walk, start, end);
	spin_unlock(&mm->table_lock);
	return stop;
}

/* Two pages on each side of the first boundary of each level, and the last page of all.
 * Returns the addresses in order. */
static unsigned int map_boundaries(struct mm *mm, int root, unsigned long *addresses)
{
	unsigned int count = 0;

	for (int level = LEVEL_PMD; level <= root; level++) {
		unsigned long boundary = pxd_size(level);

		for (long page = -2; page < 2; page++) {
			unsigned long address = boundary + page * (long)PAGE_SIZE;

			if (address < mm->limit)
				addresses[count++] = address;
		}
	}
	addresses[count++] = mm->limit - PAGE_SIZE;
	for (unsigned int i = 0; i < count; i++)
		table_mm_map(mm, addresses[i], PROT_READ);
	return count;
}

UNIT_TEST(table_walk_visits_each_page_once)
{
	unsigned long mapped[PAGES_MAX];
	struct visits visits;
	struct mm mm;

	for_each_root_level(root)
	{
		unsigned int count;

		if (!table_mm_make(&mm, root))
			continue;
		count = map_boundaries(&mm, root, mapped);
		visits = (struct visits){0};
		EXPECT_EQ(walk_noting(&mm, &visits, 0, mm.limit), mm.limit);
		EXPECT_EQ(visits.count, count);
		for (unsigned int i = 0; i < count; i++)
			EXPECT_EQ(visits.addresses[i], mapped[i]);
		/* each table but the root hangs on one entry */
		EXPECT_EQ(visits.tables_entered, table_mm_tables(&mm) - 1);
		EXPECT_EQ(visits.tables_left, visits.tables_entered);
		table_mm_free(&mm);
	}
}

/* Any part of the space shows exactly the pages in it. */
UNIT_TEST(table_walk_keeps_to_its_range)
{
	unsigned long mapped[PAGES_MAX];
	struct visits visits;
	struct mm mm;

	for_each_root_level(root)
	{
		unsigned int count;

		if (!table_mm_make(&mm, root))
			continue;
		count = map_boundaries(&mm, root, mapped);
		for (unsigned int i = 0; i < count; i++)
			for (unsigned int j = i; j < count; j++) {
				visits = (struct visits){0};
				walk_noting(
					&mm, &visits, mapped[i], mapped[j] + PAGE_SIZE);
				EXPECT_EQ(visits.count, j - i + 1);
				EXPECT_EQ(visits.addresses[0], mapped[i]);
			}
		table_mm_free(&mm);
	}
}

UNIT_TEST(table_walk_stops_and_resumes)
{
	unsigned long mapped[PAGES_MAX];
	struct mm mm;

	for_each_root_level(root)
	{
		unsigned int count;

		if (!table_mm_make(&mm, root))
			continue;
		count = map_boundaries(&mm, root, mapped);
		for (unsigned int i = 1; i <= count; i++) {
			struct visits visits = {.stop_at = i};
			unsigned long stop = walk_noting(&mm, &visits, 0, mm.limit);

			EXPECT_EQ(stop, mapped[i - 1]);
			EXPECT_EQ(visits.count, i - 1);
			visits.stop_at = 0;
			walk_noting(&mm, &visits, stop, mm.limit);
			EXPECT_EQ(visits.count, count);
		}
		table_mm_free(&mm);
	}
}

/* A large leaf is one visit with its own address, even if the range starts inside it. */
UNIT_TEST(table_walk_visits_large_leaf)
{
	unsigned long large = 2 * pxd_size(LEVEL_PMD);
	struct mm mm;

	if (!table_mm_has_block(LEVEL_PMD))
		return;
	for_each_root_level(root)
	{
		struct visits visits = {0};

		if (!table_mm_make(&mm, root))
			continue;
		table_mm_map(&mm, large - PAGE_SIZE, PROT_READ);
		table_mm_map_leaf(&mm, LEVEL_PMD, large, PROT_READ);
		walk_noting(&mm, &visits, large - PAGE_SIZE, mm.limit);
		EXPECT_EQ(visits.count, 2);
		EXPECT_EQ(visits.addresses[1], large);
		visits = (struct visits){0};
		walk_noting(&mm, &visits, large + 3 * PAGE_SIZE, large + 4 * PAGE_SIZE);
		EXPECT_EQ(visits.count, 1);
		EXPECT_EQ(visits.addresses[0], large);
		table_mm_free(&mm);
	}
}
