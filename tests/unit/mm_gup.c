/*
 * tests/unit/mm_gup.c - getting user pages: both ways together, results, and what held
 * pages survive.
 */
#include "tests/unit/mm_help.h"
#include "tests/unit/unit.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/errno.h"
#include "kernel/sched/thread.h"
#include "mm/space/gup.h"

#define RW    (PROT_READ | PROT_WRITE)
#define AT    0x10000000UL
#define COUNT 8

static struct mm *mm;
static struct page *pages[COUNT], *others[COUNT];
static s64 held_before;

static void make(void)
{
	held_before = gup_held();
	mm = mm_create();
	mm_use(mm);
}

static void finish(void)
{
	mm_use(NULL);
	mm_put(mm);
	EXPECT_EQ(gup_held(), held_before);
}

static void map(unsigned long address, unsigned long count, unsigned int prot)
{
	EXPECT_EQ(mm_map(mm, &address, count * PAGE_SIZE, prot, MM_FIXED), 0);
}

/* As gup(), but holds nothing afterwards. */
static long get(unsigned long start, unsigned long count, unsigned int flags)
{
	long held = gup(start, count, flags | FOLL_GET, pages);

	if (held > 0)
		gup_put(pages, held);
	return held;
}

UNIT_TEST(mm_gup_faults_in)
{
	make();
	map(AT, COUNT, RW);
	EXPECT_EQ(gup_fast(AT, COUNT, FOLL_GET, pages), 0);
	EXPECT_EQ(mm_fault(mm, AT, ACCESS_WRITE), 0);
	EXPECT_EQ(gup(AT + 123, COUNT, FOLL_PIN | FOLL_WRITE, pages), COUNT);
	for (unsigned int i = 0; i < COUNT; i++)
		EXPECT(page_address(pages[i]) == mm_peek(mm, AT + i * PAGE_SIZE));
	EXPECT_EQ(gup_held(), held_before + COUNT);
	EXPECT_EQ(gup_slow(mm, AT, COUNT, FOLL_GET, others), COUNT);
	EXPECT_EQ(gup_fast(AT, COUNT, FOLL_GET, others), COUNT);
	for (unsigned int i = 0; i < COUNT; i++) {
		EXPECT(pages[i] == others[i]);
		EXPECT_EQ(pages[i]->refs, 1 + PAGE_PIN_BIAS + 2);
	}
	gup_put(others, COUNT);
	gup_put(others, COUNT);
	gup_unpin(pages, COUNT);
	EXPECT_EQ(pages[0]->refs, 1);
	finish();
}

UNIT_TEST(mm_gup_results)
{
	make();
	map(AT, 2, RW);
	map(AT + 2 * PAGE_SIZE, 2, PROT_READ);
	map(AT + 4 * PAGE_SIZE, 1, PROT_NONE);
	EXPECT_EQ(get(AT, 0, 0), 0);
	EXPECT_EQ(get(AT, COUNT, 0), 4);
	EXPECT_EQ(get(AT, COUNT, FOLL_WRITE), 2);
	EXPECT_EQ(get(AT + 2 * PAGE_SIZE, 1, FOLL_WRITE), -EFAULT);
	EXPECT_EQ(get(AT + 4 * PAGE_SIZE, 1, 0), -EFAULT);
	EXPECT_EQ(get(AT + 5 * PAGE_SIZE, 1, 0), -EFAULT);
	EXPECT_EQ(get(AT - PAGE_SIZE, 2, 0), -EFAULT);
	EXPECT_EQ(get(mm->limit - PAGE_SIZE, 1, 0), -EFAULT);
	EXPECT_EQ(get(arch_user_end() - PAGE_SIZE, 1, 0), -EFAULT);
	EXPECT_EQ(get(arch_user_end() - PAGE_SIZE, 2, 0), -EFAULT);
	EXPECT_EQ(get(-PAGE_SIZE, 1, 0), -EFAULT);
	EXPECT_EQ(get(AT, ~0UL, 0), -EFAULT);
	EXPECT_EQ(gup(AT, 1, 0, pages), -EINVAL);
	EXPECT_EQ(gup(AT, 1, FOLL_GET | FOLL_PIN, pages), -EINVAL);
	EXPECT_EQ(gup(AT, 1, FOLL_GET | FOLL_LONGTERM, pages), -EINVAL);
	EXPECT_EQ(gup(AT, 1, FOLL_PIN | FOLL_LONGTERM | FOLL_WRITE, pages), 1);
	gup_unpin(pages, 1);
	finish();
}

/* Unmapped, mapped anew, and after the mm is gone: the frame stays who it is. */
UNIT_TEST(mm_gup_pin_survives)
{
	unsigned long *word, at = AT;

	make();
	map(AT, 1, RW);
	EXPECT_EQ(gup(AT, 1, FOLL_PIN | FOLL_WRITE, pages), 1);
	word = page_address(pages[0]);
	*word = 42;
	EXPECT_EQ(mm_unmap(mm, AT, PAGE_SIZE), 0);
	EXPECT_EQ(mm_map(mm, &at, PAGE_SIZE, RW, MM_FIXED | MM_POPULATE), 0);
	EXPECT(mm_peek(mm, AT) != word);
	mm_use(NULL);
	mm_put(mm);
	EXPECT_EQ(*word, 42);
	EXPECT_EQ(pages[0]->refs, PAGE_PIN_BIAS);
	EXPECT_EQ(gup_held(), held_before + 1);
	gup_unpin(pages, 1);
	EXPECT_EQ(gup_held(), held_before);
}

UNIT_TEST(mm_gup_of_a_peer)
{
	make();
	map(AT, COUNT, RW);
	mm_use(NULL);
	EXPECT_EQ(gup_slow(mm, AT, COUNT, FOLL_PIN | FOLL_WRITE, pages), COUNT);
	EXPECT(page_address(pages[7]) == mm_peek(mm, AT + 7 * PAGE_SIZE));
	gup_unpin(pages, COUNT);
	mm_use(mm);
	finish();
}

/* One reference short of too many: both ways refuse, and say so. */
UNIT_TEST(mm_gup_refuses_overflow)
{
	make();
	map(AT, 1, RW);
	EXPECT_EQ(gup(AT, 1, FOLL_GET, pages), 1);
	page_refs_max = 2;
	EXPECT_EQ(gup(AT, 1, FOLL_GET, others), -ENOMEM);
	page_refs_max = PAGE_REFS_MAX;
	gup_put(pages, 1);
	finish();
}

static bool yes(void)
{
	return true;
}

UNIT_TEST(mm_gup_ends_with_its_thread)
{
	bool (*before)(void) = gup_killed;

	make();
	map(AT, 2, RW);
	EXPECT_EQ(mm_fault(mm, AT, ACCESS_WRITE), 0);
	gup_killed = yes;
	EXPECT_EQ(get(AT, 2, 0), 1);
	EXPECT_EQ(get(AT + PAGE_SIZE, 1, 0), -EINTR);
	gup_killed = before;
	finish();
}

UNIT_TEST(mm_gup_grows_stack)
{
	unsigned long at = AT;

	make();
	EXPECT_EQ(mm_map(mm, &at, 4 * PAGE_SIZE, RW, MM_FIXED | MM_STACK), 0);
	EXPECT_EQ(get(AT - PAGE_SIZE, 2, FOLL_WRITE), 2);
	finish();
}
