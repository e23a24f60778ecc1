/*
 * tests/unit/mm_object.c - memory objects, mapped shared and private: who sees what, what
 * is left after a resize, and that nothing is lost.
 */
#include "tests/unit/mm_help.h"
#include "tests/unit/unit.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/errno.h"
#include "kernel/sched/thread.h"
#include "mm/space/gup.h"
#include "mm/space/object.h"

#define RW    (PROT_READ | PROT_WRITE)
#define AT    0x10000000UL
#define COUNT 4
#define SIZE  (COUNT * PAGE_SIZE)

static struct mm *mm;
static struct object *object;

static int map(struct mm *to, unsigned long at, size_t size, unsigned int prot,
	unsigned int flags, u64 offset)
{
	return mm_map_object(to, &at, size, prot, flags | MM_FIXED, object, offset);
}

static void make(void)
{
	object = object_create(SIZE);
	mm = mm_create();
	mm_use(mm);
}

/* Whoever had a reference has given it back. */
static void finish(void)
{
	mm_use(NULL);
	mm_put(mm);
	EXPECT_EQ(object->refs, 1);
	EXPECT(list_empty(&object->rmap.vmas));
	object_put(object);
}

static bool store(unsigned long address, u64 value)
{
	return arch_copy_to_user(address, &value, sizeof(value)) == 0;
}

static u64 load(unsigned long address)
{
	u64 value;

	return arch_copy_from_user(&value, address, sizeof(value)) ? ~0UL : value;
}

UNIT_TEST(mm_object_is_seen_by_all)
{
	unsigned long other = AT + 16 * PAGE_SIZE;
	u64 word = 0;

	make();
	EXPECT_EQ(map(mm, AT, SIZE, RW, MM_SHARED, 0), 0);
	EXPECT_EQ(map(mm, other, SIZE - PAGE_SIZE, PROT_READ, MM_SHARED, PAGE_SIZE), 0);
	EXPECT(store(AT + PAGE_SIZE, 7));
	EXPECT_EQ(load(other), 7);
	EXPECT(!store(other, 8));
	EXPECT_EQ(object_read(object, PAGE_SIZE, &word, sizeof(word)), sizeof(word));
	EXPECT_EQ(word, 7);
	word = 9;
	EXPECT_EQ(object_write(object, SIZE - 8, &word, 64), 8);
	EXPECT_EQ(load(AT + SIZE - 8), 9);
	EXPECT_EQ(object_write(object, SIZE, &word, 8), 0);
	EXPECT_EQ(object->count, 2);
	EXPECT_EQ(mm_pages(mm), 3);
	finish();
}

/* Reads see the object, until the first store to the page: also what others store. */
UNIT_TEST(mm_object_private_copies)
{
	unsigned long mine = AT + 16 * PAGE_SIZE;

	make();
	EXPECT_EQ(map(mm, AT, SIZE, RW, MM_SHARED, 0), 0);
	EXPECT_EQ(map(mm, mine, SIZE, RW, 0, 0), 0);
	EXPECT(store(AT, 1));
	EXPECT_EQ(load(mine), 1);
	EXPECT_EQ(mm_peek_prot(mm, mine), PROT_READ);
	EXPECT(store(AT, 2));
	EXPECT_EQ(load(mine), 2);
	EXPECT(store(mine, 3));
	EXPECT_EQ(load(AT), 2);
	EXPECT(store(mine + PAGE_SIZE, 4)); /* first of all */
	EXPECT_EQ(load(AT + PAGE_SIZE), 0);
	EXPECT_EQ(mm_protect(mm, mine, SIZE, PROT_READ), 0);
	EXPECT_EQ(load(mine + 2 * PAGE_SIZE), 0);
	EXPECT_EQ(mm_protect(mm, mine, SIZE, RW), 0);
	EXPECT_EQ(mm_peek_prot(mm, mine), RW);
	EXPECT_EQ(mm_peek_prot(mm, mine + 2 * PAGE_SIZE), PROT_READ);
	EXPECT(store(mine + 2 * PAGE_SIZE, 5));
	EXPECT_EQ(load(AT + 2 * PAGE_SIZE), 0);
	finish();
}

