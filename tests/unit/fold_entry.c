/*
 * tests/unit/fold_entry.c - fold conformance, one entry at a time: what the steps of
 * mm/table/pgtable.h say of every kind of entry, at levels that exist and at folded ones,
 * under every policy that can be had.
 */
#include "tests/unit/mm_help.h"
#include "tests/unit/table_mm.h"
#include "tests/unit/unit.h"
#include "kernel/base/print.h"
#include "mm/table/fold.h"

#define FRAME phys(1UL << 40) /* aligned for every leaf; never touched */
#define RW    (PROT_READ | PROT_WRITE)

/* The host's entries end the test if their tag is damaged. */
#ifdef ORIGAMI_SIM
#define DAMAGED_BITS 56
#else
#define DAMAGED_BITS 64
#endif

static struct mm mm;

/* Calls check(root) with an mm of each depth. */
static void at_each_depth(void (*check)(int root))
{
	for_each_root_level(root)
	{
		if (!table_mm_make(&mm, root))
			continue;
		check(root);
		table_mm_free(&mm);
	}
}

/* An entry is exactly one of none, leaf, well-formed table, bad. */
static void expect_one_class(int level, pxd_t e)
{
	unsigned int classes;

	if (pxd_bad(level, e)) {
		EXPECT(!pxd_none(level, e));
		return;
	}
	classes = pxd_none(level, e) + pxd_leaf(level, e) +
		  (pxd_present(level, e) && !pxd_leaf(level, e));
	EXPECT_EQ(classes, 1);
	if (classes != 1)
		print("# level %d entry %lx\n", level, e.v);
}

static void damage(int level, pxd_t e)
{
	for (int bit = 0; bit < DAMAGED_BITS; bit++) {
		pxd_t damaged = {e.v ^ BIT(bit)};

		if (!pxd_folded(level, damaged))
			expect_one_class(level, damaged);
	}
}

static void check_classes(int root)
{
	for (int level = LEVEL_PTE; level <= root; level++) {
		expect_one_class(level, arch_pxd_empty(level));
		EXPECT(pxd_none(level, arch_pxd_empty(level)));
#ifdef ORIGAMI_SIM
		if (arch_pxd_empty(level).v)
#endif
			damage(level, arch_pxd_empty(level));
		if (level > LEVEL_PTE)
			damage(level, arch_pxd_table(level, phys(0x12344000)));
		for (unsigned int prot = 0; level <= LEVEL_PUD && prot < 8; prot++)
			damage(level, arch_pxd_leaf_make(level, FRAME, prot));
	}
}

UNIT_TEST(fold_entry_is_of_one_kind)
{
	fold_each_policy(at_each_depth, check_classes);
}

/* Nothing that can stand in a root hides that the levels above it are folded; and a step
 * through one of those neither reads nor moves. */
static void expect_passes(int root, pxd_t value, u64 *seed)
{
	static pxd_t *const slot = (pxd_t *)0x1000; /* never read */

	for (int level = LEVEL_PGD; level > root; level--) {
		unsigned long address = mm_random(seed);

		EXPECT(pxd_folded(level, value));
		EXPECT(pxd_present(level, value));
		EXPECT(!pxd_none(level, value));
		EXPECT(!pxd_leaf(level, value));
		EXPECT(!pxd_bad(level, value));
		EXPECT(pxd_offset_lockless(level - 1, slot, value, address) == slot);
		EXPECT_EQ(pxd_value_lockless(level - 1, slot, value).v, value.v);
	}
	EXPECT(!pxd_folded(root, value));
	EXPECT_EQ(arch_root_level(value), root);
}

static void check_folded(int root)
{
	u64 seed = 1;

	expect_passes(root, arch_pxd_empty(root), &seed);
	expect_passes(root, arch_pxd_table(root, phys(0x12344000)), &seed);
	for (unsigned int prot = 0; root <= LEVEL_PUD && prot < 8; prot++)
		expect_passes(root, arch_pxd_leaf_make(root, FRAME, prot), &seed);
}

UNIT_TEST(fold_entry_passes_through)
{
	fold_each_policy(at_each_depth, check_folded);
}

/* The slot as the hardware would find it: from the root's own level, nothing folded. */
static pxd_t *slot_by_hand(int level, unsigned long address)
{
	pxd_t *table = mm.root;

	for (int at = fold_root_level(&mm); at > level; at--)
		table = phys_to_virt(
			arch_pxd_phys(at, pxd_read(table + pxd_index(at, address))));
	return table + pxd_index(level, address);
}

static pxd_t *slot_by_steps(int level, unsigned long address)
{
	pxd_t *ptr = pgd_offset(mm.root, address), *below;
	pxd_t value = pxd_read(ptr);

	for (int at = LEVEL_PGD; at > level; at--) {
		below = pxd_offset_lockless(at - 1, ptr, value, address);
		value = pxd_value_lockless(at - 1, below, value);
		ptr = below;
	}
	EXPECT_EQ(value.v, pxd_read(ptr).v);
	return ptr;
}

static void check_slots(int root)
{
	u64 seed = 0x5107 + root;

	for (int i = 0; i < 20; i++) {
		unsigned long address = mm_random(&seed) % mm.limit & PAGE_MASK;

		if (!mm_peek(&mm, address))
			table_mm_map(&mm, address, PROT_READ);
		for (int level = LEVEL_PTE; level <= root; level++)
			EXPECT(slot_by_steps(level, address) ==
				slot_by_hand(level, address));
	}
}

UNIT_TEST(fold_steps_find_the_slot)
{
	fold_each_policy(at_each_depth, check_slots);
}

/* Each part lies in one entry, they adjoin, and the last ends where the range does. The
 * first and the last byte decide how many there are. */
static void check_parts(int level, unsigned long start, unsigned long end)
{
	unsigned long parts = 1, at = start, stop;
	unsigned long expected = ((end - 1) >> ARCH_LEVEL_SHIFT(level)) -
				 (start >> ARCH_LEVEL_SHIFT(level)) + 1;

	while ((stop = pxd_addr_end(level, at, end)) != end && parts < expected) {
		EXPECT(stop > at);
		EXPECT_EQ(stop & (pxd_size(level) - 1), 0);
		EXPECT_EQ((stop - 1) >> ARCH_LEVEL_SHIFT(level),
			at >> ARCH_LEVEL_SHIFT(level));
		at = stop;
		parts++;
	}
	EXPECT_EQ(stop, end);
	EXPECT_EQ(parts, expected);
}

UNIT_TEST(fold_addr_end_cuts_any_range)
{
	u64 seed = 0xadde;

	for (int i = 0; i < 1000; i++) {
		int level = mm_random(&seed) % LEVELS;
		unsigned long length = mm_random(&seed) % (40 * pxd_size(LEVEL_PTE));
		unsigned long start = mm_random(&seed) & PAGE_MASK;

		/* up to 40 entries long, anywhere below 2^64 */
		if (level > LEVEL_PTE)
			length *= pxd_size(level - 1) >> PAGE_SHIFT;
		length = (length & PAGE_MASK) + PAGE_SIZE;
		if (start + length > start)
			check_parts(level, start, start + length);
	}
}
