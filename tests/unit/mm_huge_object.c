/*
 * tests/unit/mm_huge_object.c - blocks of memory objects: made by a fault, mapped by
 * leaves and by entries, shared, cut, held. Where the machine has no leaves the same
 * holds, with entries only.
 */
#include "tests/unit/mm_help.h"
#include "tests/unit/mm_user.h"
#include "tests/unit/unit.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/errno.h"
#include "kernel/sched/rcu.h"
#include "kernel/sched/thread.h"
#include "mm/huge/leaf.h"
#include "mm/space/gup.h"
#include "mm/space/object.h"

#define RW     (PROT_READ | PROT_WRITE)
#define BLOCKS 3
#define AT     (64 * HUGE_SIZE)
#define OTHER  (80 * HUGE_SIZE) /* a second mapping */

static struct mm *mm;
static struct object *object;
static enum thp_policy policy_before;
static s64 held_before;

static int level_at(struct mm *of, unsigned long address)
{
	struct descent at;

	descend_find(of, address, &at);
	return pxd_leaf(at.level, at.entry) ? at.level : -1;
}

/* Where blocks are mapped that are mapped as a whole. */
static int block_level(void)
{
	return arch_leaf_possible(LEVEL_PMD) ? LEVEL_PMD : LEVEL_PTE;
}

/* How many pages of a block are mapped by one access. */
static u64 pages_of_one(void)
{
	return arch_leaf_possible(LEVEL_PMD) ? HUGE_PAGES : 1;
}

static unsigned long page(unsigned long block, unsigned long i)
{
	return AT + block * HUGE_SIZE + i * PAGE_SIZE;
}

static int map(
	struct mm *to, unsigned long at, size_t size, unsigned int flags, u64 offset)
{
	return mm_map_object(to, &at, size, RW, flags | MM_FIXED, object, offset);
}

/* An object of BLOCKS blocks, mapped, of which the first `count` are there; the words
 * that begin their pages are their addresses. */
static void make(unsigned int count)
{
	held_before = gup_held();
	policy_before = thp_shmem;
	thp_shmem = THP_ALWAYS;
	object = object_create(BLOCKS * HUGE_SIZE);
	mm = mm_create();
	mm_use(mm);
	EXPECT_EQ(map(mm, AT, BLOCKS * HUGE_SIZE, MM_SHARED, 0), 0);
	for (unsigned int block = 0; block < count; block++)
		for (unsigned long i = 0; i < HUGE_PAGES; i++)
			store(page(block, i), page(block, i));
	EXPECT_EQ(object->blocks, count);
	EXPECT_EQ(object->count, count * HUGE_PAGES);
}

static void finish(void)
{
	mm_use(NULL);
	mm_put(mm);
	thp_shmem = policy_before;
	EXPECT_EQ(object->refs, 1);
	EXPECT_EQ(object->frozen, OBJECT_PAGES_MAX);
	object_put(object);
	EXPECT_EQ(gup_held(), held_before);
}

static void expect_kept(
	unsigned long at, unsigned int block, unsigned long from, unsigned long to)
{
	unsigned long wrong = 0;

	for (unsigned long i = 0; i < HUGE_PAGES; i++)
		if (i < from || i >= to)
			wrong += load(at + block * HUGE_SIZE + i * PAGE_SIZE) !=
				 page(block, i);
	EXPECT_EQ(wrong, 0);
}

static struct page *head_of(u64 index)
{
	struct page *found = object_find_page(object, index), *head;

	if (!found)
		return NULL;
	head = page_head(found);
	page_put(head);
	return head;
}

UNIT_TEST(mm_huge_object_fault)
{
	u64 word = 0;

	make(0);
	store(page(1, 1) + 8, 5);
	EXPECT_EQ(level_at(mm, page(1, 1)), block_level());
	EXPECT_EQ(mm_pages(mm), pages_of_one());
	EXPECT_EQ(object->blocks, 1);
	EXPECT_EQ(object->count, HUGE_PAGES);
	EXPECT_EQ(load(page(1, 1)), 0);
	EXPECT_EQ(load(page(1, HUGE_PAGES - 1)), 0);
	EXPECT_EQ(object_read(object, HUGE_SIZE + PAGE_SIZE + 8, &word, 8), 8);
	EXPECT_EQ(word, 5);
	word = 6;
	EXPECT_EQ(object_write(object, 2 * HUGE_SIZE - 8, &word, 8), 8);
	EXPECT_EQ(load(page(2, 0) - 8), 6);
	EXPECT_EQ(object->blocks, 1);
	finish();
}