UNIT_TEST(mm_object_and_fork)
{
	unsigned long mine = AT + 16 * PAGE_SIZE;
	struct mm *child;

	make();
	EXPECT_EQ(map(mm, AT, SIZE, RW, MM_SHARED, 0), 0);
	EXPECT_EQ(map(mm, mine, SIZE, RW, 0, 0), 0);
	EXPECT(store(AT, 1) && store(mine + PAGE_SIZE, 2));
	EXPECT_EQ(load(mine), 1);
	child = mm_fork(mm);
	EXPECT(store(AT, 3) && store(mine, 4) && store(mine + PAGE_SIZE, 5));
	mm_use(child);
	EXPECT_EQ(load(AT), 3);
	EXPECT_EQ(load(mine), 3);
	EXPECT_EQ(load(mine + PAGE_SIZE), 2);
	EXPECT(store(AT + PAGE_SIZE, 6));
	mm_use(mm);
	EXPECT_EQ(load(AT + PAGE_SIZE), 6);
	mm_put(child);
	finish();
}

/* What is cut off is gone from every mapping, private copies too, and stays zero. */
UNIT_TEST(mm_object_shrinks)
{
	unsigned long mine = AT + 16 * PAGE_SIZE;

	make();
	EXPECT_EQ(map(mm, AT, SIZE, RW, MM_SHARED, 0), 0);
	EXPECT_EQ(map(mm, mine, SIZE, RW, 0, 0), 0);
	for (unsigned long i = 0; i < COUNT; i++)
		EXPECT(store(AT + i * PAGE_SIZE + 64, i + 1));
	EXPECT(store(mine + 2 * PAGE_SIZE, 9));
	EXPECT_EQ(load(mine + 3 * PAGE_SIZE + 64), 4);
	EXPECT_EQ(object_resize(object, PAGE_SIZE + 16), 0);
	EXPECT_EQ(object->count, 2);
	EXPECT_EQ(mm_pages(mm), 2);
	EXPECT_EQ(load(AT + 64), 1);
	EXPECT_EQ(load(AT + PAGE_SIZE + 64), 0);
	EXPECT_EQ(mm_fault(mm, AT + 2 * PAGE_SIZE, ACCESS_READ), -EIO);
	EXPECT_EQ(mm_fault(mm, mine + 2 * PAGE_SIZE, ACCESS_WRITE), -EIO);
	EXPECT_EQ(object_resize(object, SIZE), 0);
	EXPECT_EQ(load(AT + 2 * PAGE_SIZE + 64), 0);
	EXPECT_EQ(load(mine + 2 * PAGE_SIZE), 0);
	EXPECT_EQ(object_resize(object, OBJECT_SIZE_MAX + 1), -EFBIG);
	finish();
}

/* A hole: zeros for all, but not in what private mappings have copied. */
UNIT_TEST(mm_object_has_a_hole)
{
	unsigned long mine = AT + 16 * PAGE_SIZE;
	u64 word = 5;

	make();
	EXPECT_EQ(map(mm, AT, SIZE, RW, MM_SHARED, 0), 0);
	EXPECT_EQ(map(mm, mine, SIZE, RW, 0, 0), 0);
	for (unsigned long i = 0; i < COUNT; i++)
		EXPECT(store(AT + i * PAGE_SIZE + 64, i + 1));
	EXPECT(store(mine + 2 * PAGE_SIZE, 9));
	EXPECT_EQ(load(mine + PAGE_SIZE + 64), 2);
	EXPECT(store(AT + 3 * PAGE_SIZE, 5));
	EXPECT_EQ(object_punch(object, 72, 3 * PAGE_SIZE + 64), 0);
	EXPECT_EQ(object->count, 2);
	EXPECT_EQ(mm_pages(mm), 3); /* both ends, and the copy */
	EXPECT_EQ(load(AT + 64), 1);
	EXPECT_EQ(load(AT + 3 * PAGE_SIZE), 0);
	EXPECT_EQ(load(AT + 3 * PAGE_SIZE + 64), 4);
	EXPECT_EQ(object_read(object, PAGE_SIZE + 64, &word, 8), 8);
	EXPECT_EQ(word, 0);
	EXPECT_EQ(load(AT + 2 * PAGE_SIZE + 64), 0);
	EXPECT_EQ(load(mine + PAGE_SIZE + 64), 0);
	EXPECT_EQ(load(mine + 2 * PAGE_SIZE), 9);
	EXPECT_EQ(object_punch(object, 64, 72), 0);
	EXPECT_EQ(load(AT + 64), 0);
	EXPECT_EQ(object_punch(object, 5 * PAGE_SIZE, 9 * PAGE_SIZE), 0);
	EXPECT_EQ(object_size(object), SIZE);
	finish();
}

