/*
 * tests/unit/mm_contig.c - memory in one piece: leaves as large as fit, and what is done
 * to parts of them; writes that are refused while it is tracked.
 */
#include "tests/unit/contig_help.h"
#include "tests/unit/unit.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/errno.h"
#include "kernel/sched/thread.h"
#include "mm/space/gup.h"
#include "mm/space/vma.h"

#define RW     (PROT_READ | PROT_WRITE)
#define SHARED (MM_FIXED | MM_SHARED)
#define AT     (4 * pxd_size(LEVEL_PUD))
#define SMALL  pxd_size(LEVEL_PMD)

static struct mm *mm;
static struct page *block;
static struct object *object;
static unsigned long at; /* where the block's first page shows */

static bool store(unsigned long address, u64 value)
{
	return !arch_copy_to_user(address, &value, sizeof(value));
}

/* Or ~0: there is nothing. */
static u64 load(unsigned long address)
{
	u64 value = ~0UL;

	return arch_copy_from_user(&value, address, sizeof(value)) ? ~0UL : value;
}

static void map(unsigned long address, size_t length, unsigned int prot, u64 offset)
{
	EXPECT_EQ(mm_map_object(mm, &address, length, prot, SHARED, object, offset), 0);
}

static void make(void)
{
	block = contig_block();
	object = contig_object(block);
	at = AT + contig_offset(block);
	mm = mm_create();
	mm_use(mm);
	map(AT, CONTIG_SIZE, RW, 0);
}

static void finish(void)
{
	mm_use(NULL);
	mm_put(mm);
	object_put(object);
	page_put(block);
}

/* The level of what is mapped there; -1: nothing is. */
static int level_at(unsigned long address)
{
	struct descent to;

	descend_find(mm, address, &to);
	return pxd_leaf(to.level, to.entry) ? to.level : -1;
}

static unsigned int prot_at(unsigned long address)
{
	struct descent to;

	descend_find(mm, address, &to);
	return arch_pxd_prot(to.level, to.entry);
}

static int small_level(void)
{
	return arch_leaf_possible(LEVEL_PMD) ? LEVEL_PMD : LEVEL_PTE;
}

static u64 pages_of(int level)
{
	return pxd_size(level) / PAGE_SIZE;
}

/* One fault maps as much as the machine can by one entry. */
UNIT_TEST(mm_contig_fault)
{
	make();
	EXPECT_EQ(load(at), 0);
	EXPECT_EQ(level_at(at), contig_level());
	EXPECT_EQ(mm_pages(mm), pages_of(contig_level()));
	EXPECT(store(at + PAGE_SIZE, 7));
	EXPECT_EQ(level_at(at), contig_level());
	EXPECT_EQ(((u64 *)page_address(block + 1))[0], 7);
	EXPECT_EQ(mm_unmap(mm, AT, CONTIG_SIZE), 0);
	EXPECT_EQ(mm_pages(mm), 0);
	EXPECT_EQ(load(at), ~0UL);
	finish();
}

/* As large as fits: in the VMA, and in the object seen from there. */
UNIT_TEST(mm_contig_fits)
{
	u64 offset;

	make();
	offset = contig_offset(block);
	EXPECT_EQ(mm_unmap(mm, AT, PAGE_SIZE), 0); /* none of a pud's size any more */
	EXPECT(store(at + SMALL, 1));
	EXPECT_EQ(level_at(at + SMALL), small_level());
	EXPECT_EQ(mm_unmap(mm, AT, CONTIG_SIZE), 0);
	map(AT, SMALL, RW, offset);
	EXPECT_EQ(load(AT), 0);
	EXPECT_EQ(level_at(AT), small_level());
	map(AT, SMALL, RW, offset + PAGE_SIZE);
	EXPECT_EQ(load(AT + SMALL - PAGE_SIZE), 1);
	EXPECT_EQ(level_at(AT + SMALL - PAGE_SIZE), LEVEL_PTE);
	EXPECT_EQ(mm_pages(mm), 1);
	map(AT + CONTIG_SIZE, PAGE_SIZE, RW, CONTIG_SIZE);
	EXPECT_EQ(mm_fault(mm, AT + CONTIG_SIZE, ACCESS_READ), -EIO);
	finish();
}

