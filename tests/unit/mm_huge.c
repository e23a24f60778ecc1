/*
 * tests/unit/mm_huge.c - blocks: made by a fault, unmapped, protected, forked and moved
 * as a whole and in part, split, pinned. Where the machine has leaves, with leaves; else
 * the same with tables of entries.
 */
#include "tests/unit/mm_help.h"
#include "tests/unit/mm_user.h"
#include "tests/unit/unit.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/errno.h"
#include "kernel/base/string.h"
#include "kernel/sched/thread.h"
#include "mm/huge/leaf.h"
#include "mm/space/frame.h"
#include "mm/space/gup.h"

#define RW     (PROT_READ | PROT_WRITE)
#define BLOCKS 3
#define AT     (64 * HUGE_SIZE)
#define HOLE   (AT + BLOCKS * HUGE_SIZE) /* nothing is mapped from here on */

static struct mm *mm;
static enum thp_policy policy_before;
static s64 held_before;

/* The level at which something is mapped there, or -1. */
static int level_at(struct mm *of, unsigned long address)
{
	struct descent at;

	descend_find(of, address, &at);
	return pxd_leaf(at.level, at.entry) ? at.level : -1;
}

static struct page *head_at(struct mm *of, unsigned long address)
{
	struct descent at;

	descend_find(of, address, &at);
	return pxd_leaf(at.level, at.entry) ? leaf_page(at.level, at.entry) : NULL;
}

/* Where blocks are mapped as a whole. */
static int block_level(void)
{
	return arch_leaf_possible(LEVEL_PMD) ? LEVEL_PMD : LEVEL_PTE;
}

/* Some pages of a block. */
static unsigned long page(unsigned long block, unsigned long i)
{
	return AT + block * HUGE_SIZE + i * PAGE_SIZE;
}

/* Room for BLOCKS blocks, of which the first `count` are mapped; the words that begin
 * their pages are the addresses. */
static void make(unsigned int count)
{
	unsigned long at = AT;

	held_before = gup_held();
	policy_before = thp_policy;
	thp_policy = THP_ALWAYS;
	mm = mm_create();
	mm_use(mm);
	EXPECT_EQ(mm_map(mm, &at, BLOCKS * HUGE_SIZE, RW, MM_FIXED), 0);
	for (unsigned int block = 0; block < count; block++)
		for (unsigned long i = 0; i < HUGE_PAGES; i++)
			store(page(block, i), page(block, i));
}

static void finish(void)
{
	mm_use(NULL);
	mm_put(mm);
	thp_policy = policy_before;
	EXPECT_EQ(gup_held(), held_before);
}

/* Every page of a block still has what make() wrote, except [from, to). */
static void expect_kept(unsigned int block, unsigned long from, unsigned long to)
{
	unsigned long wrong = 0;

	for (unsigned long i = 0; i < HUGE_PAGES; i++)
		if (i < from || i >= to)
			wrong += load(page(block, i)) != page(block, i);
	EXPECT_EQ(wrong, 0);
}

UNIT_TEST(mm_huge_fault)
{
	make(0);
	store(page(1, 1) + 8, 5);
	EXPECT_EQ(level_at(mm, page(1, 0)), block_level());
	EXPECT_EQ(mm_pages(mm), HUGE_PAGES);
	EXPECT_EQ(head_at(mm, page(1, HUGE_PAGES - 1))->order, HUGE_ORDER);
	EXPECT_EQ(load(page(1, 1)), 0);
	EXPECT_EQ(load(page(1, HUGE_PAGES - 1)), 0);
	EXPECT_EQ(load(page(1, 1) + 8), 5);
	EXPECT_EQ(level_at(mm, page(0, 0)), -1);
	/* A read makes one, too. */
	EXPECT_EQ(load(page(0, 0)), 0);
	EXPECT_EQ(level_at(mm, page(0, 1)), block_level());
	finish();
}

UNIT_TEST(mm_huge_fault_only_where_it_fits)
{
	unsigned long at = HOLE + HUGE_SIZE + PAGE_SIZE;

	make(0);
	EXPECT_EQ(mm_map(mm, &at, HUGE_SIZE, RW, MM_FIXED), 0);
	store(at, 1);
	EXPECT_EQ(mm_pages(mm), 1);
	/* What has a table stays with it. */
	thp_policy = THP_NEVER;
	store(page(0, 1), 1);
	thp_policy = THP_ALWAYS;
	store(page(0, 2), 1);
	EXPECT_EQ(mm_pages(mm), 3);
	/* And only where it is wanted. */
	thp_policy = THP_MADVISE;
	store(page(1, 0), 1);
	EXPECT_EQ(mm_pages(mm), 4);
	EXPECT_EQ(mm_advise_huge(mm, page(2, 0), HUGE_SIZE, true), 0);
	store(page(2, 0), 1);
	EXPECT_EQ(mm_pages(mm), 4 + HUGE_PAGES);
	finish();
}

