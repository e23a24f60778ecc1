/*
 * tests/unit/windows_fold.c - windows of growing roots and of lockless walks, held open
 * by parking (see windows.c): what a walk finds between two stores of a growth, and what
 * a growth does between two loads of a walk.
 *
 * One page is mapped at PLACE. `beyond` is the address, above the old root's end, that
 * the old root would take for PLACE: nothing is mapped there.
 */
#include "tests/unit/crew.h"
#include "tests/unit/unit.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/park.h"
#include "mm/space/mm.h"
#include "mm/space/page.h"
#include "mm/table/fold.h"
#include "mm/table/gup_fast.h"
#include "mm/table/policy.h"

#define PLACE 0x10000000UL

static struct mm *mm;
static unsigned long beyond;
static struct park *park;   /* (a) */
static u32 done;            /* (a) */
static unsigned long found; /* pages at `beyond` */

/* An mm with its page; the test runs on CPU 1, its actor on CPU 0. Or: skipped. */
static bool begin(bool grows)
{
	unsigned long address = PLACE;

	if (!(cpus_online & 2)) {
		unit_skip("needs two CPUs");
		return false;
	}
	mm = mm_create();
	beyond = mm->limit + PLACE;
	if (grows && (beyond > arch_user_end() || beyond < mm->limit)) {
		unit_skip("roots do not grow under this policy");
		mm_put(mm);
		return false;
	}
	EXPECT_EQ(thread_set_allowed(current(), 2), 0);
	EXPECT_EQ(mm_map(mm, &address, PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MM_FIXED | MM_POPULATE),
		0);
	park = NULL;
	done = 0;
	return true;
}

static void end(void)
{
	crew_join();
	mm_put(mm);
	EXPECT_EQ(thread_set_allowed(current(), ANYWHERE), 0);
	EXPECT_EQ(park_count(), 0);
}

static void grow(void)
{
	mm_write_lock(mm);
	EXPECT_EQ(fold_grow(mm, beyond + PAGE_SIZE), 0);
	mm_write_unlock(mm);
}

static void look_beyond(void)
{
	struct page *page;

	mm_use(mm);
	found = gup_fast(beyond, 1, FOLL_GET, &page);
	if (found)
		page_put(page);
	mm_use(NULL);
}

/* The growth waits for this CPU to reload: whoever parks goes on when it is asked to. */
static void look_slowly(unsigned long unused)
{
	atomic_store(&park, park_arm(TRACE_gup_root, current(), TRACE_ipi_send));
	look_beyond();
	atomic_store(&done, 1);
}

UNIT_TEST(window_growth_between_limit_and_root)
{
	if (!begin(true))
		return;
	crew_start(look_slowly, 0, 1);
	spin_until(atomic_load(&park) && (park_taken(park) || atomic_load(&done)));
	grow();
	park_release(park);
	end();
	EXPECT_EQ(found, 0);
}

static void grow_slowly(unsigned long unused)
{
	atomic_store(&park, park_arm(TRACE_fold_root, current(), PARK_UNTIL_TOLD));
	grow();
}

UNIT_TEST(window_walk_between_root_and_limit)
{
	if (!begin(true))
		return;
	crew_start(grow_slowly, 0, 1);
	spin_until(atomic_load(&park) && park_taken(park));
	look_beyond();
	park_release(park);
	end();
	EXPECT_EQ(found, 0);
}

static void look_at_place(unsigned long unused)
{
	struct page *page;

	mm_use(mm);
	atomic_store(&park, park_arm(TRACE_gup_read, current(), PARK_UNTIL_TOLD));
	found = gup_fast(PLACE, 1, FOLL_GET, &page);
	if (found)
		page_put(page);
	mm_use(NULL);
}

UNIT_TEST(window_walk_holds_its_section)
{
	enum reader_policy reader = policy_reader();

	if (!begin(false))
		return;
	crew_start(look_at_place, 0, 1);
	spin_until(atomic_load(&park) && park_taken(park));
	EXPECT_EQ(park_irqs_on(park), reader == READER_RCU || reader == READER_NONE);
	park_release(park);
	end();
	EXPECT_EQ(found, 1);
}
