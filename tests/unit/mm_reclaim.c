/*
 * tests/unit/mm_reclaim.c - memory that was given up (MADV_FREE), and clean pages of
 * objects: what is taken back and what must stay.
 */
#include "tests/unit/mm_help.h"
#include "tests/unit/unit.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/errno.h"
#include "kernel/sched/rcu.h"
#include "mm/space/gup.h"
#include "mm/space/object.h"

#define RW    (PROT_READ | PROT_WRITE)
#define AT    0x10000000UL
#define FILE  0x20000000UL
#define COUNT 80UL /* more than two batches */
#define SIZE  (COUNT * PAGE_SIZE)

static struct mm *mm;

static u64 load(unsigned long address)
{
	u64 value;

	return arch_copy_from_user(&value, address, sizeof(value)) ? ~0UL : value;
}

static bool put(unsigned long address, u64 value)
{
	return !arch_copy_to_user(address, &value, sizeof(value));
}

static unsigned long at(unsigned long index)
{
	return AT + index * PAGE_SIZE;
}

/* COUNT pages of its own, whose first words are 1, 2 ... */
static void make(void)
{
	unsigned long start = AT;

	mm = mm_create();
	mm_use(mm);
	EXPECT_EQ(mm_map(mm, &start, SIZE, RW, MM_FIXED), 0);
	for (unsigned long i = 0; i < COUNT; i++)
		EXPECT(put(at(i), i + 1));
}

static void finish(void)
{
	mm_use(NULL);
	mm_put(mm);
	rcu_barrier();
}

static struct page *page_at(unsigned long address)
{
	return page_of_virt(mm_peek(mm, address));
}

UNIT_TEST(mm_lazy_until_it_is_written)
{
	make();
	EXPECT_EQ(mm_free_lazily(mm, AT, SIZE), 0);
	EXPECT_EQ(mm_pages(mm), COUNT);
	EXPECT_EQ(load(at(3)), 4);
	EXPECT(put(at(5), 50));
	EXPECT_EQ(page_at(at(5))->type, PAGE_ANON);
	EXPECT_EQ(mm_page_out(mm, AT, SIZE - PAGE_SIZE), 0);
	EXPECT_EQ(mm_pages(mm), 2);
	EXPECT_EQ(load(at(5)), 50);
	EXPECT_EQ(load(at(COUNT - 1)), COUNT);
	EXPECT_EQ(load(at(3)), 0);
	EXPECT(put(at(3), 7));
	EXPECT_EQ(mm_page_out(mm, AT, SIZE), 0);
	EXPECT_EQ(load(at(3)), 7);
	EXPECT_EQ(load(at(5)), 50);
	EXPECT_EQ(load(at(COUNT - 1)), 0);
	finish();
}

/* Rights that come back are no store. */
UNIT_TEST(mm_lazy_and_protect)
{
	make();
	EXPECT_EQ(mm_free_lazily(mm, AT, 2 * PAGE_SIZE), 0);
	EXPECT_EQ(mm_protect(mm, AT, SIZE, PROT_READ), 0);
	EXPECT_EQ(mm_free_lazily(mm, at(2), PAGE_SIZE), 0);
	EXPECT_EQ(mm_protect(mm, AT, SIZE, RW), 0);
	EXPECT_EQ(mm_peek_prot(mm, AT), PROT_READ);
	EXPECT(put(at(1), 5));
	EXPECT_EQ(mm_page_out(mm, AT, SIZE), 0);
	EXPECT(!mm_peek(mm, AT) && !mm_peek(mm, at(2)));
	EXPECT_EQ(load(at(1)), 5);
	EXPECT_EQ(load(at(3)), 4);
	finish();
}

/* What is pinned is not given up, or not taken; a pin for writing is a store. */
UNIT_TEST(mm_lazy_and_pins)
{
	struct page *pages[4];

	make();
	EXPECT_EQ(gup(AT, 1, FOLL_PIN | FOLL_WRITE, &pages[0]), 1);
	EXPECT_EQ(mm_free_lazily(mm, AT, 4 * PAGE_SIZE), 0);
	EXPECT_EQ(gup(at(1), 1, FOLL_PIN | FOLL_WRITE, &pages[1]), 1);
	EXPECT_EQ(gup(at(2), 1, FOLL_PIN, &pages[2]), 1);
	EXPECT_EQ(gup(at(3), 1, FOLL_PIN | FOLL_LONGTERM, &pages[3]), 1);
	EXPECT_EQ(mm_page_out(mm, AT, SIZE), 0);
	for (unsigned long i = 0; i < 4; i++)
		EXPECT(page_at(at(i)) == pages[i]);
	*(u64 *)page_address(pages[0]) = 10;
	*(u64 *)page_address(pages[1]) = 11;
	gup_unpin(pages, 4);
	EXPECT_EQ(mm_page_out(mm, AT, SIZE), 0);
	EXPECT_EQ(load(AT), 10);
	EXPECT_EQ(load(at(1)), 11);
	EXPECT_EQ(load(at(2)), 0);
	EXPECT_EQ(load(at(3)), 4);
	finish();
}

