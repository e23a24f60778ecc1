/*
 * tests/unit/mm_source.c - objects with a source: when it is asked, what its answers
 * mean, and what becomes of a page that is cut off while it is being filled.
 *
 * The source runs with no lock held, so what another thread might do meanwhile the test
 * does from inside of it (`meanwhile`).
 */
#include "tests/unit/mm_help.h"
#include "tests/unit/unit.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/errno.h"
#include "mm/space/gup.h"
#include "mm/space/object.h"

#define RW   (PROT_READ | PROT_WRITE)
#define AT   0x10000000UL
#define SIZE (4 * PAGE_SIZE)

/* Page n of the store has words n + 1 when it is asked first. */
static struct store {
	int answer;              /* of the next page-ins */
	int asked, released;     /* how often */
	u64 size;                /* as it was told last */
	void (*meanwhile)(void); /* once, before it answers */
} store;

static struct mm *mm;
static struct object *object; /* with this source */

static int page_in(struct object *object, u64 index, void *to)
{
	struct store *from = object->private;
	void (*meanwhile)(void) = from->meanwhile;

	from->asked++;
	from->meanwhile = NULL;
	for (u64 i = 0; i < PAGE_SIZE / sizeof(u64); i++)
		((u64 *)to)[i] = index + 1;
	if (meanwhile)
		meanwhile();
	return from->answer;
}

static void resized(struct object *object, u64 size)
{
	((struct store *)object->private)->size = size;
}

static void release(struct object *object)
{
	((struct store *)object->private)->released++;
}

static const struct object_source source = {
	.page_in = page_in, .resized = resized, .release = release};

static void make(unsigned int flags)
{
	unsigned long at = AT;

	store.answer = store.asked = store.released = 0;
	store.meanwhile = NULL;
	object = object_create_from(SIZE, &source, &store);
	mm = mm_create();
	mm_use(mm);
	EXPECT_EQ(mm_map_object(mm, &at, SIZE, RW, flags | MM_FIXED, object, 0), 0);
}

static void finish(void)
{
	mm_use(NULL);
	mm_put(mm);
	EXPECT_EQ(object->refs, 1);
	EXPECT_EQ(store.released, 0);
	object_put(object);
	EXPECT_EQ(store.released, 1);
}

static u64 load(unsigned long address)
{
	u64 value;

	return arch_copy_from_user(&value, address, sizeof(value)) ? ~0UL : value;
}

static bool store_to(unsigned long address, u64 value)
{
	return !arch_copy_to_user(address, &value, sizeof(value));
}

UNIT_TEST(mm_source_is_asked_once)
{
	u64 word = 0;

	make(MM_SHARED);
	EXPECT_EQ(load(AT + PAGE_SIZE), 2);
	EXPECT(store_to(AT + PAGE_SIZE, 7));
	EXPECT_EQ(store.asked, 1);
	EXPECT_EQ(object_read(object, PAGE_SIZE, &word, 8), 8);
	EXPECT_EQ(word, 7);
	EXPECT_EQ(object_read(object, 0, &word, 8), -EAGAIN);
	EXPECT_EQ(object_write(object, 0, &word, 8), -EAGAIN);
	EXPECT_EQ(object_fill(object, 0), 0);
	EXPECT_EQ(object_fill(object, 0), 0);
	EXPECT_EQ(store.asked, 2);
	EXPECT_EQ(object_write(object, 8, &word, 8), 8);
	EXPECT_EQ(load(AT), 1);
	EXPECT_EQ(load(AT + 8), 7);
	EXPECT_EQ(object_fill(object, 4), -EIO);
	EXPECT_EQ(store.asked, 2);
	finish();
}

/* Private mappings, pins, populating and fork see the source's pages as well. */
UNIT_TEST(mm_source_behind_private_mappings)
{
	unsigned long at = AT + SIZE;
	struct page *page;
	struct mm *child;

	make(0);
	EXPECT_EQ(load(AT), 1);
	EXPECT(store_to(AT + PAGE_SIZE + 8, 5)); /* first of all */
	EXPECT_EQ(load(AT + PAGE_SIZE), 2);
	EXPECT_EQ(gup_slow(mm, AT + 2 * PAGE_SIZE, 1, FOLL_PIN | FOLL_WRITE, &page), 1);
	EXPECT_EQ(*(u64 *)page_address(page), 3);
	EXPECT_EQ(page->type, PAGE_ANON);
	gup_unpin(&page, 1);
	child = mm_fork(mm);
	EXPECT_EQ(store.asked, 3);
	mm_use(child);
	EXPECT_EQ(load(AT + 3 * PAGE_SIZE), 4);
	EXPECT_EQ(load(AT + PAGE_SIZE + 8), 5);
	mm_use(mm);
	mm_put(child);
	EXPECT_EQ(mm_map_object(
			  mm, &at, SIZE, PROT_READ, MM_FIXED | MM_POPULATE, object, 0),
		0);
	EXPECT_EQ(store.asked, 4);
	EXPECT_EQ(mm_pages(mm), 3 + 4);
	finish();
}

