/*
 * mm/table/table.c - making page tables; see table.h for the rules and
 * ptdesc.h for a table's life.
 *
 * What can fail: only the allocation of frames, which the caller hears as NULL or
 * -ENOMEM.
 */
#include "mm/table/table.h"
#include "kernel/base/counters.h"
#include "kernel/base/errno.h"
#include "kernel/base/panic.h"
#include "kernel/base/spin.h"
#include "kernel/base/trace.h"
#include "mm/space/frame.h"
#include "mm/space/mm.h"
#include "mm/table/pgtable.h"

struct ptdesc *ptdesc_of(int level, const pxd_t *ptr)
{
	unsigned long bytes = PAGE_SIZE << ARCH_TABLE_ORDER(level);
	unsigned long first = ALIGN_DOWN((unsigned long)ptr, bytes);
	struct page *page = page_of_virt((void *)first);

	LAB_ASSERT(page->type == PAGE_TABLE, "frame type %u", page->type);
	return (struct ptdesc *)page;
}

pxd_t *ptdesc_table(const struct ptdesc *table)
{
	return page_address((const struct page *)table);
}

const char *pxd_name(int level)
{
	static const char *const names[LEVELS] = {"pte", "pmd", "pud", "p4d", "pgd"};

	return names[level];
}

void pxd_check_store(int level, const pxd_t *ptr)
{
	const struct ptdesc *table = ptdesc_of(level, ptr);

	ASSERT(table->level == (u32)level, "a %s entry for a table of %s entries",
		pxd_name(level), pxd_name(table->level));
	spin_assert_held(&table->mm->table_lock);
}

struct ptdesc *table_alloc(struct mm *mm, int level)
{
	pxd_t empty = arch_pxd_empty(level);
	struct ptdesc *table = (struct ptdesc *)frame_alloc(ARCH_TABLE_ORDER(level),
		PAGE_TABLE, FRAME_USER | (empty.v ? 0 : FRAME_ZERO));

	if (!table)
		return NULL;
	table->level = level;
	table->mm = mm;
	table->deposit = NULL;
	list_init(&table->link);
	/* Nobody else sees the table yet: whoever links it publishes this. */
	for (unsigned long i = 0; empty.v && i < BIT(ARCH_TABLE_ORDER(level)); i++)
		fill_page((char *)ptdesc_table(table) + i * PAGE_SIZE, empty.v);
	counter_add_exact(COUNT_TABLES, 1);
	return table;
}

void table_free_unused(struct ptdesc *table)
{
	TRACE(table_free, ptdesc_table(table), table->level);
	counter_add_exact(COUNT_TABLES, -1);
	frame_free((struct page *)table);
}

void table_link(struct mm *mm, int level, pxd_t *ptr, struct ptdesc *table)
{
	pxd_set(level, ptr, arch_pxd_table(level, page_phys((struct page *)table)));
	mm->tables[table->level]++;
}

static bool link_if_none(
	struct mm *mm, int level, pxd_t *ptr, unsigned long address, struct ptdesc *table)
{
	/* SAFE(populate_recheck): since the caller looked, another fault may have linked
	 * a table here (storing over it would lose what it maps) or installed a leaf.
	 * Pairs with every store under table_lock. */
	if (!pxd_none(level, pxd_read(ptr)))
		return false;
	TRACE(table_link, address, page_phys((struct page *)table).v);
	table_link(mm, level, ptr, table);
	return true;
}

int table_populate(struct mm *mm, int level, pxd_t *ptr, unsigned long address)
{
	struct ptdesc *table = table_alloc(mm, level - 1);
	bool linked;

	if (!table)
		return -ENOMEM;
	spin_lock(&mm->table_lock);
	linked = link_if_none(mm, level, ptr, address, table);
	spin_unlock(&mm->table_lock);
	if (!linked)
		table_free_unused(table);
	return 0;
}

void table_deposit(pxd_t *ptr, struct ptdesc *table)
{
	struct ptdesc *above = ptdesc_of(LEVEL_PMD, ptr);

	spin_assert_held(&above->mm->table_lock);
	table->deposit = above->deposit;
	above->deposit = table;
}

struct ptdesc *table_withdraw(pxd_t *ptr)
{
	struct ptdesc *above = ptdesc_of(LEVEL_PMD, ptr), *table = above->deposit;

	spin_assert_held(&above->mm->table_lock);
	TRACE_POINT(table_withdraw);
	ASSERT(table, "a leaf at %p without a deposited table", ptr);
	above->deposit = table->deposit;
	table->deposit = NULL;
	return table;
}
