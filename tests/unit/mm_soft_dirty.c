/*
 * tests/unit/mm_soft_dirty.c - which pages were written since they were cleared, and what
 * counts as written because it cannot be told.
 */
#include "tests/unit/mm_help.h"
#include "tests/unit/unit.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/errno.h"
#include "mm/space/gup.h"
#include "mm/space/object.h"

#define RW (PROT_READ | PROT_WRITE)
#define AT 0x10000000UL

static struct mm *mm;

static int map(unsigned long at, unsigned int prot)
{
	return mm_map(mm, &at, 4 * PAGE_SIZE, prot, MM_FIXED);
}

static bool touch(unsigned long address, bool write)
{
	u64 value = 7;

	return write ? !arch_copy_to_user(address, &value, sizeof(value))
		     : !arch_copy_from_user(&value, address, sizeof(value));
}

static bool written(unsigned long address)
{
	return mm_page_told(mm, address) & MM_PAGE_WRITTEN;
}

static bool present(unsigned long address)
{
	return mm_page_told(mm, address) & MM_PAGE_PRESENT;
}

static void make(void)
{
	mm = mm_create();
	mm_use(mm);
	EXPECT_EQ(map(AT, RW), 0);
}

static void finish(void)
{
	mm_use(NULL);
	mm_put(mm);
}

UNIT_TEST(mm_soft_dirty_by_the_first_write)
{
	make();
	EXPECT(touch(AT, true));
	EXPECT(written(AT) && written(AT + PAGE_SIZE));
	EXPECT(present(AT) && !present(AT + PAGE_SIZE));
	mm_clear_soft_dirty(mm);
	EXPECT(!written(AT) && !written(AT + PAGE_SIZE));
	EXPECT(touch(AT, false) && touch(AT + PAGE_SIZE, false));
	EXPECT(!written(AT) && !written(AT + PAGE_SIZE));
	EXPECT(present(AT) && present(AT + PAGE_SIZE));
	EXPECT(touch(AT, true) && touch(AT + 2 * PAGE_SIZE, true));
	EXPECT(written(AT) && !written(AT + PAGE_SIZE) && written(AT + 2 * PAGE_SIZE));
	mm_clear_soft_dirty(mm);
	EXPECT(!written(AT) && !written(AT + 2 * PAGE_SIZE));
	finish();
}

/* A mapping that is younger, or seen by others. */
UNIT_TEST(mm_soft_dirty_in_doubt)
{
	unsigned long shared = AT + 16 * PAGE_SIZE;
	struct object *object = object_create(PAGE_SIZE);

	make();
	EXPECT_EQ(mm_map_object(
			  mm, &shared, PAGE_SIZE, RW, MM_FIXED | MM_SHARED, object, 0),
		0);
	EXPECT_EQ(map(AT + 8 * PAGE_SIZE, PROT_READ), 0);
	EXPECT(touch(shared, true) && touch(AT, true) && touch(AT + PAGE_SIZE, true));
	EXPECT(mm_page_told(mm, shared) & MM_PAGE_FILE);
	EXPECT(!(mm_page_told(mm, AT) & MM_PAGE_FILE));
	mm_clear_soft_dirty(mm);
	EXPECT(!written(AT) && written(shared) && !written(AT + 8 * PAGE_SIZE));
	EXPECT_EQ(map(AT + 4 * PAGE_SIZE, RW), 0);
	EXPECT(written(AT + 4 * PAGE_SIZE) && !written(AT));
	EXPECT_EQ(mm_page_told(mm, AT + 64 * PAGE_SIZE), 0);
	EXPECT_EQ(mm_page_told(mm, mm->limit), 0);
	object_put(object);
	finish();
}

static void protect(unsigned int prot)
{
	EXPECT_EQ(mm_protect(mm, AT, 4 * PAGE_SIZE, prot), 0);
}

/* What may not be written meanwhile is no more and no less written than before. */
UNIT_TEST(mm_soft_dirty_protected)
{
	struct page *page;

	make();
	EXPECT(touch(AT, true) && touch(AT + PAGE_SIZE, true));
	mm_clear_soft_dirty(mm);
	EXPECT(touch(AT, true) && touch(AT + 2 * PAGE_SIZE, true));
	protect(PROT_READ);
	EXPECT(written(AT) && !written(AT + PAGE_SIZE) && written(AT + 2 * PAGE_SIZE));
	protect(RW);
	EXPECT(written(AT) && !written(AT + PAGE_SIZE) && written(AT + 2 * PAGE_SIZE));
	EXPECT(touch(AT + PAGE_SIZE, true));
	EXPECT(written(AT + PAGE_SIZE));
	/* Cleared, and written by force, while nobody may write. */
	protect(PROT_READ);
	mm_clear_soft_dirty(mm);
	EXPECT(!written(AT) && !written(AT + PAGE_SIZE));
	EXPECT_EQ(gup_slow(mm, AT, 1, FOLL_GET | FOLL_FORCE | FOLL_WRITE, &page), 1);
	gup_put(&page, 1);
	EXPECT(written(AT));
	protect(RW);
	EXPECT(written(AT) && !written(AT + PAGE_SIZE));
	finish();
}

UNIT_TEST(mm_soft_dirty_after_fork)
{
	struct mm *child;

	make();
	EXPECT(touch(AT, true));
	EXPECT(mm_page_told(mm, AT) & MM_PAGE_ONCE);
	mm_clear_soft_dirty(mm);
	EXPECT(touch(AT, true));
	child = mm_fork(mm);
	EXPECT(written(AT));
	EXPECT(mm_page_told(child, AT) & MM_PAGE_WRITTEN);
	EXPECT(!(mm_page_told(mm, AT) & MM_PAGE_ONCE));
	mm_put(child);
	finish();
}

/* Something else was at the new place before. */
UNIT_TEST(mm_soft_dirty_after_move)
{
	unsigned long to = AT + 8 * PAGE_SIZE;

	make();
	EXPECT(touch(AT, true));
	mm_clear_soft_dirty(mm);
	EXPECT_EQ(mm_remap(mm, AT, PAGE_SIZE, PAGE_SIZE,
			  MM_REMAP_MAYMOVE | MM_REMAP_FIXED, &to),
		0);
	EXPECT(written(to) && present(to));
	EXPECT(!written(AT + PAGE_SIZE));
	finish();
}

/* Whoever has it pinned writes without a fault. */
UNIT_TEST(mm_soft_dirty_spares_pinned)
{
	struct page *page;

	make();
	EXPECT(touch(AT, true) && touch(AT + PAGE_SIZE, true));
	EXPECT_EQ(gup_slow(mm, AT, 1, FOLL_PIN | FOLL_WRITE, &page), 1);
	mm_clear_soft_dirty(mm);
	EXPECT(written(AT) && !written(AT + PAGE_SIZE));
	gup_unpin(&page, 1);
	mm_clear_soft_dirty(mm);
	EXPECT(!written(AT));
	finish();
}