/* Also by force, where the program itself may not write. */
UNIT_TEST(mm_lazy_by_force)
{
	struct page *page;

	make();
	EXPECT_EQ(mm_protect(mm, AT, SIZE, PROT_READ), 0);
	EXPECT_EQ(mm_free_lazily(mm, AT, SIZE), 0);
	EXPECT_EQ(gup_slow(mm, AT, 1, FOLL_PIN | FOLL_WRITE | FOLL_FORCE, &page), 1);
	*(u64 *)page_address(page) = 9;
	gup_unpin(&page, 1);
	EXPECT_EQ(mm_page_out(mm, AT, SIZE), 0);
	EXPECT_EQ(load(AT), 9);
	finish();
}

/* A child does not get what was given up; what it has, too, is not given up. */
UNIT_TEST(mm_lazy_and_fork)
{
	struct mm *child;

	make();
	EXPECT_EQ(mm_free_lazily(mm, AT, 2 * PAGE_SIZE), 0);
	EXPECT(put(AT, 5));
	child = mm_fork(mm);
	EXPECT_EQ(mm_pages(child), COUNT - 1);
	EXPECT_EQ(mm_free_lazily(mm, AT, SIZE), 0);
	EXPECT_EQ(mm_page_out(mm, AT, SIZE), 0);
	EXPECT_EQ(mm_pages(mm), COUNT - 1);
	EXPECT_EQ(load(AT), 5);
	EXPECT_EQ(load(at(1)), 0);
	EXPECT_EQ(load(at(2)), 3);
	mm_use(child);
	EXPECT_EQ(load(AT), 5);
	EXPECT_EQ(load(at(1)), 0);
	EXPECT(put(at(2), 3000));
	mm_use(mm);
	EXPECT_EQ(load(at(2)), 3);
	mm_put(child);
	finish();
}

UNIT_TEST(mm_lazy_errors)
{
	struct object *object = object_create(SIZE);
	unsigned long shared = FILE, mine = FILE + SIZE, end = at(COUNT);

	make();
	EXPECT_EQ(
		mm_map_object(mm, &shared, SIZE, RW, MM_FIXED | MM_SHARED, object, 0), 0);
	EXPECT_EQ(mm_map_object(mm, &mine, SIZE, RW, MM_FIXED, object, 0), 0);
	EXPECT(put(shared, 1) && put(mine, 2));
	EXPECT_EQ(mm_free_lazily(mm, shared, PAGE_SIZE), -EINVAL);
	EXPECT_EQ(mm_free_lazily(mm, mine, PAGE_SIZE), -EINVAL);
	EXPECT_EQ(mm_free_lazily(mm, AT + 1, PAGE_SIZE), -EINVAL);
	EXPECT_EQ(mm_free_lazily(mm, end - PAGE_SIZE, 2 * PAGE_SIZE), -ENOMEM);
	EXPECT_EQ(mm_page_out(mm, end - PAGE_SIZE, 2 * PAGE_SIZE), -ENOMEM);
	EXPECT(!mm_peek(mm, end - PAGE_SIZE));
	EXPECT_EQ(mm_page_out(mm, shared, 2 * SIZE), 0); /* nobody else has it */
	EXPECT_EQ(load(shared), 1);
	EXPECT_EQ(load(mine), 2);
	finish();
	object_put(object);
}

