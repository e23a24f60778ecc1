/*
 * tests/unit/mm_dirty.c - objects whose source takes pages back: which are dirty, what is
 * written back and when, and what stays dirty.
 *
 * What another thread might do while a copy is on its way the test does from inside the
 * source (`meanwhile`).
 */
#include "tests/unit/mm_help.h"
#include "tests/unit/unit.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/errno.h"
#include "mm/space/gup.h"
#include "mm/space/object.h"

#define RW    (PROT_READ | PROT_WRITE)
#define AT    0x10000000UL
#define COUNT 4
#define SIZE  (COUNT * PAGE_SIZE)

static struct store {
	u64 word[COUNT]; /* the first of each page */
	u64 bytes;       /* of the last write-back */
	int answer, permission;
	int writes, asked;
	void (*meanwhile)(void); /* once, when a copy has come */
} store;

static struct mm *mm;
static struct object *object;

static int page_in(struct object *of, u64 index, void *to)
{
	*(u64 *)to = store.word[index];
	return 0;
}

static int write_back(struct object *of, u64 index, void *from, size_t size)
{
	void (*meanwhile)(void) = store.meanwhile;

	store.writes++;
	store.bytes = size;
	store.meanwhile = NULL;
	if (meanwhile)
		meanwhile();
	if (!store.answer)
		store.word[index] = *(const u64 *)from;
	return store.answer;
}

static int allow_write(struct object *of, u64 index)
{
	store.asked++;
	return store.permission;
}

static const struct object_source source = {
	.page_in = page_in, .write_back = write_back, .allow_write = allow_write};

static int map(unsigned long at, unsigned int prot, unsigned int flags)
{
	return mm_map_object(mm, &at, SIZE, prot, flags | MM_FIXED, object, 0);
}

static void make(void)
{
	for (int i = 0; i < COUNT; i++)
		store.word[i] = 100 + i;
	store.answer = store.permission = store.writes = store.asked = 0;
	store.meanwhile = NULL;
	object = object_create_from(SIZE, &source, &store);
	mm = mm_create();
	mm_use(mm);
	EXPECT_EQ(map(AT, RW, MM_SHARED), 0);
}

static void finish(void)
{
	mm_use(NULL);
	mm_put(mm);
	EXPECT_EQ(object->refs, 1);
	object_put(object);
}

static u64 load(unsigned long address)
{
	u64 value;

	return arch_copy_from_user(&value, address, sizeof(value)) ? ~0UL : value;
}

static bool put(unsigned long address, u64 value)
{
	return !arch_copy_to_user(address, &value, sizeof(value));
}

/* A mapping that moves says the same of its pages as before. */
UNIT_TEST(mm_dirty_moves)
{
	unsigned long to = AT + 2 * SIZE;

	make();
	EXPECT(put(AT, 1));
	EXPECT_EQ(load(AT + PAGE_SIZE), 101);
	EXPECT_EQ(
		mm_remap(mm, AT, SIZE, SIZE, MM_REMAP_MAYMOVE | MM_REMAP_FIXED, &to), 0);
	EXPECT_EQ(mm_peek_prot(mm, to), RW);
	EXPECT_EQ(mm_peek_prot(mm, to + PAGE_SIZE), PROT_READ);
	EXPECT_EQ(mm_sync(mm, to, SIZE), 0);
	EXPECT_EQ(store.word[0], 1);
	EXPECT_EQ(mm_peek_prot(mm, to), PROT_READ);
	EXPECT(put(to, 2));
	EXPECT_EQ(mm_sync(mm, to, SIZE), 0);
	EXPECT_EQ(store.word[0], 2);
	finish();
}

