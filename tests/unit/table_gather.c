/*
 * tests/unit/table_gather.c - unmapping: everything in the range goes, nothing else does,
 * and the books are even at the end.
 */
#include "tests/unit/table_mm.h"
#include "tests/unit/unit.h"
#include "mm/space/frame.h"
#include "mm/table/descend.h"
#include "mm/table/gather.h"

#define MANY 1100 /* more than two full batches */

static bool mapped(struct mm *mm, unsigned long address)
{
	struct descent at;

	descend_find(mm, address, &at);
	return pxd_leaf(at.level, at.entry);
}

/* The frame outlives the unmapping here only because the test holds a reference, too. */
UNIT_TEST(table_gather_drops_its_reference)
{
	struct page *page;
	struct mm mm;

	for_each_root_level(root)
	{
		if (!table_mm_make(&mm, root))
			continue;
		page = table_mm_map(&mm, 0x123000, PROT_READ);
		page_get(page);
		EXPECT_EQ(mm_pages(&mm), 1);
		table_mm_unmap(&mm, 0x123000, 0x124000, 0, 0);
		EXPECT_EQ(mm_pages(&mm), 0);
		EXPECT_EQ(page->refs, 1);
		EXPECT(!mapped(&mm, 0x123000));
		page_put(page);
		table_mm_free(&mm);
	}
}

UNIT_TEST(table_gather_many_pages)
{
	struct mm mm;

	for_each_root_level(root)
	{
		if (!table_mm_make(&mm, root))
			continue;
		for (unsigned long i = 0; i < MANY; i++)
			table_mm_map(&mm, (i + 7) * PAGE_SIZE, PROT_READ | PROT_WRITE);
		EXPECT_EQ(mm_pages(&mm), MANY);
		table_mm_unmap(&mm, 9 * PAGE_SIZE, MANY * PAGE_SIZE, 9 * PAGE_SIZE,
			MANY * PAGE_SIZE);
		EXPECT_EQ(mm_pages(&mm), 9);
		EXPECT(mapped(&mm, 8 * PAGE_SIZE));
		EXPECT(!mapped(&mm, 9 * PAGE_SIZE));
		EXPECT(!mapped(&mm, (MANY - 1) * PAGE_SIZE));
		EXPECT(mapped(&mm, MANY * PAGE_SIZE));
		table_mm_free(&mm);
	}
}

/* A table goes with the last mapping in the gap, not while a neighbour lives in it. */
UNIT_TEST(table_gather_keeps_shared_tables)
{
	struct mm mm;

	for_each_root_level(root)
	{
		if (!table_mm_make(&mm, root))
			continue;
		table_mm_map(&mm, 0x5000, PROT_READ);
		table_mm_map(&mm, 0x9000, PROT_READ);
		table_mm_unmap(&mm, 0x5000, 0x6000, 0, 0x9000);
		EXPECT_EQ(mm.tables[LEVEL_PTE], 1);
		EXPECT(mapped(&mm, 0x9000));
		table_mm_unmap(&mm, 0x9000, 0xa000, 0, 0);
		EXPECT_EQ(table_mm_tables(&mm), 1);
		table_mm_free(&mm);
	}
}

/* With a neighbour one entry of `level` away, tables below that level go, others stay. */
UNIT_TEST(table_gather_frees_up_to_neighbour)
{
	struct mm mm;

	for_each_root_level(root) for (int level = LEVEL_PMD; level <= root; level++)
	{
		unsigned long next = pxd_size(level);

		if (!table_mm_make(&mm, root))
			continue;
		table_mm_map(&mm, 0x3000, PROT_READ);
		table_mm_map(&mm, next, PROT_READ);
		for (int i = 0; i < LEVELS; i++)
			EXPECT_EQ(mm.tables[i], i > root ? 0 : i < level ? 2 : 1);
		table_mm_unmap(&mm, 0x3000, 0x4000, 0, next);
		for (int i = 0; i < LEVELS; i++)
			EXPECT_EQ(mm.tables[i], i <= root);
		EXPECT(mapped(&mm, next));
		table_mm_free(&mm);
	}
}

/* Tables that never got a page (the frame source was empty) are freed, too. */
UNIT_TEST(table_gather_frees_unused_tables)
{
	struct descent at;
	struct mm mm;

	for_each_root_level(root)
	{
		if (!table_mm_make(&mm, root))
			continue;
		EXPECT_EQ(descend_alloc(&mm, 0x5000, LEVEL_PTE, &at), 0);
		table_mm_unmap(&mm, 0x5000, 0x6000, 0, 0);
		EXPECT_EQ(table_mm_tables(&mm), 1);
		table_mm_free(&mm);
	}
}

UNIT_TEST(table_gather_large_leaf)
{
	unsigned long large = 2 * pxd_size(LEVEL_PMD);
	struct mm mm;

	if (!table_mm_has_block(LEVEL_PMD))
		return;
	for_each_root_level(root)
	{
		if (!table_mm_make(&mm, root))
			continue;
		table_mm_map_leaf(&mm, LEVEL_PMD, large, PROT_READ);
		EXPECT_EQ(mm_pages(&mm), pxd_size(LEVEL_PMD) / PAGE_SIZE);
		table_mm_unmap(&mm, large, large + pxd_size(LEVEL_PMD), 0, 0);
		EXPECT_EQ(mm_pages(&mm), 0);
		table_mm_free(&mm);
	}
}

/* What of a device's leaf is not to go, goes too, flushed: a fault finds it again. */
UNIT_TEST(table_gather_cuts_device_leaves)
{
	struct mm mm;

	for_each_root_level(root) for (int level = LEVEL_PMD; level <= LEVEL_PUD; level++)
	{
		unsigned long at = pxd_size(level);
		u64 before;

		if (root <= level || !table_mm_make(&mm, root))
			continue;
		table_mm_map_device(&mm, level, at, PROT_READ);
		EXPECT_EQ(mm_pages(&mm), pxd_size(level) / PAGE_SIZE);
		before = mm.tlb_gen;
		table_mm_unmap(&mm, at + PAGE_SIZE, at + 2 * PAGE_SIZE, at, at);
		EXPECT_EQ(mm_pages(&mm), 0);
		if (policies.flush == FLUSH_IPI)
			EXPECT(mm.tlb_gen > before);
		table_mm_map_device(&mm, level, at, PROT_READ);
		table_mm_unmap(&mm, at, at + pxd_size(level), 0, 0);
		table_mm_free(&mm);
	}
}