UNIT_TEST(mm_object_is_removed_through_a_mapping)
{
	make();
	EXPECT_EQ(map(mm, AT, SIZE, RW, MM_SHARED, 0), 0);
	EXPECT_EQ(map(mm, AT + SIZE, SIZE, RW, 0, 0), 0);
	for (unsigned long i = 0; i < COUNT; i++)
		EXPECT(store(AT + i * PAGE_SIZE, i + 1));
	EXPECT_EQ(mm_remove(mm, AT + PAGE_SIZE, 2 * PAGE_SIZE), 0);
	EXPECT_EQ(object->count, 2);
	EXPECT_EQ(load(AT + PAGE_SIZE), 0);
	EXPECT_EQ(load(AT + 3 * PAGE_SIZE), 4);
	EXPECT_EQ(mm_remove(mm, AT + SIZE, PAGE_SIZE), -EACCES);
	EXPECT_EQ(map(mm, AT, PAGE_SIZE, PROT_READ, MM_SHARED | MM_READONLY, 0), 0);
	EXPECT_EQ(mm_remove(mm, AT, PAGE_SIZE), -EACCES);
	EXPECT_EQ(mm_remove(mm, AT - PAGE_SIZE, PAGE_SIZE), -ENOMEM);
	EXPECT_EQ(mm_remove(mm, AT + 1, PAGE_SIZE), -EINVAL);
	finish();
}

UNIT_TEST(mm_object_is_made_beforehand)
{
	make();
	EXPECT_EQ(object_allocate(object, PAGE_SIZE - 1, 2 * PAGE_SIZE), 0);
	EXPECT_EQ(object->count, 2);
	EXPECT_EQ(object_allocate(object, 0, SIZE + 1), -EIO);
	EXPECT_EQ(object->count, COUNT);
	finish();
}

/* A page that is held survives the cut, and is nobody's. */
UNIT_TEST(mm_object_page_is_held)
{
	struct page *page;

	make();
	EXPECT_EQ(map(mm, AT, SIZE, RW, MM_SHARED, 0), 0);
	EXPECT(store(AT, 1));
	EXPECT_EQ(gup(AT, 1, FOLL_PIN | FOLL_WRITE | FOLL_LONGTERM, &page), 1);
	EXPECT_EQ(page->type, PAGE_OBJECT);
	EXPECT_EQ(object_resize(object, 0), 0);
	EXPECT(!page->object);
	EXPECT_EQ(page->refs, PAGE_PIN_BIAS);
	EXPECT_EQ(*(u64 *)page_address(page), 1);
	gup_unpin(&page, 1);
	finish();
}

/* A pin of a private mapping is one of a copy, which later stores go to as well. */
UNIT_TEST(mm_object_private_pins)
{
	struct page *page;

	make();
	EXPECT_EQ(map(mm, AT, SIZE, RW, 0, 0), 0);
	EXPECT_EQ(load(AT), 0);
	EXPECT_EQ(gup(AT, 1, FOLL_PIN | FOLL_WRITE, &page), 1);
	EXPECT_EQ(page->type, PAGE_ANON);
	EXPECT(store(AT, 5));
	EXPECT_EQ(*(u64 *)page_address(page), 5);
	gup_unpin(&page, 1);
	EXPECT_EQ(object->count, 1);
	finish();
}

