/*
 * tests/unit/table_descend.c - the way down to one address.
 */
#include "tests/unit/table_mm.h"
#include "tests/unit/unit.h"
#include "mm/table/descend.h"

UNIT_TEST(table_descend_ends_where_nothing_is)
{
	struct descent at;
	struct mm mm;

	for_each_root_level(root)
	{
		if (!table_mm_make(&mm, root))
			continue;
		descend_find(&mm, 0x121000, &at);
		EXPECT_EQ(at.level, root);
		EXPECT(at.ptr == mm.root + pxd_index(root, 0x121000));
		EXPECT(pxd_none(root, at.entry));
		table_mm_free(&mm);
	}
}

UNIT_TEST(table_descend_adds_what_is_missing)
{
	struct descent at, again;
	struct mm mm;

	for_each_root_level(root)
	{
		if (!table_mm_make(&mm, root))
			continue;
		EXPECT_EQ(descend_alloc(&mm, 0x121000, LEVEL_PTE, &at), 0);
		EXPECT_EQ(at.level, LEVEL_PTE);
		EXPECT(pxd_none(LEVEL_PTE, at.entry));
		for (int level = LEVEL_PTE; level <= root; level++)
			EXPECT_EQ(mm.tables[level], 1);
		EXPECT_EQ(descend_alloc(&mm, 0x122000, LEVEL_PTE, &again), 0);
		EXPECT(again.ptr == at.ptr + 1);
		EXPECT_EQ(table_mm_tables(&mm), root + 1);
		descend_find(&mm, 0x121000, &again);
		EXPECT(again.ptr == at.ptr);
		table_mm_free(&mm);
	}
}

UNIT_TEST(table_descend_stops_at_level)
{
	struct descent at;
	struct mm mm;

	for_each_root_level(root)
	{
		if (!table_mm_make(&mm, root))
			continue;
		EXPECT_EQ(descend_alloc(&mm, 0x121000, LEVEL_PMD, &at), 0);
		EXPECT_EQ(at.level, LEVEL_PMD);
		EXPECT_EQ(mm.tables[LEVEL_PTE], 0);
		table_mm_free(&mm);
	}
}

/* A leaf is never taken for a table, however deep the caller wanted to go. */
UNIT_TEST(table_descend_stops_at_leaf)
{
	unsigned long address = 3 * pxd_size(LEVEL_PMD);
	struct descent at;
	struct mm mm;

	if (!table_mm_has_block(LEVEL_PMD))
		return;
	for_each_root_level(root)
	{
		if (!table_mm_make(&mm, root))
			continue;
		table_mm_map_leaf(&mm, LEVEL_PMD, address, PROT_READ);
		EXPECT_EQ(descend_alloc(&mm, address + 3 * PAGE_SIZE, LEVEL_PTE, &at), 0);
		EXPECT_EQ(at.level, LEVEL_PMD);
		EXPECT(pxd_leaf(LEVEL_PMD, at.entry));
		descend_find(&mm, address + 3 * PAGE_SIZE, &at);
		EXPECT_EQ(at.level, LEVEL_PMD);
		table_mm_free(&mm);
	}
}

/* Two faults want the same table: the second finds the first one's and gives up its own.
 */
UNIT_TEST(table_populate_loses_a_race)
{
	struct descent at;
	struct mm mm;
	pxd_t linked;

	for_each_root_level(root)
	{
		if (!table_mm_make(&mm, root))
			continue;
		EXPECT_EQ(descend_alloc(&mm, 0x121000, LEVEL_PMD, &at), 0);
		EXPECT_EQ(table_populate(&mm, LEVEL_PMD, at.ptr, 0x121000), 0);
		linked = pxd_read(at.ptr);
		EXPECT_EQ(table_populate(&mm, LEVEL_PMD, at.ptr, 0x121000), 0);
		EXPECT_EQ(pxd_read(at.ptr).v, linked.v);
		EXPECT_EQ(mm.tables[LEVEL_PTE], 1);
		table_mm_free(&mm);
	}
}