UNIT_TEST(mm_huge_unmap)
{
	make(2);
	EXPECT_EQ(mm_unmap(mm, page(0, 0), HUGE_SIZE), 0);
	EXPECT_EQ(mm_pages(mm), HUGE_PAGES);
	EXPECT_EQ(level_at(mm, page(1, 0)), block_level());
	EXPECT_EQ(mm_unmap(mm, page(1, 1), 2 * PAGE_SIZE), 0);
	EXPECT_EQ(mm_pages(mm), HUGE_PAGES - 2);
	EXPECT_EQ(level_at(mm, page(1, 0)), LEVEL_PTE);
	EXPECT_EQ(level_at(mm, page(1, 1)), -1);
	EXPECT_EQ(head_at(mm, page(1, 0))->refs, (s32)HUGE_PAGES - 2);
	EXPECT_EQ(load(page(1, 3)), page(1, 3));
	finish();
}

UNIT_TEST(mm_huge_discard)
{
	make(1);
	EXPECT_EQ(mm_discard(mm, page(0, 1), PAGE_SIZE), 0);
	EXPECT_EQ(load(page(0, 1)), 0);
	expect_kept(0, 1, 2);
	EXPECT_EQ(mm_discard(mm, page(0, 0), HUGE_SIZE), 0);
	EXPECT_EQ(mm_pages(mm), 0);
	EXPECT_EQ(load(page(0, 2)), 0);
	finish();
}

UNIT_TEST(mm_huge_protect)
{
	make(2);
	EXPECT_EQ(mm_protect(mm, page(0, 0), HUGE_SIZE, PROT_READ), 0);
	EXPECT_EQ(level_at(mm, page(0, 0)), block_level());
	EXPECT(arch_copy_to_user(page(0, 3), &(u64){1}, 8) != 0);
	expect_kept(0, 0, 0);
	EXPECT_EQ(mm_protect(mm, page(0, 0), HUGE_SIZE, PROT_NONE), 0);
	EXPECT_EQ(mm_protect(mm, page(0, 0), HUGE_SIZE, RW), 0);
	store(page(0, 3), page(0, 3));
	EXPECT_EQ(level_at(mm, page(0, 0)), block_level());
	EXPECT_EQ(mm_protect(mm, page(0, 2), HUGE_SIZE, PROT_READ), 0);
	EXPECT_EQ(level_at(mm, page(0, 0)), LEVEL_PTE);
	EXPECT_EQ(level_at(mm, page(1, 3)), LEVEL_PTE);
	store(page(0, 1), page(0, 1));
	EXPECT(arch_copy_to_user(page(0, 2), &(u64){1}, 8) != 0);
	expect_kept(0, 0, 0);
	expect_kept(1, 0, 0);
	finish();
}

UNIT_TEST(mm_huge_fork)
{
	struct mm *child;
	struct page *head;

	make(2);
	head = head_at(mm, page(0, 0));
	child = mm_fork(mm);
	EXPECT(child != NULL);
	EXPECT_EQ(mm_pages(child), 2 * HUGE_PAGES);
	EXPECT_EQ(level_at(child, page(0, 0)), block_level());
	EXPECT_EQ(head->type, PAGE_ANON_SHARED);
	store(page(0, 1), 7);
	EXPECT(head_at(mm, page(0, 1)) != head);
	EXPECT(head_at(mm, page(0, 0)) == head);
	expect_kept(0, 1, 2);
	mm_use(child);
	expect_kept(0, 0, 0);
	store(page(1, 2), 8);
	mm_use(mm);
	expect_kept(1, 0, 0);
	mm_put(child);
	/* Again alone with it, where it is still one leaf. */
	child = mm_fork(mm);
	mm_put(child);
	store(page(1, 0), page(1, 0));
	expect_kept(1, 0, 0);
	finish();
}