/* A second mapping finds it, whatever the policy is by then; a private one, too, until it
 * writes: a copy is a page of its own. */
UNIT_TEST(mm_huge_object_is_shared)
{
	unsigned long mine = OTHER + 8 * HUGE_SIZE;
	struct mm *other = mm_create();

	make(2);
	thp_shmem = THP_NEVER;
	EXPECT_EQ(map(other, OTHER, BLOCKS * HUGE_SIZE, MM_SHARED, 0), 0);
	EXPECT_EQ(map(other, mine, BLOCKS * HUGE_SIZE, 0, 0), 0);
	mm_use(other);
	expect_kept(OTHER, 0, 0, 0);
	EXPECT_EQ(level_at(other, OTHER), block_level());
	expect_kept(mine, 1, 0, 0);
	EXPECT_EQ(level_at(other, mine + HUGE_SIZE), block_level());
	store(mine + HUGE_SIZE, 1);
	EXPECT_EQ(level_at(other, mine + HUGE_SIZE), LEVEL_PTE);
	store(OTHER + PAGE_SIZE, 2);
	mm_use(mm);
	EXPECT_EQ(load(page(0, 1)), 2);
	expect_kept(AT, 1, 0, 0);
	mm_put(other);
	finish();
}

/* No leaf of a private mapping lets anybody write to what is the object's; what is pinned
 * for long is a copy, too. */
UNIT_TEST(mm_huge_object_private)
{
	struct page *pinned;

	make(2);
	thp_shmem = THP_NEVER;
	EXPECT_EQ(map(mm, OTHER, 2 * HUGE_SIZE, 0, 0), 0);
	EXPECT_EQ(load(OTHER), page(0, 0));
	EXPECT_EQ(mm_protect(mm, OTHER, HUGE_SIZE, PROT_READ), 0);
	EXPECT_EQ(mm_protect(mm, OTHER, HUGE_SIZE, RW), 0);
	EXPECT_EQ(level_at(mm, OTHER), block_level());
	store(OTHER + PAGE_SIZE, 7);
	EXPECT_EQ(load(OTHER), page(0, 0));
	EXPECT_EQ(load(OTHER + HUGE_SIZE), page(1, 0));
	EXPECT_EQ(gup(OTHER + HUGE_SIZE, 1, FOLL_PIN | FOLL_LONGTERM, &pinned), 1);
	EXPECT_EQ(pinned->type, PAGE_ANON);
	gup_unpin(&pinned, 1);
	expect_kept(AT, 0, 0, 0);
	expect_kept(AT, 1, 0, 0);
	finish();
}

/* Not where it would not fit, nor where there are pages. */
UNIT_TEST(mm_huge_object_only_where_it_fits)
{
	unsigned long off = OTHER + PAGE_SIZE;

	make(0);
	EXPECT_EQ(map(mm, off, 2 * HUGE_SIZE, MM_SHARED, 0), 0);
	store(off, 1);
	EXPECT_EQ(object->blocks, 0);
	store(page(0, 1), 2);
	EXPECT_EQ(object->blocks, 0);
	EXPECT_EQ(load(off + PAGE_SIZE), 2);
	EXPECT_EQ(object_resize(object, 2 * HUGE_SIZE - PAGE_SIZE), 0);
	store(page(1, 0), 3);
	EXPECT_EQ(object->blocks, 0);
	EXPECT_EQ(mm_pages(mm), 4);
	finish();
}

UNIT_TEST(mm_huge_object_unmap_a_part)
{
	make(2);
	EXPECT_EQ(mm_unmap(mm, page(0, 1), PAGE_SIZE), 0);
	EXPECT_EQ(level_at(mm, page(0, 1)), -1);
	expect_kept(AT, 0, 1, 2);
	EXPECT_EQ(map(mm, page(0, 1), PAGE_SIZE, MM_SHARED, PAGE_SIZE), 0);
	EXPECT_EQ(load(page(0, 1)), page(0, 1));
	EXPECT_EQ(mm_protect(mm, page(1, 1), 2 * PAGE_SIZE, PROT_READ), 0);
	expect_kept(AT, 1, 0, 0);
	EXPECT(arch_copy_to_user(page(1, 2), &(u64){1}, 8) != 0);
	EXPECT_EQ(mm_protect(mm, page(1, 1), 2 * PAGE_SIZE, RW), 0);
	EXPECT_EQ(mm_discard(mm, page(1, 3), PAGE_SIZE), 0);
	expect_kept(AT, 1, 0, 0);
	EXPECT_EQ(mm_discard(mm, AT, BLOCKS * HUGE_SIZE), 0);
	EXPECT_EQ(mm_pages(mm), 0);
	EXPECT_EQ(head_of(0)->refs, 1);
	EXPECT_EQ(head_of(0)->mapped, 0);
	expect_kept(AT, 0, 0, 0);
	EXPECT_EQ(object->blocks, 2);
	finish();
}