/* Found by their frames, of whatever mm, as many as are wanted and more. */
UNIT_TEST(mm_reclaim_finds_lazy_pages)
{
	struct mm *first;

	make();
	EXPECT_EQ(mm_free_lazily(mm, AT, SIZE / 2), 0);
	first = mm;
	make();
	EXPECT_EQ(mm_free_lazily(mm, AT, SIZE / 2), 0);
	EXPECT(mm_reclaim(1) >= 1);
	EXPECT(mm_pages(mm) + mm_pages(first) < 2 * COUNT);
	while (mm_reclaim(COUNT))
		continue;
	EXPECT_EQ(mm_pages(mm), COUNT / 2);
	EXPECT_EQ(mm_pages(first), COUNT / 2);
	EXPECT_EQ(load(AT), 0);
	EXPECT_EQ(load(at(COUNT / 2)), COUNT / 2 + 1);
	mm_put(first);
	finish();
}

/* --- clean pages -------------------------------------------------------------------- */

static u64 stored[COUNT]; /* what the source has */
static unsigned int asked;

static int page_in(struct object *of, u64 index, void *to)
{
	asked++;
	*(u64 *)to = stored[index];
	return 0;
}

static int write_back(struct object *of, u64 index, void *from, size_t size)
{
	stored[index] = *(const u64 *)from;
	return 0;
}

static struct object *make_file(void)
{
	static const struct object_source source = {
		.page_in = page_in, .write_back = write_back};
	struct object *object = object_create_from(SIZE, &source, NULL);
	unsigned long start = FILE;

	make();
	asked = 0;
	EXPECT_EQ(
		mm_map_object(mm, &start, SIZE, RW, MM_FIXED | MM_SHARED, object, 0), 0);
	for (u64 i = 0; i < COUNT; i++) {
		stored[i] = 100 + i;
		EXPECT_EQ(load(FILE + i * PAGE_SIZE), 100 + i);
	}
	return object;
}

static void finish_file(struct object *object)
{
	finish();
	EXPECT_EQ(object->refs, 1);
	object_put(object);
}

/* From all who have them mapped; and they come again. */
UNIT_TEST(mm_reclaim_clean_pages)
{
	struct object *object = make_file();
	unsigned long mine = FILE + SIZE;
	struct mm *child;

	EXPECT_EQ(mm_map_object(mm, &mine, SIZE, RW, MM_FIXED, object, 0), 0);
	EXPECT(put(mine, 7));
	EXPECT_EQ(load(mine + PAGE_SIZE), 101);
	child = mm_fork(mm);
	EXPECT_EQ(mm_page_out(mm, FILE, SIZE), 0);
	EXPECT_EQ(object->count, 0);
	EXPECT_EQ(mm_pages(mm), COUNT + 1);
	EXPECT_EQ(mm_pages(child), COUNT + 1);
	EXPECT_EQ(load(mine), 7);
	stored[1] = 5;
	EXPECT_EQ(load(mine + PAGE_SIZE), 5);
	EXPECT_EQ(load(FILE + PAGE_SIZE), 5);
	EXPECT_EQ(asked, COUNT + 1);
	mm_put(child);
	finish_file(object);
}

/* What its source has not, or somebody holds, stays; until it is written back. */
UNIT_TEST(mm_reclaim_not_what_is_needed)
{
	struct object *object = make_file();
	struct page *page;

	EXPECT(put(FILE, 1));
	EXPECT_EQ(gup(FILE + PAGE_SIZE, 1, FOLL_PIN, &page), 1);
	EXPECT_EQ(mm_page_out(mm, FILE, SIZE), 0);
	EXPECT_EQ(object->count, 2);
	EXPECT_EQ(load(FILE), 1);
	EXPECT_EQ(load(FILE + PAGE_SIZE), 101);
	EXPECT(page_at(FILE + PAGE_SIZE) == page);
	gup_unpin(&page, 1);
	EXPECT_EQ(mm_sync(mm, FILE, SIZE), 0);
	EXPECT_EQ(mm_page_out(mm, FILE, SIZE), 0);
	EXPECT_EQ(object->count, 0);
	EXPECT_EQ(load(FILE), 1);
	EXPECT_EQ(asked, COUNT + 1);
	finish_file(object);
}

UNIT_TEST(mm_reclaim_finds_clean_pages)
{
	struct object *object = make_file();

	EXPECT(put(FILE, 1));
	while (mm_reclaim(COUNT))
		continue;
	EXPECT_EQ(object->count, 1);
	EXPECT_EQ(mm_pages(mm), COUNT + 1);
	EXPECT_EQ(load(FILE), 1);
	EXPECT_EQ(load(at(0)), 1);
	EXPECT_EQ(object_resize(object, 0), 0);
	EXPECT_EQ(mm_reclaim(1), 0);
	finish_file(object);
}
