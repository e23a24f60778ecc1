/*
 * tests/unit/mm_mremap.c - mremap: what moves, what stays, and that pages are found
 * afterwards; Linux's errors.
 */
#include "tests/unit/mm_help.h"
#include "tests/unit/unit.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/counters.h"
#include "kernel/base/errno.h"
#include "kernel/sched/rcu.h"
#include "mm/space/gup.h"
#include "mm/space/object.h"
#include "mm/space/rmap.h"

#define RW    (PROT_READ | PROT_WRITE)
#define TABLE (1UL << ARCH_LEVEL_SHIFT(LEVEL_PMD))
#define AT    (0x10000000UL + TABLE - 3 * PAGE_SIZE) /* across a table's border */
#define FAR   (AT + 8 * TABLE + 2 * PAGE_SIZE)
#define COUNT 8
#define SIZE  (COUNT * PAGE_SIZE)

#define MAYMOVE   MM_REMAP_MAYMOVE
#define FIXED     (MM_REMAP_MAYMOVE | MM_REMAP_FIXED)
#define DONTUNMAP (MM_REMAP_MAYMOVE | MM_REMAP_DONTUNMAP)

static struct mm *mm;

static void make(void)
{
	unsigned long at = AT;

	mm = mm_create();
	mm_use(mm);
	EXPECT_EQ(mm_map(mm, &at, SIZE, RW, MM_FIXED), 0);
}