UNIT_TEST(mm_huge_object_protect)
{
	make(1);
	EXPECT_EQ(mm_protect(mm, AT, BLOCKS * HUGE_SIZE, PROT_READ), 0);
	EXPECT_EQ(level_at(mm, AT), block_level());
	EXPECT(arch_copy_to_user(page(0, 2), &(u64){1}, 8) != 0);
	EXPECT_EQ(mm_protect(mm, AT, BLOCKS * HUGE_SIZE, RW), 0);
	store(page(0, 2), page(0, 2));
	expect_kept(AT, 0, 0, 0);
	finish();
}

UNIT_TEST(mm_huge_object_fork_and_move)
{
	unsigned long to = OTHER;
	struct mm *child;

	make(2);
	child = mm_fork(mm);
	mm_use(child);
	expect_kept(AT, 0, 0, 0);
	EXPECT_EQ(level_at(child, AT), block_level());
	store(page(0, 1), 7);
	mm_use(mm);
	EXPECT_EQ(load(page(0, 1)), 7);
	store(page(0, 1), page(0, 1));
	mm_put(child);
	EXPECT_EQ(mm_remap(mm, AT, HUGE_SIZE, HUGE_SIZE,
			  MM_REMAP_MAYMOVE | MM_REMAP_FIXED, &to),
		0);
	EXPECT_EQ(level_at(mm, AT), -1);
	expect_kept(OTHER, 0, 0, 0);
	to = OTHER + 4 * HUGE_SIZE + PAGE_SIZE;
	EXPECT_EQ(mm_remap(mm, page(1, 0), HUGE_SIZE, HUGE_SIZE,
			  MM_REMAP_MAYMOVE | MM_REMAP_FIXED, &to),
		0);
	expect_kept(to - HUGE_SIZE, 1, 0, 0);
	finish();
}

/* All of it, and a part that is nobody's: that is split. */
UNIT_TEST(mm_huge_object_shrinks)
{
	make(3);
	EXPECT_EQ(object_resize(object, 2 * HUGE_SIZE), 0);
	EXPECT_EQ(object->blocks, 2);
	EXPECT_EQ(object_resize(object, HUGE_SIZE + PAGE_SIZE + 16), 0);
	EXPECT_EQ(object->blocks, 1);
	EXPECT_EQ(object->count, HUGE_PAGES + 2);
	expect_kept(AT, 0, 0, 0);
	expect_kept(AT, 1, 2, HUGE_PAGES);
	EXPECT_EQ(mm_fault(mm, page(1, 2), ACCESS_READ), -EIO);
	EXPECT_EQ(object_resize(object, BLOCKS * HUGE_SIZE), 0);
	EXPECT_EQ(load(page(1, 2)), 0);
	EXPECT_EQ(load(page(1, 0)), page(1, 0));
	finish();
}

UNIT_TEST(mm_huge_object_has_a_hole)
{
	unsigned long mine = OTHER;

	make(3);
	EXPECT_EQ(map(mm, mine, BLOCKS * HUGE_SIZE, 0, 0), 0);
	store(mine + HUGE_SIZE, 9);
	expect_kept(mine, 2, 0, 0);
	EXPECT_EQ(object_punch(object, HUGE_SIZE - PAGE_SIZE, 2 * HUGE_SIZE + 8), 0);
	EXPECT_EQ(object->blocks, 1);
	EXPECT_EQ(object->count, 2 * HUGE_PAGES - 1);
	expect_kept(AT, 0, HUGE_PAGES - 1, HUGE_PAGES);
	EXPECT_EQ(load(page(0, HUGE_PAGES - 1)), 0);
	EXPECT_EQ(load(page(1, 0)), 0);
	EXPECT_EQ(load(page(1, HUGE_PAGES - 1)), 0);
	EXPECT_EQ(load(mine + HUGE_SIZE), 9);
	EXPECT_EQ(load(page(2, 0)), 0);
	expect_kept(AT, 2, 0, 1);
	finish();
}

/* A block that a device holds stays one: what is cut off of it is not to be seen, and
 * zeros when it is the object's again; the device keeps its page. */