/* An answer that is no 0 is -EIO, whatever it is, and the page is asked for again. */
UNIT_TEST(mm_source_fails)
{
	static const int answers[] = {-EIO, -EINTR, -EAGAIN, -EFAULT, 1, -100000};
	struct page *page;

	make(MM_SHARED);
	for (unsigned int i = 0; i < ARRAY_SIZE(answers); i++) {
		store.answer = answers[i];
		EXPECT_EQ(mm_fault(mm, AT, ACCESS_READ), -EIO);
		EXPECT_EQ(store.asked, i + 1);
	}
	EXPECT_EQ(gup(AT, 1, FOLL_GET, &page), -EFAULT);
	store.answer = -ENOMEM;
	EXPECT_EQ(object_fill(object, 0), -ENOMEM);
	EXPECT_EQ(object->count, 0);
	store.answer = 0;
	EXPECT_EQ(load(AT), 1);
	finish();
}

static void cut_off(void)
{
	EXPECT_EQ(object_resize(object, 0), 0);
}

/* What was cut off while it was being filled is not there: neither in the object nor in
 * the mapping. */
UNIT_TEST(mm_source_page_is_cut_off)
{
	make(MM_SHARED);
	store.meanwhile = cut_off;
	EXPECT_EQ(mm_fault(mm, AT, ACCESS_WRITE), -EIO);
	EXPECT_EQ(object->count, 0);
	EXPECT_EQ(mm_pages(mm), 0);
	EXPECT_EQ(store.size, 0);
	object_grow(object, SIZE);
	EXPECT_EQ(store.size, SIZE);
	EXPECT_EQ(load(AT), 1);
	finish();
}

static void cut_and_ask_again(void)
{
	EXPECT_EQ(object_resize(object, 0), 0);
	EXPECT_EQ(object_resize(object, SIZE), 0);
	EXPECT_EQ(mm_fault(mm, AT, ACCESS_WRITE), 0);
	EXPECT(store_to(AT, 9));
	store.answer = -EIO;
}

/* Of two page-ins the one that was cut off fails: the other's page stays. */
UNIT_TEST(mm_source_fails_too_late)
{
	make(MM_SHARED);
	store.meanwhile = cut_and_ask_again;
	EXPECT_EQ(mm_fault(mm, AT, ACCESS_READ), 0);
	EXPECT_EQ(object->count, 1);
	EXPECT_EQ(load(AT), 9);
	finish();
}

static void cut_in_the_middle(void)
{
	EXPECT_EQ(object_resize(object, 64), 0);
}

/* The source does not know where the object ends; what is beyond reads as zeros. */
UNIT_TEST(mm_source_tail)
{
	make(MM_SHARED);
	store.meanwhile = cut_in_the_middle;
	EXPECT_EQ(load(AT + 56), 1);
	EXPECT_EQ(load(AT + 64), 0);
	EXPECT_EQ(object_resize(object, SIZE), 0);
	EXPECT_EQ(load(AT + 64), 0);
	finish();
}

static void cut_and_grow(void)
{
	EXPECT_EQ(object_resize(object, 64), 0);
	object_grow(object, SIZE);
}

/* It was cut and has grown again, both during one page-in: that is not believed. */
UNIT_TEST(mm_source_is_told_first)
{
	make(MM_SHARED);
	store.meanwhile = cut_and_grow;
	EXPECT_EQ(mm_fault(mm, AT, ACCESS_READ), 0);
	EXPECT_EQ(store.asked, 2);
	finish();
}

static bool yes(void)
{
	return true;
}

static int waiter_said;
static bool (*killed_before)(void);

static void wait_and_be_killed(void)
{
	killed_before = gup_killed;
	gup_killed = yes;
	waiter_said = mm_fault(mm, AT, ACCESS_READ);
	gup_killed = killed_before;
}

/* Who waits for another's page-in leaves when it is to end, and that goes on. */
UNIT_TEST(mm_source_waiter_is_killed)
{
	make(MM_SHARED);
	store.meanwhile = wait_and_be_killed;
	EXPECT_EQ(load(AT), 1);
	EXPECT_EQ(waiter_said, -EINTR);
	EXPECT_EQ(store.asked, 1);
	finish();
}

/* Who asks, and is to end, says so, and the page is not there. */
UNIT_TEST(mm_source_asker_is_killed)
{
	make(MM_SHARED);
	killed_before = gup_killed;
	gup_killed = yes;
	store.answer = -EINTR;
	EXPECT_EQ(mm_fault(mm, AT, ACCESS_READ), -EINTR);
	gup_killed = killed_before;
	EXPECT_EQ(object->count, 0);
	store.answer = 0;
	EXPECT_EQ(load(AT), 1);
	finish();
}
