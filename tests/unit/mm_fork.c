/*
 * tests/unit/mm_fork.c - fork and copy on write: who sees what, which pages are shared,
 * and what pinned pages and peers' references mean for that.
 */
#include "tests/unit/mm_help.h"
#include "tests/unit/mm_user.h"
#include "tests/unit/unit.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/errno.h"
#include "kernel/sched/thread.h"
#include "mm/space/gup.h"
#include "mm/table/fold.h"

#define RW    (PROT_READ | PROT_WRITE)
#define AT    0x10000000UL
#define COUNT 4
#define HEAP  0x8000000UL /* below what is mapped */

static struct mm *parent, *child;
static s64 held_before;

/* COUNT pages whose first words are 1, 2 ... in an mm that runs here. */
static void make(unsigned int prot)
{
	unsigned long at = AT;

	held_before = gup_held();
	parent = mm_create();
	mm_use(parent);
	EXPECT_EQ(mm_map(parent, &at, COUNT * PAGE_SIZE, RW, MM_FIXED | MM_POPULATE), 0);
	for (unsigned long i = 0; i < COUNT; i++)
		*mm_peek(parent, AT + i * PAGE_SIZE) = i + 1;
	EXPECT_EQ(mm_protect(parent, AT, COUNT * PAGE_SIZE, prot), 0);
}

static void finish(void)
{
	mm_use(NULL);
	mm_put(parent);
	EXPECT_EQ(gup_held(), held_before);
}

static void fork_parent(void)
{
	child = mm_fork(parent);
	EXPECT(child != NULL);
}

static struct page *page_at(struct mm *mm, unsigned long address)
{
	return page_of_virt(mm_peek(mm, address));
}

UNIT_TEST(mm_fork_shares_until_written)
{
	make(RW);
	fork_parent();
	for (unsigned long at = AT; at < AT + COUNT * PAGE_SIZE; at += PAGE_SIZE) {
		EXPECT(page_at(parent, at) == page_at(child, at));
		EXPECT_EQ(page_at(parent, at)->type, PAGE_ANON_SHARED);
		EXPECT_EQ(page_at(parent, at)->refs, 2);
		EXPECT_EQ(mm_peek_prot(parent, at), PROT_READ);
		EXPECT_EQ(mm_peek_prot(child, at), PROT_READ);
	}
	EXPECT_EQ(mm_pages(child), COUNT);
	store(AT, 10);
	EXPECT(page_at(parent, AT) != page_at(child, AT));
	EXPECT_EQ(page_at(parent, AT)->type, PAGE_ANON);
	EXPECT_EQ(mm_peek_prot(parent, AT), RW);
	mm_use(child);
	EXPECT_EQ(load(AT), 1);
	/* The child has it alone now, and need not copy it. */
	store(AT, 20);
	EXPECT_EQ(load(AT + PAGE_SIZE), 2);
	mm_use(parent);
	EXPECT_EQ(load(AT), 10);
	mm_put(child);
	finish();
}

UNIT_TEST(mm_fork_last_one_keeps_the_page)
{
	struct page *page;

	make(RW);
	fork_parent();
	page = page_at(parent, AT);
	mm_put(child);
	EXPECT_EQ(page->type, PAGE_ANON_SHARED);
	store(AT, 10);
	EXPECT(page_at(parent, AT) == page);
	EXPECT_EQ(page->type, PAGE_ANON);
	finish();
}

/* What is written by mprotect and again by a store, must not reach the other. */
UNIT_TEST(mm_fork_and_protect)
{
	make(RW);
	fork_parent();
	EXPECT_EQ(mm_protect(parent, AT, COUNT * PAGE_SIZE, PROT_NONE), 0);
	EXPECT_EQ(mm_protect(parent, AT, COUNT * PAGE_SIZE, PROT_WRITE), 0);
	EXPECT_EQ(mm_peek_prot(parent, AT), PROT_READ);
	store(AT, 10);
	EXPECT_EQ(mm_peek_prot(parent, AT) & PROT_WRITE, PROT_WRITE);
	mm_use(child);
	EXPECT_EQ(load(AT), 1);
	mm_put(parent);
	parent = child;
	EXPECT_EQ(mm_protect(parent, AT, COUNT * PAGE_SIZE, RW), 0);
	store(AT, 11);
	EXPECT_EQ(load(AT), 11);
	finish();
}

/* A page that is pinned stays the parent's, and may be written at once. */
UNIT_TEST(mm_fork_copies_pinned_pages)
{
	struct page *pages[COUNT];

	make(RW);
	EXPECT_EQ(gup(AT, 2, FOLL_PIN | FOLL_WRITE | FOLL_LONGTERM, pages), 2);
	EXPECT_EQ(gup(AT + 2 * PAGE_SIZE, 1, FOLL_GET, pages + 2), 1);
	fork_parent();
	EXPECT(page_at(parent, AT) == pages[0]);
	EXPECT(page_at(child, AT) != pages[0]);
	EXPECT(page_at(child, AT + PAGE_SIZE) != pages[1]);
	EXPECT(page_at(child, AT + 2 * PAGE_SIZE) == pages[2]);
	EXPECT_EQ(pages[0]->type, PAGE_ANON);
	EXPECT_EQ(mm_peek_prot(parent, AT), RW);
	EXPECT_EQ(mm_peek_prot(child, AT), RW);
	*(u64 *)page_address(pages[0]) = 77; /* a device */
	EXPECT_EQ(load(AT), 77);
	store(AT, 78);
	EXPECT_EQ(*(u64 *)page_address(pages[0]), 78);
	mm_use(child);
	EXPECT_EQ(load(AT), 1);
	EXPECT_EQ(load(AT + PAGE_SIZE), 2);
	mm_use(parent);
	gup_unpin(pages, 2);
	gup_put(pages + 2, 1);
	mm_put(child);
	finish();
}

