/*
 * tests/unit/table_pgtable.c - the steps of mm/table/pgtable.h on this machine's entries.
 */
#include "tests/unit/table_mm.h"
#include "tests/unit/unit.h"

#define FRAME phys(1UL << 40) /* aligned for every leaf; never touched */

static pxd_t first_entry(const struct mm *mm)
{
	return pxd_read(mm->root);
}

/* Calls check(level) for each level that exists, at each depth. */
static void at_each_level(void (*check)(int level))
{
	struct mm mm;

	for_each_root_level(root)
	{
		if (!table_mm_make(&mm, root))
			continue;
		for (int level = LEVEL_PTE; level <= root; level++)
			check(level);
		table_mm_free(&mm);
	}
}

static void expect_is(
	int level, pxd_t entry, bool none, bool present, bool leaf, bool bad)
{
	EXPECT_EQ(pxd_folded(level, entry), false);
	EXPECT_EQ(pxd_none(level, entry), none);
	EXPECT_EQ(pxd_present(level, entry), present);
	EXPECT_EQ(pxd_leaf(level, entry), leaf);
	EXPECT_EQ(pxd_bad(level, entry), bad);
}

static void check_empty(int level)
{
	expect_is(level, arch_pxd_empty(level), true, false, false, false);
}

UNIT_TEST(table_entry_empty)
{
	at_each_level(check_empty);
}

static void check_table(int level)
{
	phys_t table = phys(0x12344000);
	pxd_t entry;

	if (level == LEVEL_PTE)
		return;
	entry = arch_pxd_table(level, table);
	expect_is(level, entry, false, true, false, false);
	EXPECT_EQ(arch_pxd_phys(level, entry).v, table.v);
}

UNIT_TEST(table_entry_table)
{
	at_each_level(check_table);
}

/* A right that was asked for is there; a write or execute right that was not, is not. */
static void check_leaf(int level)
{
	if (level > LEVEL_PUD)
		return;
	for (unsigned int prot = 0; prot < 8; prot++) {
		pxd_t entry = arch_pxd_leaf_make(level, FRAME, prot);
		unsigned int got = arch_pxd_prot(level, entry);

		expect_is(level, entry, false, true, true, false);
		EXPECT_EQ(arch_pxd_phys(level, entry).v, FRAME.v);
		EXPECT_EQ(got & prot, prot);
		EXPECT_EQ(got & ~prot & ~PROT_READ, 0);
		EXPECT_EQ(got == PROT_NONE, prot == PROT_NONE);
	}
}

UNIT_TEST(table_entry_leaf)
{
	at_each_level(check_leaf);
}

static void check_bad(int level)
{
	pxd_t damaged = {arch_pxd_empty(level).v ^ 0x10};

	EXPECT(pxd_bad(level, damaged));
}

UNIT_TEST(table_entry_bad)
{
	at_each_level(check_bad);
}

/* Above the root each step hands the same slot and value down, whatever the address. */
UNIT_TEST(table_folded_levels_pass_through)
{
	struct mm mm;

	for_each_root_level(root)
	{
		if (!table_mm_make(&mm, root))
			continue;
		for (int level = LEVEL_PGD; level > root; level--) {
			pxd_t *slot = mm.root + 5;
			pxd_t value = first_entry(&mm);

			EXPECT(pxd_folded(level, value));
			EXPECT(pxd_present(level, value));
			EXPECT(!pxd_none(level, value));
			EXPECT(!pxd_leaf(level, value));
			EXPECT(!pxd_bad(level, value));
			EXPECT(pxd_offset_lockless(level - 1, slot, value, 0x7000) ==
				slot);
			EXPECT_EQ(pxd_value_lockless(level - 1, NULL, value).v, value.v);
		}
		table_mm_free(&mm);
	}
}

/* The top step indexes the root with the root's own level. */
UNIT_TEST(table_root_step)
{
	struct mm mm;

	for_each_root_level(root)
	{
		if (!table_mm_make(&mm, root))
			continue;
		for (unsigned long i = 0; i < mm.limit >> ARCH_LEVEL_SHIFT(root); i += 61)
			EXPECT(pgd_offset(mm.root, i * pxd_size(root) + 0x5000) ==
				mm.root + i);
		table_mm_free(&mm);
	}
}

/* The ends that pxd_addr_end() names cut a range into adjoining parts, each within one
 * entry, also where the space ends. */
static void check_parts(int level, unsigned long start, unsigned long end)
{
	unsigned long address = start;

	for (int parts = 0; parts < 4; parts++) {
		unsigned long stop = pxd_addr_end(level, address, end);

		EXPECT_EQ(address >> ARCH_LEVEL_SHIFT(level),
			(stop - 1) >> ARCH_LEVEL_SHIFT(level));
		if (stop == end)
			return;
		EXPECT_EQ(stop & (pxd_size(level) - 1), 0);
		EXPECT(stop > address);
		address = stop;
	}
	EXPECT(!"three entries take four parts");
}

UNIT_TEST(table_addr_end_partitions)
{
	for (int level = LEVEL_PTE; level <= LEVEL_PGD; level++) {
		unsigned long size = pxd_size(level);

		check_parts(level, 0, PAGE_SIZE);
		check_parts(level, 0, size);
		check_parts(level, size / 2 & PAGE_MASK, size + PAGE_SIZE);
		check_parts(level, 3 * size - PAGE_SIZE, 5 * size);
		check_parts(level, -2 * size, -PAGE_SIZE);
		check_parts(level, -size - PAGE_SIZE, -PAGE_SIZE);
	}
}