/* A page may be written when it is dirty, and only then, in every mapping. */
UNIT_TEST(mm_dirty_by_the_first_write)
{
	unsigned long other = AT + 2 * SIZE;

	make();
	EXPECT_EQ(map(other, RW, MM_SHARED), 0);
	EXPECT_EQ(load(AT), 100);
	EXPECT_EQ(mm_peek_prot(mm, AT), PROT_READ);
	EXPECT_EQ(store.asked, 0);
	EXPECT(put(AT, 1));
	EXPECT_EQ(mm_peek_prot(mm, AT), RW);
	EXPECT(put(other, 2));
	EXPECT_EQ(store.asked, 1);
	EXPECT_EQ(mm_sync(mm, AT, SIZE), 0);
	EXPECT_EQ(store.writes, 1);
	EXPECT_EQ(store.word[0], 2);
	EXPECT_EQ(mm_peek_prot(mm, AT), PROT_READ);
	EXPECT_EQ(mm_peek_prot(mm, other), PROT_READ);
	EXPECT_EQ(mm_sync(mm, AT, SIZE), 0);
	EXPECT_EQ(store.writes, 1);
	EXPECT(put(other, 3));
	EXPECT_EQ(mm_peek_prot(mm, AT), PROT_READ);
	EXPECT_EQ(object_write_back(object, 0, PAGE_SIZE), 0);
	EXPECT_EQ(store.word[0], 3);
	finish();
}

/* What rights are given and taken makes no clean page writable. */
UNIT_TEST(mm_dirty_and_protect)
{
	make();
	EXPECT_EQ(load(AT), 100);
	EXPECT(put(AT + PAGE_SIZE, 1));
	EXPECT_EQ(mm_protect(mm, AT, SIZE, PROT_READ), 0);
	EXPECT_EQ(mm_protect(mm, AT, SIZE, RW), 0);
	EXPECT_EQ(mm_peek_prot(mm, AT), PROT_READ);
	EXPECT_EQ(mm_peek_prot(mm, AT + PAGE_SIZE), RW);
	finish();
}

/* What was unmapped, or written by a system call, is written back all the same. */
UNIT_TEST(mm_dirty_without_a_mapping)
{
	u64 word = 5;

	make();
	EXPECT(put(AT, 1));
	EXPECT_EQ(mm_unmap(mm, AT, SIZE), 0);
	EXPECT_EQ(object_fill(object, 1), 0);
	EXPECT_EQ(object_write(object, PAGE_SIZE, &word, 8), -EAGAIN);
	EXPECT_EQ(object_prepare(object, 1, true), 0);
	EXPECT_EQ(object_write(object, PAGE_SIZE, &word, 8), 8);
	EXPECT_EQ(object_write_back(object, 0, ~0UL), 0);
	EXPECT_EQ(store.writes, 2);
	EXPECT_EQ(store.word[0], 1);
	EXPECT_EQ(store.word[1], 5);
	finish();
}

UNIT_TEST(mm_dirty_private_is_nobodys)
{
	make();
	EXPECT_EQ(mm_unmap(mm, AT, SIZE), 0);
	EXPECT_EQ(map(AT, RW, 0), 0);
	EXPECT(put(AT, 1));
	EXPECT_EQ(mm_sync(mm, AT, SIZE), 0);
	EXPECT_EQ(object_write_back(object, 0, SIZE), 0);
	EXPECT_EQ(store.writes + store.asked, 0);
	finish();
}

UNIT_TEST(mm_dirty_refused)
{
	make();
	store.permission = -EPERM;
	EXPECT_EQ(load(AT), 100);
	EXPECT_EQ(mm_fault(mm, AT, ACCESS_WRITE), -EIO);
	EXPECT_EQ(mm_fault(mm, AT + PAGE_SIZE, ACCESS_WRITE), -EIO);
	EXPECT_EQ(object_prepare(object, 0, true), -EIO);
	EXPECT_EQ(object_write_back(object, 0, SIZE), 0);
	EXPECT_EQ(store.writes, 0);
	store.permission = 0;
	EXPECT(put(AT, 1));
	finish();
}