/* Who holds a page of the child's by a reference goes on seeing what it was, whatever
 * becomes of the child. */
UNIT_TEST(mm_fork_reference_of_the_child)
{
	struct page *page;

	make(RW);
	fork_parent();
	mm_use(child);
	EXPECT_EQ(gup(AT, 1, FOLL_GET, &page), 1);
	mm_use(parent);
	mm_put(child);
	EXPECT_EQ(page->refs, 2);
	store(AT, 10);
	EXPECT_EQ(*(u64 *)page_address(page), 1);
	gup_put(&page, 1);
	finish();
}

/* A pin for reading needs an exclusive page, or the process's next write would leave it
 * behind: both ways make it so. */
UNIT_TEST(mm_fork_unshares_for_pins)
{
	struct page *page, *slow;

	make(RW);
	fork_parent();
	EXPECT_EQ(gup_fast(AT, 1, FOLL_PIN, &page), 0);
	EXPECT_EQ(gup_fast(AT, 1, FOLL_GET, &page), 1);
	gup_put(&page, 1);
	EXPECT_EQ(gup(AT, 1, FOLL_PIN, &page), 1);
	EXPECT(page == page_at(parent, AT) && page != page_at(child, AT));
	EXPECT_EQ(page->type, PAGE_ANON);
	EXPECT_EQ(
		gup_slow(parent, AT + PAGE_SIZE, 1, FOLL_PIN | FOLL_LONGTERM, &slow), 1);
	EXPECT(slow != page_at(child, AT + PAGE_SIZE));
	store(AT, 10);
	EXPECT_EQ(*(u64 *)page_address(page), 10);
	gup_unpin(&page, 1);
	gup_unpin(&slow, 1);
	mm_put(child);
	finish();
}

/* The same where the process itself may only read. */
UNIT_TEST(mm_fork_unshares_read_only_pages)
{
	struct page *page;

	make(PROT_READ);
	fork_parent();
	EXPECT_EQ(gup(AT, 1, FOLL_PIN, &page), 1);
	EXPECT(page != page_at(child, AT));
	EXPECT_EQ(mm_peek_prot(parent, AT), PROT_READ);
	EXPECT_EQ(*(u64 *)page_address(page), 1);
	EXPECT_EQ(gup(AT, 1, FOLL_PIN | FOLL_WRITE, &page), -EFAULT);
	gup_unpin(&page, 1);
	mm_put(child);
	finish();
}

/* Many generations, each of which writes. */
UNIT_TEST(mm_fork_generations)
{
	make(RW);
	for (u64 i = 0; i < 8; i++) {
		fork_parent();
		store(AT + i % COUNT * PAGE_SIZE, 100 + i);
		mm_use(child);
		EXPECT_EQ(load(AT + i % COUNT * PAGE_SIZE),
			i < COUNT ? i + 1 : 200 + i - COUNT);
		store(AT + i % COUNT * PAGE_SIZE, 200 + i);
		mm_put(parent);
		parent = child;
	}
	finish();
}

/* The child's table is as deep as the parent's, which has grown. */
UNIT_TEST(mm_fork_after_growth)
{
	unsigned long top = arch_root_limit(fold_policy.deepest), at;

	make(RW);
	at = min(top, arch_user_end()) - 2 * PAGE_SIZE;
	EXPECT_EQ(mm_map(parent, &at, PAGE_SIZE, RW, MM_FIXED), 0);
	store(at, 5);
	fork_parent();
	EXPECT_EQ(child->limit, parent->limit);
	EXPECT_EQ(fold_root_level(child), fold_root_level(parent));
	for (int level = 0; level < LEVELS; level++)
		EXPECT_EQ(child->tables[level], parent->tables[level]);
	store(at, 6);
	mm_use(child);
	EXPECT_EQ(load(at), 5);
	store(at, 7);
	mm_use(parent);
	EXPECT_EQ(load(at), 6);
	mm_put(child);
	finish();
}

/* VMAs of all kinds, and what was never touched. */
UNIT_TEST(mm_fork_copies_promises)
{
	unsigned long at = AT + 16 * PAGE_SIZE;

	make(RW);
	EXPECT_EQ(mm_map(parent, &at, PAGE_SIZE << 20, RW, MM_NORESERVE), 0);
	store(at + (PAGE_SIZE << 18), 5);
	mm_set_brk_start(parent, HEAP);
	EXPECT_EQ(mm_brk(parent, HEAP + PAGE_SIZE), HEAP + PAGE_SIZE);
	fork_parent();
	EXPECT_EQ(mm_vma_count(child), mm_vma_count(parent));
	mm_use(child);
	EXPECT_EQ(load(at + (PAGE_SIZE << 18)), 5);
	EXPECT_EQ(load(at), 0);
	EXPECT_EQ(mm_brk(child, 0), HEAP + PAGE_SIZE);
	EXPECT_EQ(mm_brk(child, HEAP + 3 * PAGE_SIZE), HEAP + 3 * PAGE_SIZE);
	store(HEAP + 2 * PAGE_SIZE, 1);
	EXPECT_EQ(mm_brk(parent, 0), HEAP + PAGE_SIZE);
	mm_use(parent);
	mm_put(child);
	finish();
}