UNIT_TEST(mm_huge_fork_pinned)
{
	struct page *pages[2];
	struct mm *child;

	make(1);
	EXPECT_EQ(gup(page(0, 1), 2, FOLL_PIN | FOLL_WRITE | FOLL_LONGTERM, pages), 2);
	child = mm_fork(mm);
	EXPECT_EQ(head_at(mm, page(0, 0))->type, PAGE_ANON);
	EXPECT(head_at(child, page(0, 1)) != head_at(mm, page(0, 1)));
	store(page(0, 1), 7);
	EXPECT_EQ(*(u64 *)page_address(pages[0]), 7);
	mm_use(child);
	expect_kept(0, 0, 0);
	mm_use(mm);
	expect_kept(0, 1, 2);
	gup_unpin(pages, 2);
	mm_put(child);
	finish();
}

/* Entry by entry: what the first fork has left shared, and was copied since, is pinned
 * when the second one comes. */
UNIT_TEST(mm_huge_fork_twice)
{
	struct page *pinned;
	struct mm *one, *other;

	make(1);
	leaf_split_at(mm, page(0, 1));
	one = mm_fork(mm);
	store(page(0, 1), 7);
	EXPECT_EQ(gup(page(0, 1), 1, FOLL_PIN | FOLL_WRITE, &pinned), 1);
	other = mm_fork(mm);
	store(page(0, 1), 8);
	EXPECT_EQ(*(u64 *)page_address(pinned), 8);
	mm_use(other);
	EXPECT_EQ(load(page(0, 1)), 7);
	mm_use(mm);
	gup_unpin(&pinned, 1);
	mm_put(one);
	mm_put(other);
	finish();
}

UNIT_TEST(mm_huge_mremap)
{
	unsigned long to = HOLE + 4 * HUGE_SIZE;
	unsigned long away = HOLE + 8 * HUGE_SIZE + 3 * PAGE_SIZE, wrong = 0;
	const unsigned int flags = MM_REMAP_MAYMOVE | MM_REMAP_FIXED;

	make(2);
	EXPECT_EQ(mm_remap(mm, page(0, 0), HUGE_SIZE, HUGE_SIZE, flags, &to), 0);
	EXPECT_EQ(level_at(mm, to), block_level());
	EXPECT_EQ(level_at(mm, page(0, 0)), -1);
	for (unsigned long i = 0; i < HUGE_PAGES; i++)
		wrong += load(to + i * PAGE_SIZE) != page(0, i);
	/* To where it cannot be a leaf; and a part of one. */
	EXPECT_EQ(mm_remap(mm, to, HUGE_SIZE, HUGE_SIZE, flags, &away), 0);
	EXPECT_EQ(level_at(mm, away), LEVEL_PTE);
	for (unsigned long i = 0; i < HUGE_PAGES; i++)
		wrong += load(away + i * PAGE_SIZE) != page(0, i);
	EXPECT_EQ(wrong, 0);
	EXPECT_EQ(mm_remap(mm, page(1, 2), PAGE_SIZE, PAGE_SIZE, flags, &to), 0);
	EXPECT_EQ(load(to), page(1, 2));
	EXPECT_EQ(load(page(1, 3)), page(1, 3));
	EXPECT_EQ(level_at(mm, page(1, 2)), -1);
	finish();
}

UNIT_TEST(mm_huge_gup)
{
	static struct page *pages[HUGE_PAGES];
	unsigned long wrong = 0;

	make(2);
	EXPECT_EQ(gup_fast(page(0, 3), HUGE_PAGES, FOLL_PIN | FOLL_WRITE, pages),
		HUGE_PAGES);
	for (unsigned long i = 0; i < HUGE_PAGES; i++)
		wrong += *(u64 *)page_address(pages[i]) != page(0, 3 + i);
	EXPECT_EQ(wrong, 0);
	EXPECT_EQ(head_at(mm, page(0, 0))->pins, (s32)HUGE_PAGES - 3);
	EXPECT_EQ(mm_unmap(mm, page(0, 0), 2 * HUGE_SIZE), 0);
	EXPECT_EQ(*(u64 *)page_address(pages[0]), page(0, 3));
	gup_unpin(pages, HUGE_PAGES);
	finish();
}

/* The block behind a page, cut into frames if that is possible. */
static bool split(unsigned long address)
{
	struct descent at;
	bool done;

	leaf_split_around(mm, address);
	spin_lock(&mm->table_lock);
	descend_find(mm, address, &at);
	done = block_split(at.ptr);
	spin_unlock(&mm->table_lock);
	return done;
}