/* Where nobody names an address, one is found at which leaves are possible. */
UNIT_TEST(mm_contig_place)
{
	unsigned long first = 0, second = 0, odd = 0;

	make();
	EXPECT_EQ(mm_map_object(mm, &first, CONTIG_SIZE, RW, MM_SHARED, object, 0), 0);
	if (contig_level() == LEVEL_PUD)
		EXPECT(IS_ALIGNED(first, CONTIG_SIZE));
	EXPECT_EQ(mm_map_object(mm, &second, SMALL, RW, MM_SHARED, object, SMALL), 0);
	EXPECT_EQ(
		mm_map_object(mm, &odd, SMALL, RW, MM_SHARED, object, SMALL + PAGE_SIZE),
		0);
	if (small_level() == LEVEL_PMD) {
		EXPECT(IS_ALIGNED(second, SMALL));
		EXPECT_EQ(odd & (SMALL - 1), PAGE_SIZE);
	}
	finish();
}

/* What is left of a leaf comes back, by faults, in smaller ones. */
UNIT_TEST(mm_contig_cut)
{
	make();
	EXPECT(store(at, 1) && store(at + SMALL, 2));
	EXPECT_EQ(mm_unmap(mm, at, PAGE_SIZE), 0);
	EXPECT_EQ(load(at), ~0UL);
	EXPECT_EQ(load(at + PAGE_SIZE), 0);
	EXPECT_EQ(level_at(at + PAGE_SIZE), LEVEL_PTE);
	EXPECT_EQ(load(at + SMALL), 2);
	EXPECT_EQ(level_at(at + SMALL), small_level());
	EXPECT_EQ(mm_pages(mm), 1 + pages_of(small_level()));
	finish();
}

UNIT_TEST(mm_contig_protect)
{
	make();
	EXPECT(store(at, 1) && store(at + SMALL, 2));
	EXPECT_EQ(mm_protect(mm, at, SMALL, PROT_READ), 0);
	EXPECT(!store(at, 3));
	EXPECT_EQ(load(at), 1);
	EXPECT_EQ(level_at(at), small_level());
	EXPECT(store(at + SMALL, 4));
	EXPECT_EQ(level_at(at + SMALL), small_level());
	EXPECT_EQ(mm_protect(mm, at, SMALL, RW), 0);
	EXPECT(store(at, 5));
	EXPECT_EQ(load(at + SMALL), 4);
	finish();
}

/* It moves, and is shared with a child, as faults find it again. */
UNIT_TEST(mm_contig_moves)
{
	const unsigned int flags = MM_REMAP_MAYMOVE | MM_REMAP_FIXED;
	unsigned long to = AT + 2 * CONTIG_SIZE;
	struct mm *child;

	make();
	EXPECT(store(at, 1));
	child = mm_fork(mm);
	mm_use(child);
	EXPECT_EQ(load(at), 1);
	EXPECT(store(at, 2));
	mm_use(mm);
	mm_put(child);
	EXPECT_EQ(load(at), 2);
	EXPECT_EQ(mm_remap(mm, AT, CONTIG_SIZE, CONTIG_SIZE, flags, &to), 0);
	EXPECT_EQ(load(at), ~0UL);
	EXPECT_EQ(load(at + 2 * CONTIG_SIZE), 2);
	EXPECT_EQ(level_at(at + 2 * CONTIG_SIZE), contig_level());
	finish();
}

