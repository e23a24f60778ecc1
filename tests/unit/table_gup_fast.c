/*
 * tests/unit/table_gup_fast.c - the lockless walk finds what is mapped, holds it, and
 * stops at everything else. One thread; for others' doings meanwhile see sim/gup_races.c.
 */
#include "tests/unit/table_mm.h"
#include "tests/unit/unit.h"
#include "kernel/sched/thread.h"
#include "mm/space/frame.h"
#include "mm/space/gup.h"

#define RW        (PROT_READ | PROT_WRITE)
#define AT        0x10000000UL
#define PAGES_MAX 64

static struct mm mm;
static struct page *pages[PAGES_MAX];

/* How many pages of [start, start + count) are found; they are let go. */
static unsigned long found(unsigned long start, unsigned long count, unsigned int flags)
{
	unsigned long held = gup_fast(start, count, flags | FOLL_GET, pages);

	gup_put(pages, held);
	return held;
}

/* Two pages on each side of a boundary come in order, whatever levels fold. */
UNIT_TEST(table_gup_fast_crosses_boundaries)
{
	for_each_root_level(root)
	{
		if (!table_mm_make(&mm, root))
			continue;
		table_mm_enter(&mm);
		for (int level = LEVEL_PMD; level <= root; level++) {
			unsigned long start = pxd_size(level) - 2 * PAGE_SIZE;
			struct page *mapped[4];

			if (start + 4 * PAGE_SIZE > mm.limit)
				continue;
			for (int i = 0; i < 4; i++)
				mapped[i] = table_mm_map(
					&mm, start + i * PAGE_SIZE, PROT_READ);
			EXPECT_EQ(gup_fast(start, 4, FOLL_GET, pages), 4);
			for (int i = 0; i < 4; i++) {
				EXPECT(pages[i] == mapped[i]);
				EXPECT_EQ(mapped[i]->refs, 2);
			}
			gup_put(pages, 4);
		}
		table_mm_free(&mm);
	}
}

/* Linux's bug of 2018 (tests/mutants/stackcopy.patch): behind a boundary of the root's
 * entries the walk came back to an entry before it, and found what is mapped one entry
 * below, or two: the decoys. */
UNIT_TEST(table_gup_fast_finds_no_decoys)
{
	for_each_root_level(root)
	{
		unsigned long size = pxd_size(root), boundary = 2 * size, held;
		struct page *mapped[4], *decoys[4];

		if (!table_mm_make(&mm, root))
			continue;
		table_mm_enter(&mm);
		for (int i = 0; i < 4; i++) {
			unsigned long decoy = i / 2 * size + i % 2 * PAGE_SIZE;

			mapped[i] = table_mm_map(
				&mm, boundary + (i - 2) * PAGE_SIZE, PROT_READ);
			decoys[i] = table_mm_map(&mm, decoy, PROT_READ);
		}
		held = gup_fast(boundary - 2 * PAGE_SIZE, 4, FOLL_GET, pages);
		EXPECT_EQ(held, 4);
		for (unsigned long i = 0; i < held; i++)
			EXPECT_EQ(page_phys(pages[i]).v, page_phys(mapped[i]).v);
		for (int i = 0; i < 4; i++)
			EXPECT_EQ(decoys[i]->refs, 1);
		gup_put(pages, held);
		table_mm_free(&mm);
	}
}

UNIT_TEST(table_gup_fast_refuses)
{
	for_each_root_level(root)
	{
		if (!table_mm_make(&mm, root))
			continue;
		table_mm_enter(&mm);
		EXPECT_EQ(found(AT, 1, 0), 0); /* nothing at all */
		table_mm_map(&mm, AT, RW);
		table_mm_map(&mm, AT + PAGE_SIZE, PROT_READ);
		table_mm_map(&mm, AT + 2 * PAGE_SIZE, PROT_NONE);
		table_mm_map(&mm, AT + 4 * PAGE_SIZE, RW);
		EXPECT_EQ(found(AT, 1, FOLL_WRITE), 1);
		EXPECT_EQ(found(AT, 8, 0), 2); /* up to PROT_NONE */
		EXPECT_EQ(found(AT, 8, FOLL_WRITE), 1);
		EXPECT_EQ(found(AT + PAGE_SIZE, 1, FOLL_WRITE), 0);
		EXPECT_EQ(found(AT + 2 * PAGE_SIZE, 1, 0), 0);
		EXPECT_EQ(found(AT + 3 * PAGE_SIZE, 2, 0), 0); /* a hole first */
		EXPECT_EQ(found(AT + 4 * PAGE_SIZE, 8, 0), 1); /* a hole later */
		EXPECT_EQ(found(mm.limit - PAGE_SIZE, 1, 0), 0);
		table_mm_free(&mm);
	}
}

/* Above the limit a root answers for other addresses: it must not be asked. */
UNIT_TEST(table_gup_fast_over_limit)
{
	for_each_root_level(root)
	{
		if (!table_mm_make(&mm, root))
			continue;
		table_mm_enter(&mm);
		table_mm_map(&mm, 0, RW);
		table_mm_map(&mm, mm.limit - PAGE_SIZE, RW);
		EXPECT_EQ(found(mm.limit - PAGE_SIZE, 1, 0), 1);
		if (mm.limit + PAGE_SIZE > mm.limit) {
			EXPECT_EQ(found(mm.limit, 1, 0), 0);
			EXPECT_EQ(found(mm.limit - PAGE_SIZE, 2, 0), 0);
		}
		table_mm_free(&mm);
	}
}

static bool make(void)
{
	if (!table_mm_make(&mm, fold_policy.first))
		return false;
	table_mm_enter(&mm);
	return true;
}

