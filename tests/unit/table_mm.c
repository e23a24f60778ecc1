/*
 * tests/unit/table_mm.c - see table_mm.h.
 */
#include "tests/unit/table_mm.h"
#include "tests/unit/unit.h"
#include "mm/space/frame.h"
#include "mm/table/descend.h"
#include "mm/table/gather.h"
#include "mm/table/table.h"

#ifdef ORIGAMI_SIM
#define choose_root(level)  (sim_boot_root = (level))
#define choose_root_again() (sim_boot_root = sim_default_root)
#else
#define choose_root(level)
#define choose_root_again()
#endif

bool table_mm_make(struct mm *mm, int level)
{
	choose_root(level);
	if (arch_root_level(arch_pxd_empty(level)) != level)
		return false;
	*mm = (struct mm){.users = 1};
	rwsem_init(&mm->lock, "test mm", RANK_MM);
	spin_init(&mm->table_lock, "test page table", RANK_PAGE_TABLE);
	EXPECT_EQ(table_create_root(mm, level), 0);
	EXPECT_EQ(table_root_level(mm), level);
	return true;
}

static void install(struct mm *mm, struct descent *at, phys_t frame, unsigned int prot)
{
	spin_lock(&mm->table_lock);
	pxd_set(at->level, at->ptr, arch_pxd_leaf_make(at->level, frame, prot));
	mm->pages += pxd_size(at->level) / PAGE_SIZE;
	spin_unlock(&mm->table_lock);
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

struct page *table_mm_map_leaf(
	struct mm *mm, int level, unsigned long address, unsigned int prot)
{
	struct page *page =
		frame_alloc(ARCH_LEVEL_SHIFT(level) - PAGE_SHIFT, PAGE_ANON, 0);
	struct descent at;

	EXPECT_EQ(descend_alloc(mm, address, level, &at), 0);
	EXPECT_EQ(at.level, level);
	install(mm, &at, page_phys(page), prot);
	return page;
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

void table_mm_free(struct mm *mm)
{
	table_mm_unmap(mm, 0, mm->limit, 0, 0);
	EXPECT_EQ(mm->pages, 0);
	EXPECT_EQ(table_mm_tables(mm), 1);
	table_destroy_root(mm);
	EXPECT_EQ(table_mm_tables(mm), 0);
	choose_root_again();
	rcu_barrier(); /* the next test finds all frames back */
}

unsigned int table_mm_tables(const struct mm *mm)
{
	unsigned int count = 0;

	for (int level = 0; level < LEVELS; level++)
		count += mm->tables[level];
	return count;
}