static void finish(void)
{
	mm_use(NULL);
	mm_put(mm);
	rcu_barrier();
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

static void fill(unsigned long at)
{
	for (unsigned long i = 0; i < COUNT; i++)
		EXPECT(store(at + i * PAGE_SIZE, i + 1));
}

static void expect_filled(unsigned long at)
{
	for (unsigned long i = 0; i < COUNT; i++)
		EXPECT_EQ(load(at + i * PAGE_SIZE), i + 1);
}

static int remap(unsigned long old, size_t old_size, size_t size, unsigned int flags,
	unsigned long to)
{
	unsigned long result = to;
	int err = mm_remap(mm, old, old_size, size, flags, &result);

	if (!err && flags & MM_REMAP_FIXED)
		EXPECT_EQ(result, to);
	return err;
}

/* The page that is mapped there is found by its reverse map, and taken away. */
static void expect_found(unsigned long address)
{
	struct page *page = NULL;

	EXPECT_EQ(gup(address, 1, FOLL_GET, &page), 1);
	EXPECT_EQ(rmap_unmap(page), 1);
	EXPECT_EQ(page->mapped, 0);
	page_put(page);
	EXPECT_EQ(load(address), 0);
}

UNIT_TEST(mm_mremap_moves_pages)
{
	make();
	fill(AT);
	EXPECT_EQ(remap(AT, SIZE, SIZE, FIXED, FAR), 0);
	EXPECT_EQ(load(AT), ~0UL);
	EXPECT_EQ(mm_pages(mm), COUNT);
	EXPECT_EQ(mm_vma_count(mm), 1);
	expect_filled(FAR);
	for (unsigned long i = 0; i < COUNT; i += 2)
		expect_found(FAR + i * PAGE_SIZE);
	finish();
}

/* From the middle, over something, with growth. */
UNIT_TEST(mm_mremap_of_a_part)
{
	unsigned long at = FAR;

	make();
	EXPECT_EQ(mm_map(mm, &at, SIZE, RW, MM_FIXED | MM_POPULATE), 0);
	fill(AT);
	EXPECT_EQ(remap(AT + 2 * PAGE_SIZE, 2 * PAGE_SIZE, 4 * PAGE_SIZE, FIXED,
			  FAR + PAGE_SIZE),
		0);
	EXPECT_EQ(load(AT + 2 * PAGE_SIZE), ~0UL);
	EXPECT_EQ(load(AT + 4 * PAGE_SIZE), 5);
	EXPECT_EQ(load(FAR + PAGE_SIZE), 3);
	EXPECT_EQ(load(FAR + 2 * PAGE_SIZE), 4);
	EXPECT_EQ(load(FAR + 3 * PAGE_SIZE), 0);
	expect_found(FAR + 2 * PAGE_SIZE);
	expect_found(AT + 4 * PAGE_SIZE);
	finish();
}

UNIT_TEST(mm_mremap_resizes)
{
	unsigned long to = 0;

	make();
	fill(AT);
	EXPECT_EQ(remap(AT, SIZE, 2 * SIZE, 0, 0), 0);
	EXPECT_EQ(mm_vma_count(mm), 1);
	expect_filled(AT);
	EXPECT(store(AT + 2 * SIZE - PAGE_SIZE, 9));
	EXPECT_EQ(remap(AT, 2 * SIZE, PAGE_SIZE, 0, 0), 0);
	EXPECT_EQ(load(AT + PAGE_SIZE), ~0UL);
	EXPECT_EQ(mm_pages(mm), 1);
	EXPECT_EQ(remap(AT, PAGE_SIZE, SIZE, 0, 0), 0);
	fill(AT);
	EXPECT_EQ(remap(AT, PAGE_SIZE, 2 * PAGE_SIZE, 0, 0), -ENOMEM);
	EXPECT_EQ(mm_remap(mm, AT, SIZE, SIZE + 0, MAYMOVE, &to), 0);
	EXPECT_EQ(to, AT);
	EXPECT_EQ(mm_remap(mm, AT, 4 * PAGE_SIZE, SIZE, MAYMOVE, &to), 0);
	EXPECT(to != AT);
	EXPECT_EQ(load(to + 3 * PAGE_SIZE), 4);
	EXPECT_EQ(load(to + 4 * PAGE_SIZE), 0);
	EXPECT_EQ(load(AT + 4 * PAGE_SIZE), 5);
	finish();
}

UNIT_TEST(mm_mremap_leaves_the_old_place)
{
	make();
	fill(AT);
	EXPECT_EQ(remap(AT, SIZE, SIZE, DONTUNMAP | MM_REMAP_FIXED, FAR), 0);
	expect_filled(FAR);
	EXPECT_EQ(mm_pages(mm), COUNT);
	EXPECT_EQ(load(AT), 0);
	EXPECT(store(AT, 7));
	EXPECT_EQ(load(FAR), 1);
	expect_found(AT);
	EXPECT_EQ(load(FAR), 1);
	expect_found(FAR);
	finish();
}

/* Two of the four tables are all the mapping's: they move as a whole. */
UNIT_TEST(mm_mremap_moves_tables)
{
	unsigned long at = AT + SIZE, second = ALIGN_UP(AT, TABLE),
		      to = second + 8 * TABLE;
	s64 moved = counter_sum(COUNT_TABLES_MOVED);
	u32 tables;

	make();
	EXPECT_EQ(mm_map(mm, &at, 2 * TABLE, RW, MM_FIXED), 0);
	fill(AT);
	EXPECT(store(second + TABLE - PAGE_SIZE, 7));
	EXPECT(store(second + TABLE, 8));
	tables = mm->tables[LEVEL_PTE];
	EXPECT_EQ(
		remap(AT, SIZE + 2 * TABLE, SIZE + 2 * TABLE, FIXED, to - (second - AT)),
		0);
	EXPECT_EQ(counter_sum(COUNT_TABLES_MOVED), moved + 2);
	EXPECT_EQ(mm->tables[LEVEL_PTE], tables);
	expect_filled(to - (second - AT));
	EXPECT_EQ(load(to + TABLE - PAGE_SIZE), 7);
	EXPECT_EQ(load(to + TABLE), 8);
	expect_found(to + TABLE - PAGE_SIZE);
	expect_found(to);
	EXPECT_EQ(load(second), ~0UL);
	finish();
}

/* A family member that has moved is found where it is now. */
/* The table that the last page gets at the new place spans where the old place begins,
 * too, which had none. Nothing of that is moved with it. */
UNIT_TEST(mm_mremap_beside_itself)
{
	unsigned long border = AT + 3 * PAGE_SIZE;

	make();
	for (unsigned long i = 0; i < 4; i++)
		EXPECT(store(border + i * PAGE_SIZE, i + 1));
	EXPECT_EQ(remap(AT, 4 * PAGE_SIZE, 4 * PAGE_SIZE, FIXED, AT - TABLE), 0);
	EXPECT_EQ(mm_pages(mm), 4);
	EXPECT_EQ(load(border - TABLE), 1);
	for (unsigned long i = 1; i < 4; i++)
		EXPECT_EQ(load(border + i * PAGE_SIZE), i + 1);
	finish();
}

UNIT_TEST(mm_mremap_and_fork)
{
	struct page *page = NULL;
	struct mm *child;

	make();
	fill(AT);
	child = mm_fork(mm);
	EXPECT_EQ(remap(AT, SIZE, SIZE, FIXED, FAR), 0);
	EXPECT_EQ(gup(FAR, 1, FOLL_GET, &page), 1);
	EXPECT_EQ(rmap_unmap(page), 2);
	page_put(page);
	EXPECT(store(FAR + PAGE_SIZE, 9));
	mm_use(child);
	EXPECT_EQ(load(AT + PAGE_SIZE), 2);
	mm_use(mm);
	mm_put(child);
	finish();
}

UNIT_TEST(mm_mremap_of_objects)
{
	struct object *object = object_create(2 * SIZE);
	unsigned long at = FAR, to = 0;

	make();
	EXPECT_EQ(mm_map_object(mm, &at, SIZE, RW, MM_FIXED | MM_SHARED, object, 0), 0);
	fill(FAR);
	EXPECT_EQ(mm_remap(mm, FAR + PAGE_SIZE, 0, 2 * PAGE_SIZE, MAYMOVE, &to), 0);
	EXPECT_EQ(load(to), 2);
	EXPECT(store(to + PAGE_SIZE, 8));
	EXPECT_EQ(load(FAR + 2 * PAGE_SIZE), 8);
	EXPECT_EQ(remap(FAR, SIZE, 2 * SIZE, FIXED, FAR + 64 * TABLE), 0);
	EXPECT_EQ(load(FAR + 64 * TABLE), 1);
	EXPECT(store(FAR + 64 * TABLE + SIZE, 4));
	EXPECT_EQ(object_resize(object, PAGE_SIZE), 0);
	EXPECT_EQ(mm_pages(mm), 1);
	EXPECT_EQ(load(FAR + 64 * TABLE + PAGE_SIZE), ~0UL);
	finish();
	EXPECT(list_empty(&object->rmap.vmas));
	object_put(object);
}

/* Back to where a neighbour has never been touched: it becomes one of the family. */
UNIT_TEST(mm_mremap_joins_a_neighbour)
{
	unsigned long at = AT + PAGE_SIZE;

	make();
	EXPECT_EQ(mm_unmap(mm, at, SIZE - PAGE_SIZE), 0);
	EXPECT(store(AT, 3));
	EXPECT_EQ(remap(AT, PAGE_SIZE, PAGE_SIZE, FIXED, FAR), 0);
	EXPECT_EQ(mm_map(mm, &at, PAGE_SIZE, RW, MM_FIXED), 0);
	EXPECT_EQ(remap(FAR, PAGE_SIZE, PAGE_SIZE, FIXED, AT), 0);
	EXPECT_EQ(mm_vma_count(mm), 1);
	EXPECT_EQ(load(AT), 3);
	expect_found(AT);
	finish();
}

/* A device's memory moves, but does not grow, and leaves nothing behind. */
UNIT_TEST(mm_mremap_of_a_device)
{
	struct object *object = object_create(2 * PAGE_SIZE);
	unsigned long at = FAR;

	object->pfn = true;
	make();
	EXPECT_EQ(mm_map_object(mm, &at, PAGE_SIZE, RW, MM_FIXED | MM_SHARED, object, 0),
		0);
	EXPECT(store(FAR, 5));
	EXPECT_EQ(remap(FAR, PAGE_SIZE, 2 * PAGE_SIZE, MAYMOVE, 0), -EFAULT);
	EXPECT_EQ(remap(FAR, 0, PAGE_SIZE, MAYMOVE, 0), -EFAULT);
	EXPECT_EQ(remap(FAR, PAGE_SIZE, PAGE_SIZE, DONTUNMAP, 0), -EINVAL);
	EXPECT_EQ(remap(FAR, PAGE_SIZE, PAGE_SIZE, FIXED, FAR + TABLE), 0);
	EXPECT_EQ(load(FAR), ~0UL);
	EXPECT_EQ(load(FAR + TABLE), 5);
	EXPECT_EQ(object_resize(object, 0), 0); /* the device takes it back */
	EXPECT_EQ(mm_pages(mm), 0);
	EXPECT_EQ(load(FAR + TABLE), ~0UL);
	finish();
	object_put(object);
}

UNIT_TEST(mm_mremap_refuses)
{
	make();
	fill(AT);
	EXPECT_EQ(remap(AT + 8, SIZE, SIZE, MAYMOVE, 0), -EINVAL);
	EXPECT_EQ(remap(AT, SIZE, 0, MAYMOVE, 0), -EINVAL);
	EXPECT_EQ(remap(AT, SIZE, SIZE, 8, 0), -EINVAL);
	EXPECT_EQ(remap(AT, SIZE, SIZE, MM_REMAP_FIXED, FAR), -EINVAL);
	EXPECT_EQ(remap(AT, SIZE, SIZE, FIXED, FAR + 8), -EINVAL);
	EXPECT_EQ(remap(AT, SIZE, SIZE, FIXED, AT + PAGE_SIZE), -EINVAL);
	EXPECT_EQ(remap(AT, SIZE, SIZE, FIXED, ~0UL << PAGE_SHIFT), -EINVAL);
	EXPECT_EQ(remap(AT, SIZE, 2 * SIZE, DONTUNMAP, 0), -EINVAL);
	EXPECT_EQ(remap(AT, 0, SIZE, MAYMOVE, 0), -EINVAL);
	EXPECT_EQ(remap(FAR, SIZE, SIZE, MAYMOVE, 0), -EFAULT);
	EXPECT_EQ(remap(AT, 2 * SIZE, 3 * SIZE, MAYMOVE, 0), -EFAULT);
	EXPECT_EQ(remap(AT, SIZE, 1UL << 62, MAYMOVE, 0), -ENOMEM);
	expect_filled(AT);
	finish();
}