/* VMAs are cut, joined and removed together with their offsets. */
UNIT_TEST(mm_object_offsets)
{
	make();
	EXPECT_EQ(map(mm, AT, SIZE, RW, MM_SHARED, 0), 0);
	for (unsigned long i = 0; i < COUNT; i++)
		EXPECT(store(AT + i * PAGE_SIZE, i + 1));
	EXPECT_EQ(mm_unmap(mm, AT, PAGE_SIZE), 0);
	EXPECT_EQ(load(AT + PAGE_SIZE), 2);
	EXPECT_EQ(mm_unmap(mm, AT + 2 * PAGE_SIZE, PAGE_SIZE), 0);
	EXPECT_EQ(mm_vma_count(mm), 2);
	EXPECT_EQ(mm_discard(mm, AT + 3 * PAGE_SIZE, PAGE_SIZE), 0);
	EXPECT_EQ(load(AT + 3 * PAGE_SIZE), 4);
	EXPECT_EQ(map(mm, AT + 2 * PAGE_SIZE, PAGE_SIZE, RW, MM_SHARED, 0), 0);
	EXPECT_EQ(mm_vma_count(mm), 3); /* not the page that would join */
	EXPECT_EQ(load(AT + 2 * PAGE_SIZE), 1);
	EXPECT_EQ(
		map(mm, AT + 2 * PAGE_SIZE, PAGE_SIZE, RW, MM_SHARED, 2 * PAGE_SIZE), 0);
	EXPECT_EQ(mm_vma_count(mm), 1);
	EXPECT_EQ(load(AT + 2 * PAGE_SIZE), 3);
	EXPECT_EQ(map(mm, AT, PAGE_SIZE, RW, MM_SHARED, 0), 0);
	EXPECT_EQ(mm_vma_count(mm), 1);
	EXPECT_EQ(mm_protect(mm, AT + PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
	EXPECT_EQ(load(AT + 3 * PAGE_SIZE), 4);
	finish();
}

/* What nobody may write is not to be made writable; a private copy is no matter. */
UNIT_TEST(mm_object_readonly)
{
	unsigned long mine = AT + 16 * PAGE_SIZE;

	make();
	EXPECT_EQ(map(mm, AT, SIZE, PROT_READ, MM_SHARED | MM_READONLY, 0), 0);
	EXPECT_EQ(map(mm, mine, SIZE, PROT_READ, MM_READONLY, 0), 0);
	EXPECT_EQ(mm_protect(mm, AT, SIZE, RW), -EACCES);
	EXPECT(!store(AT, 1));
	EXPECT_EQ(mm_protect(mm, AT, PAGE_SIZE, PROT_NONE), 0);
	EXPECT_EQ(mm_protect(mm, AT, PAGE_SIZE, PROT_READ), 0);
	EXPECT_EQ(mm_protect(mm, mine, SIZE, RW), 0);
	EXPECT(store(mine, 2));
	EXPECT_EQ(load(AT), 0);
	finish();
}

/* Far apart: the tree has as many nodes as it needs, and they all come back. */
UNIT_TEST(mm_object_sparse)
{
	static const u64 places[] = {0, 511, 512, 1UL << 18, (1UL << 27) - 1};
	u64 word;

	make();
	EXPECT_EQ(object_resize(object, OBJECT_SIZE_MAX), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++) {
		word = i + 1;
		EXPECT_EQ(object_write(object, places[i] * PAGE_SIZE, &word, 8), 8);
	}
	EXPECT_EQ(object->count, ARRAY_SIZE(places));
	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++) {
		EXPECT_EQ(object_read(object, places[i] * PAGE_SIZE, &word, 8), 8);
		EXPECT_EQ(word, i + 1);
	}
	EXPECT_EQ(object_read(object, 600 * PAGE_SIZE, &word, 8), 8);
	EXPECT_EQ(word, 0);
	EXPECT_EQ(object_resize(object, PAGE_SIZE), 0);
	EXPECT_EQ(object->count, 1);
	finish();
}

/* Device memory: mapped without references, held by nobody, and taken back for good. */
UNIT_TEST(mm_object_of_a_device)
{
	unsigned long again = AT + 16 * PAGE_SIZE;
	struct page *page;
	struct mm *child;

	make();
	object->pfn = true;
	EXPECT_EQ(map(mm, AT, SIZE, RW, 0, 0), -EINVAL);
	EXPECT_EQ(map(mm, AT, SIZE, RW, MM_SHARED, 0), 0);
	EXPECT_EQ(map(mm, again, SIZE, PROT_READ, MM_SHARED, 0), 0);
	EXPECT(store(AT, 1));
	EXPECT_EQ(load(again), 1);
	page = object_find_page(object, 0);
	EXPECT_EQ(page->refs, 2); /* ours, and the object's */
	page_put(page);
	EXPECT_EQ(gup(AT, 1, FOLL_GET, &page), -EFAULT);
	EXPECT_EQ(gup(AT + PAGE_SIZE, 1, FOLL_PIN | FOLL_WRITE, &page), -EFAULT);
	EXPECT_EQ(mm_discard(mm, AT, PAGE_SIZE), -EINVAL);
	EXPECT_EQ(mm_protect(mm, AT, SIZE, PROT_READ), 0);
	EXPECT(!store(AT, 2));
	EXPECT_EQ(load(AT), 1);
	EXPECT_EQ(mm_protect(mm, AT, SIZE, RW), 0);
	EXPECT(store(AT, 2));
	child = mm_fork(mm);
	mm_use(child);
	EXPECT_EQ(load(again), 2);
	EXPECT(store(AT, 3));
	mm_use(mm);
	EXPECT_EQ(load(AT), 3);
	EXPECT_EQ(object_resize(object, 0), 0);
	EXPECT_EQ(mm_pages(mm), 0);
	EXPECT_EQ(mm_pages(child), 0);
	EXPECT_EQ(mm_fault(mm, AT, ACCESS_WRITE), -EIO);
	EXPECT_EQ(mm_fault(child, again, ACCESS_READ), -EIO);
	mm_put(child);
	finish();
}
