/*
 * tests/unit/leaf_flush.c - the machine's own large leaves: it translates through them,
 * and what was cached of one is gone, on each CPU, when its flush has returned.
 *
 * The leaves are made by hand, in an mm without VMAs: an access that finds no translation
 * fails, because no fault is answered.
 */
#include "tests/unit/crew.h"
#include "tests/unit/table_mm.h"
#include "tests/unit/unit.h"
#include "arch/contract/page.h"
#include "arch/contract/uaccess.h"
#include "mm/space/frame.h"
#include "mm/table/descend.h"
#include "mm/table/policy.h"
#include "kernel/sched/rcu.h"
#include "mm/table/tlb.h"

#define LEAF_AT(level) (level == LEVEL_PMD ? 0x40000000UL : 4 * pxd_size(LEVEL_PUD))

static struct mm *mm;
static unsigned long at;  /* (c) where a user reads and writes */
static u32 turn;          /* (a) of the other CPU's looks */
static u64 before, after; /* what it has read; NOTHING: it could not */
static bool wrote;        /* then */

#define NOTHING (~0UL)

static u64 read_word(void)
{
	u64 value;

	return arch_copy_from_user(&value, at, sizeof(value)) ? NOTHING : value;
}

static bool write_word(u64 value)
{
	return !arch_copy_to_user(at, &value, sizeof(value));
}

/* Between its looks this CPU does not switch: that alone would make it forget. */
static void look_twice(unsigned long unused)
{
	mm_use(mm);
	before = read_word();
	preempt_disable();
	atomic_store(&turn, 1);
	spin_until(atomic_load(&turn) == 2);
	preempt_enable();
	after = read_word();
	wrote = write_word(after);
	mm_use(NULL);
}

static void replace(int level, pxd_t replacement)
{
	struct descent slot;

	descend_find(mm, at, &slot);
	EXPECT_EQ(slot.level, level);
	spin_lock(&mm->table_lock);
	(void)pxd_unhook(level, slot.ptr, at & ~(pxd_size(level) - 1), replacement);
	spin_unlock(&mm->table_lock);
}

static void replace_and_flush(int level, pxd_t replacement)
{
	unsigned long start = at & ~(pxd_size(level) - 1);

	replace(level, replacement);
	tlb_flush_range(mm, start, start + pxd_size(level));
}

/* The leaf is in two TLBs, or in one; then it is replaced. */
static void case_of(int level, pxd_t replacement, u64 first, u64 then, bool writable)
{
	bool others = cpus_online & 2;

	turn = 0;
	if (others)
		crew_start(look_twice, 0, 2);
	EXPECT_EQ(read_word(), first);
	spin_until(!others || atomic_load(&turn) == 1);
	replace_and_flush(level, replacement);
	EXPECT_EQ(read_word(), then);
	EXPECT_EQ(write_word(then), writable);
	atomic_store(&turn, 2);
	crew_join();
	if (!others)
		return;
	EXPECT_EQ(before, first);
	EXPECT_EQ(after, then);
	EXPECT_EQ(wrote, writable);
}

static void make(struct page *page, int level)
{
	mm = mm_create();
	mm_use(mm);
	at = table_mm_map_around(mm, level, LEAF_AT(level), page, PROT_READ | PROT_WRITE);
	*(u64 *)page_address(page) = 1;
}

static void unmake(int level)
{
	table_mm_unmap_around(mm, level, LEAF_AT(level));
	table_mm_unmap(mm, LEAF_AT(level), LEAF_AT(level) + pxd_size(level), 0, 0);
	mm_use(NULL);
	mm_put(mm);
	rcu_barrier();
}

static pxd_t leaf_around(int level, struct page *page, unsigned int prot)
{
	u64 size = BIT(ARCH_LEVEL_SHIFT(level));

	return arch_pxd_leaf_make(level, phys(page_phys(page).v & ~(size - 1)), prot);
}

/* Of the same page: written by a user, then for reading only, then for nobody. */
static void rights_shrink(int level, struct page *page)
{
	make(page, level);
	EXPECT(write_word(5));
	EXPECT_EQ(*(u64 *)page_address(page), 5);
	case_of(level, leaf_around(level, page, PROT_READ), 5, 5, false);
	case_of(level, leaf_around(level, page, PROT_NONE), 5, NOTHING, false);
	unmake(level);
}

/* By a leaf of another block. */
static void moves(int level, struct page *page, struct page *other)
{
	make(page, level);
	*(u64 *)page_address(other) = 2;
	case_of(level, leaf_around(level, other, PROT_READ | PROT_WRITE), 1, 2, true);
	EXPECT_EQ(*(u64 *)page_address(page), 1);
	unmake(level);
}

static void under_each_model(int level, void (*check)(void))
{
	struct table_policies usual = policies;

	if (!arch_leaf_possible(level) || fold_policy.first < level)
		return unit_skip("no such leaves here");
	EXPECT_EQ(thread_set_allowed(current(), 1), 0);
	for (int flush = FLUSH_IPI; flush <= FLUSH_BROADCAST; flush++) {
		policies.flush = flush;
		check();
	}
	policies = usual;
	EXPECT_EQ(thread_set_allowed(current(), ANYWHERE), 0);
}

static void check_pmd(void)
{
	const unsigned int order = ARCH_LEVEL_SHIFT(LEVEL_PMD) - PAGE_SHIFT;
	struct page *first = frame_alloc(order, PAGE_ANON, 0),
		    *second = frame_alloc(order, PAGE_ANON, 0);

	if (first && second) {
		moves(LEVEL_PMD, first + 3, second + 3);
		rights_shrink(LEVEL_PMD, first + BIT(order) - 1);
	} else {
		unit_skip("no free blocks of the size of a leaf");
	}
	if (first)
		page_put(first);
	if (second)
		page_put(second);
}

static void check_pud(void)
{
	struct page *page = frame_alloc(0, PAGE_ANON, 0);

	EXPECT(page);
	rights_shrink(LEVEL_PUD, page);
	page_put(page);
}

UNIT_TEST(leaf_flush_pmd)
{
	under_each_model(LEVEL_PMD, check_pmd);
}

UNIT_TEST(leaf_flush_pud)
{
	under_each_model(LEVEL_PUD, check_pud);
}