UNIT_TEST(mm_huge_split)
{
	struct page *pinned;

	make(2);
	EXPECT_EQ(gup(page(0, 1), 1, FOLL_PIN, &pinned), 1);
	EXPECT(!split(page(0, 2)));
	EXPECT_EQ(level_at(mm, page(0, 0)), LEVEL_PTE);
	gup_unpin(&pinned, 1);
	EXPECT(split(page(0, 2)));
	expect_kept(0, 0, 0);
	EXPECT_EQ(head_at(mm, page(0, 2))->order, 0);
	EXPECT_EQ(head_at(mm, page(0, 2))->refs, 1);
	/* With a hole, and some of it elsewhere. */
	EXPECT_EQ(mm_discard(mm, page(1, 1), PAGE_SIZE), 0);
	EXPECT(split(page(1, 2)));
	EXPECT_EQ(load(page(1, 1)), 0);
	expect_kept(1, 1, 2);
	finish();
}

/* Before anything is seen through entries, no CPU has the leaf any more. */
UNIT_TEST(mm_huge_split_is_flushed)
{
	u64 before;

	make(1);
	before = mm->tlb_gen;
	leaf_split_at(mm, page(0, 1));
	if (arch_leaf_possible(LEVEL_PMD) && policies.flush == FLUSH_IPI)
		EXPECT(mm->tlb_gen > before);
	EXPECT_EQ(level_at(mm, page(0, 0)), LEVEL_PTE);
	before = mm->tlb_gen;
	leaf_split_at(mm, page(0, 1));
	EXPECT_EQ(mm->tlb_gen, before);
	finish();
}

UNIT_TEST(mm_huge_split_spread)
{
	unsigned long to = HOLE + 4 * HUGE_SIZE;

	make(1);
	EXPECT_EQ(mm_remap(mm, page(0, 1), PAGE_SIZE, PAGE_SIZE,
			  MM_REMAP_MAYMOVE | MM_REMAP_FIXED, &to),
		0);
	EXPECT(!split(page(0, 2)));
	EXPECT_EQ(mm_unmap(mm, to, PAGE_SIZE), 0);
	EXPECT(split(page(0, 2)));
	EXPECT_EQ(load(page(0, 2)), page(0, 2));
	finish();
}

UNIT_TEST(mm_huge_lazy)
{
	make(1);
	EXPECT_EQ(mm_free_lazily(mm, page(0, 0), HUGE_SIZE), 0);
	EXPECT_EQ(head_at(mm, page(0, 1))->type, PAGE_LAZY);
	store(page(0, 1), page(0, 1));
	EXPECT_EQ(mm_page_out(mm, page(0, 0), HUGE_SIZE), 0);
	EXPECT_EQ(mm_pages(mm), 1);
	EXPECT_EQ(load(page(0, 1)), page(0, 1));
	EXPECT_EQ(load(page(0, 2)), 0);
	finish();
}

UNIT_TEST(mm_huge_collapse)
{
	make(1);
	leaf_split_at(mm, page(0, 1));
	EXPECT_EQ(mm_discard(mm, page(0, 3), PAGE_SIZE), 0);
	EXPECT_EQ(mm_collapse(mm, page(0, 0), HUGE_SIZE), 0);
	EXPECT_EQ(level_at(mm, page(0, 0)), block_level());
	EXPECT_EQ(mm_pages(mm), HUGE_PAGES);
	EXPECT_EQ(head_at(mm, page(0, 2))->order, HUGE_ORDER);
	EXPECT_EQ(load(page(0, 3)), 0);
	expect_kept(0, 3, 4);
	/* It is one already; nothing is there, nor any more; that is no block's worth. */
	EXPECT_EQ(mm_collapse(mm, page(0, 0), HUGE_SIZE), 0);
	EXPECT_EQ(mm_collapse(mm, page(1, 0), HUGE_SIZE), -EINVAL);
	leaf_split_at(mm, page(0, 1));
	EXPECT_EQ(mm_discard(mm, page(0, 0), HUGE_SIZE - PAGE_SIZE), 0);
	EXPECT_EQ(mm_discard(mm, page(0, HUGE_PAGES - 1), PAGE_SIZE), 0);
	EXPECT_EQ(mm_collapse(mm, page(0, 0), HUGE_SIZE), -EINVAL);
	EXPECT_EQ(mm_collapse(mm, page(1, 1), PAGE_SIZE), -EINVAL);
	finish();
}