/* What could not be written back is dirty still. */
UNIT_TEST(mm_dirty_fails)
{
	make();
	EXPECT(put(AT, 1) && put(AT + 2 * PAGE_SIZE, 3));
	store.answer = -ENOSPC;
	EXPECT_EQ(mm_sync(mm, AT, SIZE), -EIO);
	EXPECT_EQ(store.writes, 2);
	store.answer = 0;
	EXPECT_EQ(mm_sync(mm, AT, SIZE), 0);
	EXPECT_EQ(store.writes, 4);
	EXPECT_EQ(store.word[2], 3);
	finish();
}

static void write_again(void)
{
	EXPECT(put(AT, 2));
}

/* The copy does not change; what is written meanwhile makes the page dirty again. */
UNIT_TEST(mm_dirty_while_in_flight)
{
	make();
	EXPECT(put(AT, 1));
	store.meanwhile = write_again;
	EXPECT_EQ(mm_sync(mm, AT, SIZE), 0);
	EXPECT_EQ(store.word[0], 1);
	EXPECT_EQ(store.asked, 2);
	EXPECT_EQ(mm_sync(mm, AT, SIZE), 0);
	EXPECT_EQ(store.word[0], 2);
	finish();
}

static bool yes(void)
{
	return true;
}

static int second_said;

/* The second copy would have to wait for the first, which is we. */
static void sync_again(void)
{
	bool (*before)(void) = gup_killed;

	EXPECT(put(AT, 2));
	gup_killed = yes;
	second_said = mm_sync(mm, AT, SIZE);
	gup_killed = before;
}

UNIT_TEST(mm_dirty_one_flight)
{
	make();
	EXPECT(put(AT, 1));
	store.meanwhile = sync_again;
	EXPECT_EQ(mm_sync(mm, AT, SIZE), 0);
	EXPECT_EQ(second_said, -EINTR);
	EXPECT_EQ(store.writes, 1);
	EXPECT_EQ(mm_sync(mm, AT, SIZE), 0);
	EXPECT_EQ(store.word[0], 2);
	finish();
}

/* A pinned page is written back, and stays dirty until it is not pinned any more. */
UNIT_TEST(mm_dirty_pinned)
{
	struct page *page;

	make();
	EXPECT_EQ(gup(AT, 1, FOLL_PIN | FOLL_WRITE, &page), 1);
	EXPECT_EQ(mm_sync(mm, AT, SIZE), 0);
	*(u64 *)page_address(page) = 9;
	EXPECT_EQ(mm_sync(mm, AT, SIZE), 0);
	EXPECT_EQ(store.word[0], 9);
	*(u64 *)page_address(page) = 10;
	gup_unpin(&page, 1);
	EXPECT_EQ(mm_sync(mm, AT, SIZE), 0);
	EXPECT_EQ(store.word[0], 10);
	EXPECT_EQ(store.writes, 3);
	EXPECT_EQ(mm_sync(mm, AT, SIZE), 0);
	EXPECT_EQ(store.writes, 3);
	finish();
}

/* Only what belongs to the object goes out, and nothing of what was cut off. */
UNIT_TEST(mm_dirty_and_size)
{
	make();
	EXPECT(put(AT, 1) && put(AT + PAGE_SIZE, 2) && put(AT + 2 * PAGE_SIZE, 3));
	EXPECT_EQ(object_resize(object, PAGE_SIZE + 64), 0);
	EXPECT_EQ(object_write_back(object, 0, ~0UL), 0);
	EXPECT_EQ(store.writes, 2);
	EXPECT_EQ(store.bytes, 64);
	EXPECT_EQ(store.word[2], 102);
	finish();
}

