/*
 * tests/unit/table_mm.c - see table_mm.h.
 */
#include "tests/unit/table_mm.h"
#include "tests/unit/unit.h"
#include "kernel/sched/thread.h"
#include "mm/huge/leaf.h"
#include "mm/space/frame.h"
#include "mm/space/vma.h"
#include "mm/table/descend.h"
#include "mm/table/gather.h"
#include "mm/table/fold.h"
#include "mm/table/table.h"
#include "mm/table/tlb.h"

/* On the host a test decides about levels; in a guest the boot has. */
#ifdef ORIGAMI_SIM
#define FOLDS (2 * (LEVELS - SIM_LEVELS_MIN + 1)) /* boot and permm, to 5 levels */

static struct fold_policy fold_before;
static unsigned int choices;

static void fold_save(void)
{
	if (!choices++)
		fold_before = fold_policy;
}

static void fold_restore(void)
{
	if (!--choices)
		fold_policy = fold_before;
}

static bool choose_fold(int number)
{
	if (FOLD_LEVELS)
		return number == 0;
	return arch_fold_choose(
		number & 1 ? FOLD_PERMM : FOLD_BOOT, SIM_LEVELS_MIN + number / 2);
}

static void choose_root(int level)
{
	fold_save();
	if (fold_policy.kind == FOLD_BOOT)
		arch_fold_choose(FOLD_BOOT, level + 1);
}
#else
#define FOLDS               1
#define fold_save()         ((void)0)
#define fold_restore()      ((void)0)
#define choose_fold(number) true
#define choose_root(level)  ((void)0)
#endif

bool table_mm_make(struct mm *mm, int level)
{
	choose_root(level);
	if (arch_root_level(arch_pxd_empty(level)) != level) {
		fold_restore();
		return false;
	}
	*mm = (struct mm){.users = 1};
	rwsem_init(&mm->lock, "test mm", RANK_MM);
	spin_init(&mm->table_lock, "test page table", RANK_PAGE_TABLE);
	vma_set_init(mm);
	EXPECT_EQ(fold_create(mm, level), 0);
	EXPECT_EQ(fold_root_level(mm), level);
	return true;
}

static void install_leaf(struct mm *mm, struct descent *at, pxd_t leaf)
{
	bool counted = leaf_has_table(at->level, leaf);
	struct ptdesc *table = counted ? table_alloc(mm, LEVEL_PTE) : NULL;

	spin_lock(&mm->table_lock);
	if (table)
		table_deposit(at->ptr, table);
	pxd_set(at->level, at->ptr, leaf);
	spin_unlock(&mm->table_lock);
}

static void install(struct mm *mm, struct descent *at, phys_t frame, unsigned int prot)
{
	install_leaf(mm, at, arch_pxd_leaf_make(at->level, frame, prot));
}

void table_mm_map_device(
	struct mm *mm, int level, unsigned long address, unsigned int prot)
{
	struct descent at;

	EXPECT_EQ(descend_alloc(mm, address, level, &at), 0);
	EXPECT_EQ(at.level, level);
	install_leaf(mm, &at,
		arch_pxd_uncounted(level, arch_pxd_leaf_make(level, phys(0), prot)));
}

struct page *table_mm_map(struct mm *mm, unsigned long address, unsigned int prot)
{
	struct page *page = frame_alloc(0, PAGE_ANON, FRAME_ZERO);
	struct descent at;

	EXPECT_EQ(descend_alloc(mm, address, LEVEL_PTE, &at), 0);
	EXPECT_EQ(at.level, LEVEL_PTE);
	install(mm, &at, page_phys(page), prot);
	return page;
}

bool table_mm_has_block(int level)
{
	struct page *page =
		frame_alloc(ARCH_LEVEL_SHIFT(level) - PAGE_SHIFT, PAGE_ANON, 0);

	if (page)
		page_put(page);
	else
		unit_skip("no free block of the size of a leaf");
	return page;
}

struct page *table_mm_map_leaf(
	struct mm *mm, int level, unsigned long address, unsigned int prot)
{
	struct page *page =
		frame_alloc(ARCH_LEVEL_SHIFT(level) - PAGE_SHIFT, PAGE_ANON, 0);
	struct descent at;

	EXPECT_EQ(descend_alloc(mm, address, level, &at), 0);
	EXPECT_EQ(at.level, level);
	page_make_block(page);
	install(mm, &at, page_phys(page), prot);
	return page;
}

unsigned long table_mm_map_around(struct mm *mm, int level, unsigned long address,
	struct page *page, unsigned int prot)
{
	u64 frame = page_phys(page).v,
	    offset = frame & (BIT(ARCH_LEVEL_SHIFT(level)) - 1);
	struct descent at;

	EXPECT_EQ(descend_alloc(mm, address, level, &at), 0);
	EXPECT_EQ(at.level, level);
	install(mm, &at, phys(frame - offset), prot);
	return address + offset;
}

void table_mm_unmap_around(struct mm *mm, int level, unsigned long address)
{
	struct descent at;

	descend_find(mm, address, &at);
	EXPECT_EQ(at.level, level);
	spin_lock(&mm->table_lock);
	(void)pxd_unhook(level, at.ptr, address, arch_pxd_empty(level));
	if (level == LEVEL_PMD)
		table_free_unused(table_withdraw(at.ptr));
	spin_unlock(&mm->table_lock);
	tlb_flush_mm(mm);
}

void table_mm_unmap(struct mm *mm, unsigned long start, unsigned long end,
	unsigned long floor, unsigned long ceiling)
{
	struct gather gather;

	mm_write_lock(mm);
	gather_begin(&gather, mm);
	gather_unmap(&gather, start, end);
	gather_free_tables(&gather, start, end, floor, ceiling);
	gather_end(&gather);
	mm_write_unlock(mm);
}

void table_mm_enter(struct mm *mm)
{
	mm_use(mm);
}

void table_mm_free(struct mm *mm)
{
	if (current()->mm == mm) {
		mm_use(NULL);
		tlb_leave(mm);
	}
	table_mm_unmap(mm, 0, mm->limit, 0, 0);
	EXPECT_EQ(mm_pages(mm), 0);
	EXPECT_EQ(table_mm_tables(mm), 1);
	fold_destroy(mm);
	EXPECT_EQ(table_mm_tables(mm), 0);
	fold_restore();
	rcu_barrier(); /* the next test finds all frames back */
}

unsigned int table_mm_tables(const struct mm *mm)
{
	unsigned int count = 0;

	for (int level = 0; level < LEVELS; level++)
		count += mm->tables[level];
	return count;
}

void fold_each_policy(void (*test)(void (*check)(int root)), void (*check)(int root))
{
	fold_save();
	for (int number = 0; number < min(FOLDS, 2); number++)
		if (choose_fold(number))
			test(check);
	fold_restore();
}

void fold_each_start(void (*test)(void))
{
	fold_save();
	for (int number = 0; number < FOLDS; number++)
		if (choose_fold(number))
			test();
	fold_restore();
}
