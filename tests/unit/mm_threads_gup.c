/*
 * tests/unit/mm_threads_gup.c - two threads pin pages of a shared mm while two others
 * discard, unmap and map them again. What is held must be memory, and nothing may be held
 * at the end. On the host the thread sanitizer looks on.
 */
#include "kernel/base/atomic.h"
#include "kernel/base/errno.h"
#include "mm/space/gup.h"
#include "tests/unit/crew.h"
#include "tests/unit/unit.h"

#define AT     0x30000000UL
#define PAGES  24
#define ROUNDS 200
#define RW     (PROT_READ | PROT_WRITE)

static struct mm *mm;
static u32 pinners, got, wrong; /* (a) */

static void map(void)
{
	unsigned long at = AT;

	if (mm_map(mm, &at, PAGES * PAGE_SIZE, RW, MM_FIXED))
		atomic_add(&wrong, 1);
}

/* Unmapped just now: refused. Otherwise some or all, from the first. */
static void pin(unsigned long start, unsigned long count)
{
	struct page *pages[PAGES];
	long held = gup(AT + start * PAGE_SIZE, count, FOLL_PIN | FOLL_WRITE, pages);

	if (held == 0 || held > (long)count)
		atomic_add(&wrong, 1);
	if (held <= 0)
		return;
	atomic_add(&got, (u32)held);
	for (long i = 0; i < held; i++)
		if (page_head(pages[i])->type != PAGE_ANON)
			atomic_add(&wrong, 1);
	gup_unpin(pages, (unsigned long)held);
}

/* Some rounds, and on until anybody has held a page at all: it may be unmapped each time
 * that one looks. */
static void pinner(unsigned long me)
{
	mm_use(mm);
	for (unsigned long round = 0; round < ROUNDS || !atomic_load(&got); round++)
		pin((round * 7 + me) % (PAGES / 2), 1 + round % (PAGES / 2));
	mm_use(NULL);
	atomic_sub(&pinners, 1);
}

static void discarder(unsigned long me)
{
	for (unsigned long i = 0; atomic_load(&pinners); i++) {
		if (mm_discard(mm, AT + i % PAGES * PAGE_SIZE, PAGE_SIZE) == -EINVAL)
			atomic_add(&wrong, 1);
		thread_yield();
	}
}

static void unmapper(unsigned long me)
{
	while (atomic_load(&pinners)) {
		if (mm_unmap(mm, AT, PAGES * PAGE_SIZE))
			atomic_add(&wrong, 1);
		map();
		thread_yield();
	}
}

UNIT_TEST(mm_threads_gup)
{
	s64 before = gup_held();

	mm = mm_create();
	pinners = 2;
	got = wrong = 0;
	map();
	crew_start(pinner, 0, ANYWHERE);
	crew_start(pinner, 5, ANYWHERE);
	crew_start(discarder, 0, ANYWHERE);
	crew_start(unmapper, 0, ANYWHERE);
	crew_join();
	EXPECT_EQ(wrong, 0);
	EXPECT_EQ(gup_held(), before);
	mm_put(mm);
}
