/*
 * tests/unit/ledger.c - mm/oracle/ledger.c: references of user frames that no mapping
 * accounts for are counted, whoever holds them; and nobody is accused who has flushed.
 * What it does about mistakes: crash.c.
 */
#include "mm/oracle/ledger.h"
#include "kernel/base/thread_info.h"
#include "mm/space/frame.h"
#include "mm/space/gup.h"
#include "mm/space/mm.h"
#include "mm/table/descend.h"
#include "mm/table/pgtable.h"
#include "mm/table/tlb.h"
#include "tests/unit/unit.h"

#define AT    0x20000000UL
#define PAGES 8

static long since(long before)
{
	return ledger_outstanding() - before;
}

/* Held pages are outstanding, mapped or not; given back, they are gone. */
UNIT_TEST(ledger_counts_what_is_held)
{
	unsigned long address = AT;
	struct page *pages[PAGES];
	struct mm *mm = mm_create();
	long before = ledger_outstanding();

	mm_use(mm);
	EXPECT_EQ(mm_map(mm, &address, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MM_FIXED | MM_POPULATE),
		0);
	EXPECT_EQ(since(before), 0);
	EXPECT_EQ(gup(AT, PAGES, FOLL_GET, pages), PAGES);
	EXPECT_EQ(since(before), PAGES);
	EXPECT_EQ(mm_unmap(mm, AT, 2 * PAGE_SIZE), 0);
	EXPECT_EQ(since(before), PAGES);
	gup_put(pages, PAGES);
	EXPECT_EQ(since(before), 0);
	EXPECT_EQ(gup(AT + 2 * PAGE_SIZE, 1, FOLL_PIN, pages), 1);
	EXPECT_EQ(since(before), PAGE_PIN_BIAS);
	gup_unpin(pages, 1);
	mm_use(NULL);
	mm_put(mm);
	EXPECT_EQ(since(before), 0);
}

static struct page *unhook(struct mm *mm)
{
	struct descent at;
	pxd_t old;

	descend_find(mm, AT, &at);
	spin_lock(&mm->table_lock);
	old = pxd_unhook(at.level, at.ptr, AT, arch_pxd_empty(at.level));
	spin_unlock(&mm->table_lock);
	return page_of_phys(arch_pxd_phys(at.level, old));
}

/* A flush reaches every CPU in hardware while this one is loading the mm: what was
 * unhooked before it may be freed, though the load had begun earlier still. */
UNIT_TEST(ledger_sees_a_flush_during_a_load)
{
	unsigned long address = AT;
	struct mm *mm = mm_create();
	struct page *page;
	u64 begun;

	mm_use(mm);
	EXPECT_EQ(mm_map(mm, &address, PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MM_FIXED | MM_POPULATE),
		0);
	preempt_disable();
	ledger_loaded(ledger_loading(NULL), NULL);
	begun = ledger_loading(mm);
	page = unhook(mm);
	ledger_flushed_everywhere(ledger_begin(), mm);
	ledger_loaded(begun, mm);
	page_put(page);
	preempt_enable();
	tlb_flush_mm(mm);
	mm_use(NULL);
	mm_put(mm);
}