/* Single pages, some of them shared by a fork, and read-only ones. */
UNIT_TEST(mm_huge_collapse_pages)
{
	struct mm *child;

	make(0);
	thp_policy = THP_NEVER;
	for (unsigned long i = 0; i < HUGE_PAGES; i += 2)
		store(page(0, i), page(0, i));
	child = mm_fork(mm);
	store(page(0, 0), page(0, 0));
	EXPECT_EQ(mm_protect(mm, page(0, 0), HUGE_SIZE, PROT_READ), 0);
	EXPECT_EQ(mm_collapse(mm, page(0, 0), HUGE_SIZE), 0);
	EXPECT_EQ(level_at(mm, page(0, 1)), block_level());
	EXPECT(arch_copy_to_user(page(0, 3), &(u64){1}, 8) != 0);
	EXPECT_EQ(mm_protect(mm, page(0, 0), HUGE_SIZE, RW), 0);
	for (unsigned long i = 0; i < HUGE_PAGES; i++)
		EXPECT_EQ(load(page(0, i)), i & 1 ? 0 : page(0, i));
	store(page(0, 2), 1);
	mm_use(child);
	EXPECT_EQ(load(page(0, 2)), page(0, 2));
	mm_use(mm);
	mm_put(child);
	finish();
}

/* All pages of the block are mapped, but one of them elsewhere. */
UNIT_TEST(mm_huge_collapse_what_moved_away)
{
	unsigned long to = page(2, 1);

	make(1);
	EXPECT_EQ(mm_remap(mm, page(0, 3), PAGE_SIZE, PAGE_SIZE,
			  MM_REMAP_MAYMOVE | MM_REMAP_FIXED | MM_REMAP_DONTUNMAP, &to),
		0);
	EXPECT_EQ(mm_collapse(mm, page(0, 0), HUGE_SIZE), 0);
	EXPECT_EQ(mm_pages(mm), HUGE_PAGES + 1);
	EXPECT_EQ(level_at(mm, page(0, 0)), block_level());
	EXPECT_EQ(load(page(0, 3)), 0);
	expect_kept(0, 3, 4);
	finish();
}

UNIT_TEST(mm_huge_collapse_not_what_is_held)
{
	struct page *held;

	make(1);
	leaf_split_at(mm, page(0, 1));
	EXPECT_EQ(gup(page(0, 1), 1, FOLL_PIN | FOLL_WRITE, &held), 1);
	EXPECT_EQ(mm_collapse(mm, page(0, 0), HUGE_SIZE),
		arch_leaf_possible(LEVEL_PMD) ? -EAGAIN : 0);
	store(page(0, 1), 7);
	EXPECT_EQ(*(u64 *)page_address(held), 7);
	expect_kept(0, 1, 2);
	gup_unpin(&held, 1);
	EXPECT_EQ(mm_collapse(mm, page(0, 0), HUGE_SIZE), 0);
	EXPECT_EQ(load(page(0, 1)), 7);
	expect_kept(0, 1, 2);
	finish();
}

UNIT_TEST(mm_huge_advice_cuts)
{
	make(1);
	EXPECT_EQ(mm_advise_huge(mm, page(0, 1), 2 * PAGE_SIZE, false), 0);
	EXPECT_EQ(level_at(mm, page(0, 0)), LEVEL_PTE);
	EXPECT_EQ(mm_vma_count(mm), 3);
	expect_kept(0, 0, 0);
	EXPECT_EQ(mm_advise_huge(mm, page(0, 0), 4 * HUGE_SIZE, true), -ENOMEM);
	EXPECT_EQ(mm_vma_count(mm), 1);
	EXPECT_EQ(mm_advise_huge(mm, page(0, 0) + 1, HUGE_SIZE, true), -EINVAL);
	finish();
}

/* What programs are told, of all VMAs. */
static void add_told(const struct vma *vma, void *arg)
{
	*(unsigned long *)arg += huge_mapped(vma);
}

static unsigned long told(void)
{
	unsigned long size = 0;

	mm_for_each_vma(mm, add_told, &size);
	return size;
}