UNIT_TEST(mm_huge_object_is_held)
{
	struct page *pinned;
	const struct page *head;

	make(2);
	head = head_of(HUGE_PAGES);
	EXPECT_EQ(gup(page(1, 1), 1, FOLL_PIN | FOLL_WRITE | FOLL_LONGTERM, &pinned), 1);
	EXPECT_EQ(head->pins, 1);
	EXPECT_EQ(object_resize(object, HUGE_SIZE + 2 * PAGE_SIZE), 0);
	EXPECT_EQ(object->blocks, 2);
	expect_kept(AT, 1, 2, HUGE_PAGES);
	EXPECT(head_of(HUGE_PAGES) == head);
	EXPECT_EQ(level_at(mm, page(1, 0)), LEVEL_PTE);
	EXPECT_EQ(mm_fault(mm, page(1, 2), ACCESS_READ), -EIO);
	EXPECT_EQ(object_punch(object, HUGE_SIZE, HUGE_SIZE + PAGE_SIZE + 16), 0);
	EXPECT_EQ(load(page(1, 0)), 0);
	*(u64 *)page_address(pinned) = 5;
	EXPECT_EQ(load(page(1, 1)), 5);
	EXPECT_EQ(object_resize(object, BLOCKS * HUGE_SIZE), 0);
	EXPECT_EQ(load(page(1, 2)), 0);
	EXPECT_EQ(load(page(1, HUGE_PAGES - 1)), 0);
	gup_unpin(&pinned, 1);
	/* Now it can be split; and all of one be cut off, with a pin. */
	EXPECT_EQ(object_resize(object, HUGE_SIZE + PAGE_SIZE), 0);
	EXPECT_EQ(object->blocks, 1);
	EXPECT_EQ(gup(page(0, 1), 1, FOLL_PIN, &pinned), 1);
	EXPECT_EQ(object_resize(object, 0), 0);
	EXPECT_EQ(object->count, 0);
	EXPECT_EQ(*(u64 *)page_address(pinned), page(0, 1));
	gup_unpin(&pinned, 1);
	finish();
}

UNIT_TEST(mm_huge_object_gup)
{
	static struct page *pages[HUGE_PAGES];
	unsigned long wrong = 0;

	make(2);
	EXPECT_EQ(gup_fast(page(0, 3), HUGE_PAGES, FOLL_PIN | FOLL_WRITE | FOLL_LONGTERM,
			  pages),
		HUGE_PAGES);
	for (unsigned long i = 0; i < HUGE_PAGES; i++)
		wrong += *(u64 *)page_address(pages[i]) != page(0, 3 + i);
	EXPECT_EQ(wrong, 0);
	EXPECT_EQ(head_of(0)->pins, (s32)HUGE_PAGES - 3);
	gup_unpin(pages, HUGE_PAGES);
	EXPECT_EQ(gup_slow(mm, page(0, 1), HUGE_PAGES, FOLL_GET, pages), HUGE_PAGES);
	gup_put(pages, HUGE_PAGES);
	/* Of a private mapping it is a copy. */
	EXPECT_EQ(map(mm, OTHER, HUGE_SIZE, 0, 0), 0);
	EXPECT_EQ(gup(OTHER, 1, FOLL_PIN | FOLL_LONGTERM, pages), 1);
	EXPECT_EQ(pages[0]->type, PAGE_ANON);
	gup_unpin(pages, 1);
	finish();
}

/* Single pages, written here and there, of the first block. */
static void make_pages(void)
{
	make(0);
	thp_shmem = THP_NEVER;
	for (unsigned long i = 0; i < HUGE_PAGES; i += 2)
		store(page(0, i), page(0, i));
	EXPECT_EQ(object->blocks, 0);
}

static void expect_pages(unsigned long at)
{
	unsigned long wrong = 0;

	for (unsigned long i = 0; i < HUGE_PAGES; i++)
		wrong += load(at + i * PAGE_SIZE) != (i % 2 ? 0 : page(0, i));
	EXPECT_EQ(wrong, 0);
}

