/*
 * tests/unit/ledger.c - mm/oracle/ledger.c: references of user frames that no mapping
 * accounts for are counted, whoever holds them. What it does about mistakes: crash.c.
 */
#include "mm/oracle/ledger.h"
#include "mm/space/frame.h"
#include "mm/space/gup.h"
#include "mm/space/mm.h"
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