UNIT_TEST(mm_huge_told)
{
	u64 blocks = huge_blocks(false);

	make(2);
	store(page(2, 0), 1);
	EXPECT_EQ(told(), 3 * HUGE_SIZE);
	EXPECT_EQ(huge_blocks(false), blocks + 3);
	/* Of a part of one there is nothing to tell. */
	EXPECT_EQ(mm_protect(mm, page(0, 1), PAGE_SIZE, PROT_READ), 0);
	EXPECT_EQ(told(), 2 * HUGE_SIZE);
	EXPECT_EQ(mm_discard(mm, page(1, HUGE_PAGES - 1), PAGE_SIZE), 0);
	EXPECT_EQ(told(), HUGE_SIZE);
	store(page(1, HUGE_PAGES - 1), 1);
	EXPECT_EQ(told(), HUGE_SIZE);
	EXPECT_EQ(huge_blocks(false), blocks + 3);
	EXPECT_EQ(mm_unmap(mm, page(1, 0), 2 * HUGE_SIZE), 0);
	EXPECT_EQ(told(), 0);
	EXPECT_EQ(huge_blocks(false), blocks + 1);
	finish();
	EXPECT_EQ(huge_blocks(false), blocks);
}

static bool eligible(unsigned long start, unsigned long end, unsigned int flags)
{
	struct vma vma = {.start = start, .end = end, .flags = flags};

	return huge_eligible(&vma);
}

UNIT_TEST(mm_huge_eligible)
{
	enum thp_policy before = thp_policy;

	EXPECT(thp_choose("always"));
	EXPECT(eligible(AT - PAGE_SIZE, AT + HUGE_SIZE, 0));
	EXPECT(!eligible(AT + PAGE_SIZE, AT + 2 * HUGE_SIZE - PAGE_SIZE, 0));
	EXPECT(!eligible(AT + PAGE_SIZE, AT + 2 * PAGE_SIZE, 0));
	EXPECT(!eligible(AT, AT + HUGE_SIZE, VMA_NOHUGE));
	EXPECT(thp_choose("madvise"));
	EXPECT(!eligible(AT, AT + HUGE_SIZE, 0));
	EXPECT(eligible(AT, AT + HUGE_SIZE, VMA_HUGE));
	EXPECT(!thp_choose("sometimes"));
	EXPECT_EQ(thp_policy, THP_MADVISE);
	EXPECT(thp_choose("never"));
	EXPECT(!eligible(AT, AT + HUGE_SIZE, VMA_HUGE));
	thp_policy = before;
}

static bool reclaims(const char *defrag, unsigned int flags)
{
	struct vma vma = {.flags = flags};

	EXPECT(thp_defrag_choose(defrag));
	EXPECT(!strcmp(thp_defrag_value(), defrag));
	return !(huge_frame_flags(&vma) & FRAME_NO_RECLAIM);
}

/* Where a fault may take pages back for a block. */
UNIT_TEST(mm_huge_defrag)
{
	EXPECT(!thp_defrag_choose("sometimes"));
	EXPECT(reclaims("always", 0));
	EXPECT(reclaims("madvise", VMA_HUGE));
	EXPECT(reclaims("defer+madvise", VMA_HUGE));
	EXPECT(!reclaims("madvise", 0));
	EXPECT(!reclaims("defer+madvise", 0));
	EXPECT(!reclaims("defer", VMA_HUGE));
	EXPECT(!reclaims("never", VMA_HUGE));
}

UNIT_TEST(mm_huge_split_range)
{
	struct blocks_split count;
	struct page *pinned;

	make(3);
	EXPECT_EQ(gup(page(1, 3), 1, FOLL_PIN, &pinned), 1);
	/* A part of the first, all of the second, and of the third nothing. */
	mm_split_blocks(mm, page(0, 3) + 1, page(2, 0), &count);
	EXPECT_EQ(count.split, 1);
	EXPECT_EQ(count.refused, 1);
	EXPECT_EQ(head_at(mm, page(0, 1))->order, 0);
	EXPECT_EQ(head_at(mm, page(1, 1))->order, HUGE_ORDER);
	EXPECT_EQ(level_at(mm, page(1, 1)), LEVEL_PTE);
	EXPECT_EQ(level_at(mm, page(2, 0)), block_level());
	gup_unpin(&pinned, 1);
	mm_split_blocks(mm, 0, ~0UL, &count);
	EXPECT_EQ(count.split, 2);
	EXPECT_EQ(count.refused, 0);
	EXPECT_EQ(told(), 0);
	mm_split_blocks(mm, page(0, 0), HOLE, &count);
	EXPECT_EQ(count.split + count.refused, 0);
	for (unsigned int block = 0; block < 3; block++)
		expect_kept(block, 0, 0);
	finish();
}