UNIT_TEST(mm_dirty_fork)
{
	struct mm *child;

	make();
	EXPECT(put(AT, 1));
	child = mm_fork(mm);
	EXPECT_EQ(mm_sync(mm, AT, SIZE), 0);
	EXPECT_EQ(mm_peek_prot(child, AT), PROT_READ);
	mm_use(child);
	EXPECT(put(AT, 2));
	mm_use(mm);
	EXPECT_EQ(load(AT), 2);
	mm_put(child);
	EXPECT_EQ(object_write_back(object, 0, SIZE), 0);
	EXPECT_EQ(store.word[0], 2);
	finish();
}

/* For long a page may be pinned that is never written back, or only to be read. */
UNIT_TEST(mm_dirty_longterm)
{
	const unsigned int longterm = FOLL_PIN | FOLL_LONGTERM;
	struct page *pages[2];

	make();
	EXPECT(put(AT, 1) && put(AT + PAGE_SIZE, 2));
	EXPECT_EQ(gup(AT, 1, longterm | FOLL_WRITE, pages), -EFAULT);
	EXPECT_EQ(gup_fast(AT, 1, longterm | FOLL_WRITE, pages), 0);
	EXPECT_EQ(gup_slow(mm, AT, 1, longterm | FOLL_WRITE, pages), -EFAULT);
	EXPECT_EQ(gup(AT, 2, longterm, pages), 2);
	EXPECT_EQ(pages[1]->type, PAGE_OBJECT);
	gup_unpin(pages, 2);
	EXPECT_EQ(map(AT, RW, 0), 0);
	EXPECT_EQ(gup(AT, 1, longterm | FOLL_WRITE, pages), 1);
	EXPECT_EQ(pages[0]->type, PAGE_ANON);
	gup_unpin(pages, 1);
	finish();
}

/* A long pin of a private mapping follows what is written to that later. */
UNIT_TEST(mm_dirty_longterm_reads_a_copy)
{
	struct page *page;

	make();
	EXPECT_EQ(map(AT, RW, 0), 0);
	EXPECT_EQ(load(AT), 100);
	EXPECT_EQ(gup(AT, 1, FOLL_PIN, &page), 1);
	EXPECT_EQ(page->type, PAGE_OBJECT);
	gup_unpin(&page, 1);
	EXPECT_EQ(gup(AT, 1, FOLL_PIN | FOLL_LONGTERM, &page), 1);
	EXPECT_EQ(page->type, PAGE_ANON);
	EXPECT(put(AT, 5));
	EXPECT_EQ(*(u64 *)page_address(page), 5);
	gup_unpin(&page, 1);
	finish();
}

/* A range may lie in VMAs of which each has its own rule. */
UNIT_TEST(mm_dirty_longterm_over_vmas)
{
	const unsigned int flags = FOLL_PIN | FOLL_LONGTERM | FOLL_WRITE;
	unsigned long at = AT - 2 * PAGE_SIZE;
	struct page *pages[4];

	make();
	EXPECT_EQ(mm_map(mm, &at, 2 * PAGE_SIZE, RW, MM_FIXED), 0);
	EXPECT_EQ(gup(at, 4, flags, pages), 2);
	gup_unpin(pages, 2);
	EXPECT_EQ(gup(at, 4, FOLL_PIN | FOLL_WRITE, pages), 4);
	gup_unpin(pages, 4);
	finish();
}

UNIT_TEST(mm_dirty_sync_errors)
{
	make();
	EXPECT(put(AT, 1) && put(AT + 3 * PAGE_SIZE, 4));
	EXPECT_EQ(mm_unmap(mm, AT + PAGE_SIZE, PAGE_SIZE), 0);
	EXPECT_EQ(mm_sync(mm, AT, 2 * SIZE), -ENOMEM);
	EXPECT_EQ(store.writes, 2);
	EXPECT_EQ(mm_sync(mm, AT + 1, PAGE_SIZE), -EINVAL);
	EXPECT_EQ(mm_sync(mm, AT, -2 * PAGE_SIZE), -ENOMEM);
	EXPECT_EQ(mm_sync(mm, AT, 0), 0);
	finish();
}