/* Nobody may hold what has no references, whatever the size of the entry. */
UNIT_TEST(mm_contig_refuses)
{
	unsigned long own = AT + 2 * CONTIG_SIZE;
	struct blocks_split count;
	struct page *page;

	make();
	EXPECT(store(at, 1));
	EXPECT_EQ(gup_fast(at, 1, FOLL_GET, &page), 0);
	EXPECT_EQ(gup(at, 1, FOLL_GET, &page), -EFAULT);
	EXPECT_EQ(gup(at, 1, FOLL_PIN | FOLL_WRITE, &page), -EFAULT);
	EXPECT_EQ(mm_map_object(mm, &own, CONTIG_SIZE, RW, MM_FIXED, object, 0), -EINVAL);
	EXPECT_EQ(mm_discard(mm, AT, CONTIG_SIZE), -EINVAL);
	EXPECT_EQ(mm_page_out(mm, AT, CONTIG_SIZE), -EINVAL);
	EXPECT_EQ(mm_free_lazily(mm, AT, CONTIG_SIZE), -EINVAL);
	EXPECT_EQ(mm_advise_huge(mm, AT, CONTIG_SIZE, true), -EINVAL);
	EXPECT_EQ(mm_remove(mm, AT, CONTIG_SIZE), -EINVAL);
	EXPECT_EQ(object_punch(object, 0, PAGE_SIZE), -EOPNOTSUPP);
	EXPECT(mm_collapse(mm, AT, SMALL) != 0);
	mm_clear_soft_dirty(mm);
	EXPECT_EQ(mm_page_told(mm, at) & MM_PAGE_PRESENT, 0);
	mm_split_blocks(mm, at, at + SMALL, &count);
	EXPECT_EQ(count.split + count.refused, 0);
	EXPECT_EQ(load(at), 1);
	finish();
}

/* Tracked: a write gets an entry of its own, beside leaves that may be read. */
UNIT_TEST(mm_contig_track)
{
	u64 index;

	make();
	index = contig_offset(block) / PAGE_SIZE;
	EXPECT(store(at, 1));
	object_track(object, true);
	EXPECT_EQ(load(at), 1);
	EXPECT_EQ(level_at(at), contig_level());
	EXPECT_EQ(prot_at(at), PROT_READ);
	EXPECT(store(at + PAGE_SIZE, 2));
	EXPECT_EQ(level_at(at + PAGE_SIZE), LEVEL_PTE);
	EXPECT(!object_was_written(object, index));
	EXPECT(object_was_written(object, index + 1));
	EXPECT_EQ(load(at), 1);
	EXPECT_EQ(prot_at(at), PROT_READ);
	EXPECT_EQ(load(at + SMALL), 0);
	EXPECT_EQ(level_at(at + SMALL), small_level());
	EXPECT(store(at + SMALL, 3));
	EXPECT_EQ(level_at(at + SMALL), LEVEL_PTE);
	object_track(object, false);
	EXPECT(store(at, 4));
	EXPECT(!object_was_written(object, index));
	EXPECT_EQ(load(at + PAGE_SIZE), 2);
	finish();
}

/* A leaf that was read while it was tracked may be written afterwards, as a whole. */
UNIT_TEST(mm_contig_untrack)
{
	make();
	object_track(object, true);
	EXPECT_EQ(load(at), 0);
	object_track(object, false);
	EXPECT(store(at, 1));
	EXPECT_EQ(level_at(at), contig_level());
	EXPECT_EQ(prot_at(at), RW);
	finish();
}

/* What is recorded is clean again, and nothing else is. */
UNIT_TEST(mm_contig_record)
{
	u64 index, first;
	u32 written;

	make();
	index = contig_offset(block) / PAGE_SIZE;
	first = ALIGN_DOWN(index, 32);
	object_track(object, true);
	EXPECT(store(at, 1) && store(at + SMALL, 1));
	object_record(object, first, 32, &written);
	EXPECT_EQ(written & BIT(index % 32), BIT(index % 32));
	EXPECT_EQ(prot_at(at), PROT_READ);
	EXPECT(!object_was_written(object, index));
	object_record(object, first, 32, &written);
	EXPECT_EQ(written, 0);
	EXPECT(store(at, 2));
	EXPECT(object_was_written(object, index));
	EXPECT_EQ(load(at + SMALL), 1);
	finish();
}
