/*
 * tests/unit/mm_threads.c - several CPUs fault, discard and unmap in one mm.
 *
 * Each thread owns one word of each page. If two threads that fault on one page got two
 * frames, what the loser wrote would be gone.
 */
#include "tests/unit/unit.h"
#include "tests/unit/crew.h"
#include "tests/unit/mm_help.h"
#include "kernel/base/atomic.h"

#define THREADS 4
#define PAGES   64
#define ROUNDS  20
#define BASE    0x20000000UL
#define PRIVATE 0x40000000UL

static struct mm *mm;
static u32 started, wrong; /* (a) */

/* All at once, so that they do meet. */
static void line_up(u32 *counter, u32 count)
{
	atomic_add(counter, 1);
	while (atomic_load(counter) < count)
		thread_yield();
}

static void fault_shared(unsigned long me, u32 round)
{
	line_up(&started, THREADS * (3 * round + 1));
	for (unsigned long page = 0; page < PAGES; page++) {
		unsigned long address = BASE + page * PAGE_SIZE + me * sizeof(long);

		if (mm_fault(mm, address, ACCESS_WRITE))
			atomic_add(&wrong, 1);
		else
			*mm_peek(mm, address) = round + 1;
	}
	line_up(&started, THREADS * (3 * round + 2));
	for (unsigned long page = 0; page < PAGES; page++)
		if (*mm_peek(mm, BASE + page * PAGE_SIZE + me * sizeof(long)) !=
			round + 1)
			atomic_add(&wrong, 1);
}

/* Beside the others' faults and unmaps: own mappings come and go. */
static void churn_private(unsigned long me)
{
	unsigned long at = PRIVATE + me * 16 * PAGE_SIZE;

	if (mm_map(mm, &at, 8 * PAGE_SIZE, PROT_READ | PROT_WRITE,
		    MM_FIXED | MM_POPULATE) ||
		mm_protect(mm, at + PAGE_SIZE, PAGE_SIZE, PROT_READ) ||
		mm_discard(mm, at, 4 * PAGE_SIZE) || mm_unmap(mm, at, 8 * PAGE_SIZE))
		atomic_add(&wrong, 1);
}

static void worker(unsigned long me)
{
	for (u32 round = 0; round < ROUNDS; round++) {
		fault_shared(me, round);
		churn_private(me);
		line_up(&started, THREADS * (3 * round + 3));
		/* One of them empties the shared pages for the next round. */
		if (me == round % THREADS && mm_discard(mm, BASE, PAGES * PAGE_SIZE))
			atomic_add(&wrong, 1);
	}
}

UNIT_TEST(mm_threads)
{
	unsigned long at = BASE;

	mm = mm_create();
	started = wrong = 0;
	EXPECT_EQ(
		mm_map(mm, &at, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE, MM_FIXED), 0);
	for (unsigned long i = 0; i < THREADS; i++)
		crew_start(worker, i, ANYWHERE);
	crew_join();
	EXPECT_EQ(wrong, 0);
	EXPECT_EQ(mm_unmap(mm, BASE, PAGES * PAGE_SIZE), 0);
	EXPECT_EQ(mm_pages(mm), 0);
	mm_put(mm);
}