UNIT_TEST(table_gup_fast_pin_survives_unmap)
{
	struct page *page;

	EXPECT(make());
	page = table_mm_map(&mm, AT, RW);
	EXPECT_EQ(gup_fast(AT, 1, FOLL_PIN | FOLL_WRITE, pages), 1);
	EXPECT(pages[0] == page);
	EXPECT_EQ(page->refs, 1 + PAGE_PIN_BIAS);
	EXPECT(page_maybe_pinned(page));
	table_mm_unmap(&mm, AT, AT + PAGE_SIZE, 0, 0);
	EXPECT_EQ(page->refs, PAGE_PIN_BIAS);
	EXPECT_EQ(page->type, PAGE_ANON);
	EXPECT_EQ(found(AT, 1, 0), 0);
	gup_unpin(pages, 1);
	EXPECT(page->type != PAGE_ANON);
	table_mm_free(&mm);
}

/* Whole leaves and parts of them, with a page before. */
UNIT_TEST(table_gup_fast_leaf)
{
	unsigned long large = 2 * pxd_size(LEVEL_PMD), size = pxd_size(LEVEL_PMD);
	long most = min(8L, (long)(1 + size / PAGE_SIZE));
	struct page *head, *page;

	if (!table_mm_has_block(LEVEL_PMD))
		return;
	EXPECT(make());
	page = table_mm_map(&mm, large - PAGE_SIZE, RW);
	head = table_mm_map_leaf(&mm, LEVEL_PMD, large, RW);
	EXPECT_EQ(gup_fast(large - PAGE_SIZE, 8, FOLL_GET | FOLL_WRITE, pages), most);
	EXPECT(pages[0] == page);
	for (int i = 1; i < most; i++)
		EXPECT(pages[i] == head + i - 1);
	EXPECT_EQ(head->refs, most);
	EXPECT_EQ(head->pins, 0);
	gup_put(pages, most);
	EXPECT_EQ(gup_fast(large + size - 3 * PAGE_SIZE, 5, FOLL_PIN, pages), 3);
	EXPECT(pages[2] == head + size / PAGE_SIZE - 1);
	EXPECT_EQ(head->refs, 4);
	EXPECT_EQ(head->pins, 3);
	EXPECT(page_maybe_pinned(head));
	gup_unpin(pages, 3);
	EXPECT_EQ(head->pins, 0);
	EXPECT_EQ(head->refs, 1);
	table_mm_free(&mm);
}

/* A leaf may span several blocks, or a block be mapped page by page: the page tells. */
UNIT_TEST(table_gup_fast_blocks)
{
	unsigned long leaf = 2 * pxd_size(LEVEL_PUD), at;
	struct page *block = frame_alloc(2, PAGE_ANON, 0);

	if (fold_policy.first < LEVEL_PUD)
		return unit_skip("no pud level in the first root");
	EXPECT(make());
	page_make_block(block);
	at = table_mm_map_around(&mm, LEVEL_PUD, leaf, block, PROT_READ);
	EXPECT_EQ(gup_fast(at, 4, FOLL_PIN, pages), 4);
	EXPECT(pages[3] == block + 3);
	EXPECT_EQ(block->refs, 5);
	EXPECT_EQ(block->pins, 4);
	gup_unpin(pages, 4);
	EXPECT_EQ(found(at + PAGE_SIZE, 2, FOLL_WRITE), 0);
	table_mm_unmap_around(&mm, LEVEL_PUD, leaf);
	at = table_mm_map_around(&mm, LEVEL_PTE, AT, block + 3, PROT_READ);
	EXPECT_EQ(gup_fast(at, 1, FOLL_PIN, pages), 1);
	EXPECT(pages[0] == block + 3);
	EXPECT_EQ(block->pins, 1);
	gup_unpin(pages, 1);
	EXPECT_EQ(block->pins, 0);
	EXPECT_EQ(block->refs, 1);
	table_mm_unmap_around(&mm, LEVEL_PTE, AT);
	page_put(block);
	table_mm_free(&mm);
}

/* A count that is full refuses, in time and for good. */
UNIT_TEST(table_gup_fast_refuses_overflow)
{
	struct page *page;
	s32 held = 0;

	EXPECT(make());
	page = table_mm_map(&mm, AT, RW);
	page_refs_max = 127;
	EXPECT_EQ(gup_fast(AT, 1, FOLL_PIN, pages), 0);
	while (held < 1000 && gup_fast(AT, 1, FOLL_GET, pages))
		held++;
	EXPECT_EQ(held, 126);
	EXPECT_EQ(page->refs, 127);
	page_refs_max = PAGE_REFS_MAX;
	while (held--)
		gup_put(&page, 1);
	EXPECT_EQ(found(AT, 1, 0), 1);
	table_mm_free(&mm);
}

/* Only kinds of pages that need no look at their VMA may be pinned for long. */
UNIT_TEST(table_gup_fast_longterm)
{
	struct page *page;

	EXPECT(make());
	page = table_mm_map(&mm, AT, RW);
	EXPECT_EQ(gup_fast(AT, 1, FOLL_PIN | FOLL_LONGTERM | FOLL_WRITE, pages), 1);
	gup_unpin(pages, 1);
	page->type = PAGE_KERNEL;
	EXPECT_EQ(gup_fast(AT, 1, FOLL_PIN | FOLL_LONGTERM | FOLL_WRITE, pages), 0);
	EXPECT_EQ(page->refs, 1);
	EXPECT_EQ(gup_fast(AT, 1, FOLL_PIN | FOLL_WRITE, pages), 1);
	gup_unpin(pages, 1);
	page->type = PAGE_ANON;
	table_mm_free(&mm);
}
