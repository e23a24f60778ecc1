/*
 * tests/unit/sim/gup_races.c - what other CPUs do between two steps of the lockless walk.
 * The machine broadcasts its flushes, so nobody waits for the walker.
 */
#include "arch/sim/sim.h"
#include "tests/unit/table_mm.h"
#include "tests/unit/unit.h"
#include "kernel/base/counters.h"
#include "kernel/base/trace.h"
#include "mm/space/frame.h"
#include "mm/space/gup.h"
#include "mm/table/descend.h"
#include "mm/table/policy.h"

#define RW (PROT_READ | PROT_WRITE)
#define AT 0x10000000UL

static struct mm mm;
static struct page *pages[4];
static struct page *mapped, *second, *stranger;

static void make(void)
{
	EXPECT(table_mm_make(&mm, fold_policy.first));
	table_mm_enter(&mm);
	policies.flush = FLUSH_BROADCAST;
	mapped = table_mm_map(&mm, AT, RW);
	second = table_mm_map(&mm, AT + PAGE_SIZE, RW);
	stranger = NULL;
}

static void finish(void)
{
	if (stranger)
		page_put(stranger);
	table_mm_free(&mm);
	policies.flush = FLUSH_IPI;
}

/* The page goes, and its frame comes to somebody else at once. */
static void frame_changes_hands(void)
{
	struct page *page;

	table_mm_unmap(&mm, AT, AT + PAGE_SIZE, AT, AT + PAGE_SIZE);
	EXPECT_EQ(mapped->refs, 0);
	while ((page = frame_alloc(0, PAGE_KERNEL, 0)) != mapped)
		page_put(page);
	stranger = page;
}

UNIT_TEST(sim_gup_rechecks_pte)
{
	s64 before = counter_sum(COUNT_GUP_RECHECK_PTE);

	make();
	sim_at(TRACE_gup_read, frame_changes_hands);
	EXPECT_EQ(gup_fast(AT, 2, FOLL_PIN, pages), 0);
	EXPECT(stranger == mapped);
	EXPECT_EQ(stranger->refs, 1);
	EXPECT_EQ(counter_sum(COUNT_GUP_RECHECK_PTE), before + 1);
	finish();
}

static void page_goes(void)
{
	table_mm_unmap(&mm, AT, AT + PAGE_SIZE, AT, AT + PAGE_SIZE);
}

UNIT_TEST(sim_gup_refuses_free_frame)
{
	s64 before = counter_sum(COUNT_GUP_REFUSED);

	make();
	sim_at(TRACE_gup_read, page_goes);
	EXPECT_EQ(gup_fast(AT, 1, FOLL_GET, pages), 0);
	EXPECT_EQ(mapped->refs, 0);
	EXPECT_EQ(mapped->type, PAGE_FREE);
	EXPECT_EQ(counter_sum(COUNT_GUP_REFUSED), before + 1);
	finish();
}

/* Held in time: the unmapper sees the reference, and the page lives until it is dropped.
 */
UNIT_TEST(sim_gup_holds_page_that_goes)
{
	make();
	sim_at(TRACE_gup_grabbed, page_goes);
	EXPECT_EQ(gup_fast(AT, 1, FOLL_GET, pages), 0); /* noticed, and let go */
	EXPECT_EQ(mapped->type, PAGE_FREE);
	finish();
}

/* The whole pte table goes out of the tree with its entries, as a collapse does it; its
 * frames are still owned by who took it. */
static pxd_t *taken_slot, taken;

static void table_taken_out(void)
{
	struct descent at;

	descend_start(&mm, &at, AT);
	(void)(descend_step(LEVEL_PGD, &at, AT) && descend_step(LEVEL_P4D, &at, AT) &&
		descend_step(LEVEL_PUD, &at, AT));
	EXPECT_EQ(at.level, LEVEL_PMD);
	spin_lock(&mm.table_lock);
	taken_slot = at.ptr;
	taken = pxd_unhook(LEVEL_PMD, at.ptr, AT, arch_pxd_empty(LEVEL_PMD));
	spin_unlock(&mm.table_lock);
}

UNIT_TEST(sim_gup_rechecks_pmd)
{
	s64 before = counter_sum(COUNT_GUP_RECHECK_PMD);

	make();
	sim_at(TRACE_gup_read, table_taken_out);
	EXPECT_EQ(gup_fast(AT, 2, FOLL_PIN, pages), 0);
	EXPECT_EQ(mapped->refs, 1);
	EXPECT_EQ(second->refs, 1);
	EXPECT_EQ(counter_sum(COUNT_GUP_RECHECK_PMD), before + 1);
	spin_lock(&mm.table_lock);
	pxd_set(LEVEL_PMD, taken_slot, taken);
	spin_unlock(&mm.table_lock);
	finish();
}

/* Unmaps the page, and maps the block of 2^order frames that begins with the same one at
 * the same place with the same rights: the entry is what it was. */
static void remap_as(unsigned int order)
{
	struct page *block;
	struct descent at;

	table_mm_unmap(&mm, AT, AT + PAGE_SIZE, AT, AT + PAGE_SIZE);
	while ((block = frame_alloc(order, PAGE_ANON, 0)) != mapped)
		page_put(block);
	if (order)
		page_make_block(block);
	EXPECT_EQ(descend_alloc(&mm, AT, LEVEL_PTE, &at), 0);
	spin_lock(&mm.table_lock);
	pxd_set(LEVEL_PTE, at.ptr, arch_pxd_leaf_make(LEVEL_PTE, page_phys(block), RW));
	spin_unlock(&mm.table_lock);
}

static void block_becomes_page(void)
{
	remap_as(0);
}

static void page_becomes_block(void)
{
	remap_as(2);
}

static void page_becomes_block_and_page(void)
{
	remap_as(2);
	sim_at(TRACE_gup_read, block_becomes_page);
}

/* Is it the first of an aligned block whose others are free? */
static bool may_head_block(const struct page *page)
{
	return (page_phys(page).v >> PAGE_SHIFT) % 4 == 0 && page[1].type == PAGE_FREE &&
	       page[2].type == PAGE_FREE && page[3].type == PAGE_FREE;
}

static void make_block_head(void)
{
	make();
	while (!may_head_block(mapped)) {
		table_mm_unmap(&mm, AT, AT + PAGE_SIZE, AT, AT + PAGE_SIZE);
		mapped = table_mm_map(&mm, AT, RW);
	}
}

/* A single frame when it was weighed, the head of a block when it is grabbed, at the same
 * place: it would be counted as a pin one way and dropped the other. So it is weighed
 * again. */
UNIT_TEST(sim_gup_weighs_page_again)
{
	make_block_head();
	sim_at(TRACE_gup_read, page_becomes_block);
	EXPECT_EQ(gup_fast(AT, 1, FOLL_PIN, pages), 1);
	EXPECT_EQ(mapped->order, 2);
	EXPECT_EQ(mapped->refs, 2);
	EXPECT_EQ(mapped->pins, 1);
	gup_unpin(pages, 1);
	finish();
}

/* And if it is a single frame once more by then, that is too much to-and-fro. */
UNIT_TEST(sim_gup_weighs_block_again)
{
	make_block_head();
	sim_at(TRACE_gup_read, page_becomes_block_and_page);
	EXPECT_EQ(gup_fast(AT, 1, FOLL_PIN, pages), 0);
	EXPECT_EQ(mapped->order, 0);
	EXPECT_EQ(mapped->refs, 1);
	finish();
}