UNIT_TEST(mm_huge_object_collapse)
{
	unsigned long mine = OTHER + 8 * HUGE_SIZE;
	struct mm *other = mm_create();

	make_pages();
	EXPECT_EQ(map(other, OTHER, HUGE_SIZE, MM_SHARED, 0), 0);
	EXPECT_EQ(map(other, mine, HUGE_SIZE, 0, 0), 0);
	mm_use(other);
	expect_pages(OTHER);
	store(mine, 7);
	EXPECT_EQ(load(mine + 2 * PAGE_SIZE), page(0, 2));
	mm_use(mm);
	EXPECT_EQ(mm_collapse(mm, AT, HUGE_SIZE), 0);
	EXPECT_EQ(object->blocks, 1);
	EXPECT_EQ(object->count, HUGE_PAGES);
	EXPECT_EQ(level_at(mm, AT), block_level());
	expect_pages(AT);
	EXPECT_EQ(mm_collapse(mm, AT, HUGE_SIZE), 0);
	store(page(0, 1), 5);
	/* The other one's table has gone, so that it gets a leaf, too. */
	mm_use(other);
	EXPECT_EQ(mm_pages(other), 1);
	EXPECT_EQ(load(OTHER + PAGE_SIZE), 5);
	EXPECT_EQ(level_at(other, OTHER + PAGE_SIZE), block_level());
	EXPECT_EQ(load(mine), 7);
	EXPECT_EQ(load(mine + PAGE_SIZE), 5);
	EXPECT_EQ(load(mine + 2 * PAGE_SIZE), page(0, 2));
	mm_use(mm);
	mm_put(other);
	finish();
}

UNIT_TEST(mm_huge_object_collapse_refused)
{
	struct page *pinned;

	make_pages();
	EXPECT_EQ(mm_collapse(mm, page(1, 0), HUGE_SIZE), -EINVAL); /* nothing there */
	EXPECT_EQ(gup(page(0, 2), 1, FOLL_PIN | FOLL_WRITE, &pinned), 1);
	EXPECT_EQ(mm_collapse(mm, AT, HUGE_SIZE), -EAGAIN);
	EXPECT_EQ(object->blocks, 0);
	expect_pages(AT);
	*(u64 *)page_address(pinned) = 5;
	EXPECT_EQ(load(page(0, 2)), 5);
	store(page(0, 2), page(0, 2));
	gup_unpin(&pinned, 1);
	EXPECT_EQ(map(mm, OTHER + PAGE_SIZE, HUGE_SIZE, MM_SHARED, 0), 0);
	EXPECT_EQ(mm_collapse(mm, OTHER, 2 * HUGE_SIZE), -EINVAL); /* not aligned */
	EXPECT_EQ(object_resize(object, HUGE_SIZE - PAGE_SIZE), 0);
	EXPECT_EQ(mm_collapse(mm, AT, HUGE_SIZE), -EINVAL); /* too small */
	EXPECT_EQ(object_resize(object, BLOCKS * HUGE_SIZE), 0);
	EXPECT_EQ(mm_collapse(mm, AT, HUGE_SIZE), 0);
	expect_pages(AT);
	finish();
}

/* A private mapping asks for it; and what has become pages becomes a block again. */
UNIT_TEST(mm_huge_object_collapse_again)
{
	make(2);
	thp_shmem = THP_NEVER;
	EXPECT_EQ(object_punch(object, PAGE_SIZE, 2 * PAGE_SIZE), 0);
	EXPECT_EQ(object->blocks, 1);
	EXPECT_EQ(map(mm, OTHER, HUGE_SIZE, 0, 0), 0);
	store(OTHER + 2 * PAGE_SIZE, 3);
	EXPECT_EQ(mm_collapse(mm, OTHER, HUGE_SIZE), 0);
	EXPECT_EQ(object->blocks, 2);
	EXPECT_EQ(load(OTHER + 2 * PAGE_SIZE), 3);
	expect_kept(AT, 0, 1, 2);
	EXPECT_EQ(load(page(0, 1)), 0);
	EXPECT_EQ(level_at(mm, AT), block_level());
	finish();
}

/* Without the object's lock: is the page with this index to be had? */
static bool finds(u64 index)
{
	struct page *page;

	rcu_read_lock();
	page = object_find_page_rcu(object, index);
	rcu_read_unlock();
	if (page)
		page_put(page);
	return page;
}

/* Nobody gets a page of it, but for reading. */
UNIT_TEST(mm_huge_object_is_frozen)
{
	u64 word = 5;

	make_pages();
	mutex_lock(&object->resizing);
	object_freeze(object, 0);
	EXPECT_EQ(mm_pages(mm), 0);
	EXPECT_EQ(object_write(object, 8, &word, 8), -EAGAIN);
	EXPECT_EQ(object_write(object, HUGE_SIZE, &word, 8), 8);
	EXPECT(!finds(0) && finds(HUGE_PAGES));
	EXPECT_EQ(object_read(object, 2 * PAGE_SIZE, &word, 8), 8);
	EXPECT_EQ(word, page(0, 2));
	EXPECT(!object_block(object, 0, true, 0));
	object_thaw(object);
	mutex_unlock(&object->resizing);
	EXPECT(finds(0));
	EXPECT_EQ(object_write(object, 8, &word, 8), 8);
	expect_pages(AT);
	finish();
}
