/*
 * tests/unit/mm_move.c - pages that are taken out of one address space and given to
 * another: which move, of which a copy does, and that none is lost.
 */
#include "tests/unit/mm_help.h"
#include "tests/unit/unit.h"
#include "kernel/base/errno.h"
#include "mm/space/gup.h"
#include "mm/space/object.h"

#define RW    (PROT_READ | PROT_WRITE)
#define AT    0x10000000UL
#define COUNT 4

static struct mm *mm;

/* COUNT pages whose first words are 1, 2 ... in an mm that runs here. */
static void make(void)
{
	unsigned long at = AT;

	mm = mm_create();
	mm_use(mm);
	EXPECT_EQ(mm_map(mm, &at, COUNT * PAGE_SIZE, RW, MM_FIXED | MM_POPULATE), 0);
	for (unsigned long i = 0; i < COUNT; i++)
		*mm_peek(mm, AT + i * PAGE_SIZE) = i + 1;
}

static void finish(void)
{
	mm_use(NULL);
	mm_put(mm);
}

static struct page *page_at(unsigned long address)
{
	unsigned long *word = mm_peek(mm, address);

	return word ? page_of_virt(word) : NULL;
}

static unsigned long first_word(struct page *page)
{
	return *(unsigned long *)page_address(page);
}

UNIT_TEST(mm_move_exclusive_pages)
{
	struct page *before[COUNT], *pages[COUNT];

	make();
	for (unsigned long i = 0; i < COUNT; i++)
		before[i] = page_at(AT + i * PAGE_SIZE);
	EXPECT_EQ(mm_take_pages(mm, AT, COUNT, pages), 0);
	EXPECT_EQ(mm_pages(mm), 0);
	for (unsigned long i = 0; i < COUNT; i++) {
		EXPECT(pages[i] == before[i] && pages[i]->refs == 1);
		EXPECT(!page_at(AT + i * PAGE_SIZE));
	}
	EXPECT_EQ(mm_give_pages(mm, AT, COUNT, pages), 0);
	EXPECT_EQ(mm_pages(mm), COUNT);
	for (unsigned long i = 0; i < COUNT; i++)
		EXPECT(page_at(AT + i * PAGE_SIZE) == before[i]);
	EXPECT_EQ(*mm_peek(mm, AT + PAGE_SIZE), 2);
	finish();
}

/* Into another mm, over what is mapped there. */
UNIT_TEST(mm_move_to_another)
{
	struct page *pages[2], *first;
	struct mm *from;

	make();
	from = mm;
	first = page_at(AT);
	EXPECT_EQ(mm_take_pages(mm, AT, 2, pages), 0);
	make();
	EXPECT_EQ(mm_give_pages(mm, AT + PAGE_SIZE, 2, pages), 0);
	EXPECT(page_at(AT + PAGE_SIZE) == first);
	EXPECT_EQ(*mm_peek(mm, AT), 1);
	EXPECT_EQ(*mm_peek(mm, AT + PAGE_SIZE), 1);
	EXPECT_EQ(*mm_peek(mm, AT + 2 * PAGE_SIZE), 2);
	EXPECT_EQ(mm_pages(mm), COUNT);
	EXPECT_EQ(mm_pages(from), COUNT - 2);
	finish();
	mm_put(from);
}

/* Pinned, shared since a fork, of an object, or not there yet: a copy moves. */
UNIT_TEST(mm_move_copies_what_must_stay)
{
	struct object *object = object_create(PAGE_SIZE);
	unsigned long at = AT + 2 * PAGE_SIZE;
	struct page *pinned, *pages[COUNT];
	struct mm *child;

	make();
	child = mm_fork(mm);
	EXPECT_EQ(mm_fault(mm, AT, ACCESS_WRITE), 0);
	EXPECT_EQ(gup(AT, 1, FOLL_PIN | FOLL_WRITE, &pinned), 1);
	EXPECT_EQ(mm_map_object(mm, &at, PAGE_SIZE, RW, MM_FIXED | MM_SHARED, object, 0),
		0);
	EXPECT_EQ(mm_discard(mm, AT + 3 * PAGE_SIZE, PAGE_SIZE), 0);
	EXPECT_EQ(mm_take_pages(mm, AT, COUNT, pages), 0);
	EXPECT(pages[0] != pinned && page_at(AT) == pinned);
	EXPECT(page_at(AT + PAGE_SIZE) && pages[1] != page_at(AT + PAGE_SIZE));
	EXPECT_EQ(first_word(pages[0]), 1);
	EXPECT_EQ(first_word(pages[1]), 2);
	EXPECT_EQ(first_word(pages[2]), 0);
	EXPECT_EQ(first_word(pages[3]), 0);
	*(unsigned long *)page_address(pages[2]) = 7;
	EXPECT_EQ(mm_give_pages(mm, AT, COUNT, pages), 0);
	EXPECT_EQ(*mm_peek(mm, at), 7); /* through the object's page */
	gup_unpin(&pinned, 1);
	EXPECT_EQ(*mm_peek(child, AT + PAGE_SIZE), 2);
	mm_put(child);
	finish();
	object_put(object);
}

UNIT_TEST(mm_move_refuses)
{
	struct page *pages[COUNT + 1];

	make();
	EXPECT_EQ(mm_take_pages(mm, AT + 8, 1, pages), -EINVAL);
	EXPECT_EQ(mm_take_pages(mm, AT, COUNT + 1, pages), -EFAULT); /* all or none */
	EXPECT_EQ(*mm_peek(mm, AT), 1);
	EXPECT_EQ(mm_pages(mm), COUNT);
	EXPECT_EQ(mm_take_pages(mm, AT, 1, pages), 0);
	EXPECT_EQ(mm_protect(mm, AT, COUNT * PAGE_SIZE, PROT_READ), 0);
	EXPECT_EQ(mm_give_pages(mm, AT, 1, pages), -EFAULT);
	finish();
}
