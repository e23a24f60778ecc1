/*
 * tests/unit/explore/preempt.c - two CPUs in one mm, the first preempted once,
 * wherever it can be. Most races need no more than one preemption, so this is
 * the cheap relative of exploring everything.
 */
#include "arch/sim/explore/explore.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/print.h"
#include "kernel/base/string.h"
#include "mm/space/gup.h"
#include "tests/unit/crew.h"
#include "tests/unit/mm_help.h"
#include "tests/unit/unit.h"

#define AT    0x10000000UL
#define PAGES 4
#define RW    (PROT_READ | PROT_WRITE)

static struct mm *mm;
static unsigned long failures;

static void expect(bool good)
{
	failures += !good;
}

static void begin(unsigned int flags)
{
	unsigned long at = AT;

	mm = mm_create();
	failures = 0;
	EXPECT_EQ(mm_map(mm, &at, PAGES * PAGE_SIZE, RW, MM_FIXED | flags), 0);
	explore_save();
}

/* Every point of the first one (of long walks not quite all); `check` looks at what is
 * left. */
static void sweep(
	void (*first)(unsigned long), void (*second)(unsigned long), void (*check)(void))
{
	unsigned int points = 0;

	for (unsigned int steps = 0;; steps += 1 + steps / 128, points++) {
		const char *violation;

		crew_start(first, 0, 1);
		crew_start(second, 1, 2);
		violation = explore_preempt(0, steps, 1);
		if (violation && !strncmp(violation, "the schedule", 12))
			break; /* it makes fewer steps than that */
		if (violation) {
			print("# %s: schedule=%s\n", violation, explore_taken);
			EXPECT(!"without a violation");
		} else {
			(void)sim_rcu_run();
			check();
			EXPECT_EQ(failures, 0);
		}
		explore_restore();
	}
	explore_restore();
	print("# preempted at %u points\n", points);
	EXPECT(points > 20);
	mm_put(mm);
}

/* Each stores its own word of the page, which faults it in. */
static void fault(unsigned long me)
{
	u64 value = 1 + me;

	mm_use(mm);
	expect(!arch_copy_to_user(AT + me * sizeof(value), &value, sizeof(value)));
	mm_use(NULL);
}

static void check_both_words(void)
{
	unsigned long *words = mm_peek(mm, AT);

	expect(words && words[0] == 1 && words[1] == 2 && mm_pages(mm) == 1);
}

UNIT_TEST(explore_preempt_fault_and_fault)
{
	begin(0);
	sweep(fault, fault, check_both_words);
}

static void discard(unsigned long me)
{
	expect(!mm_discard(mm, AT, PAGES * PAGE_SIZE));
}

static void check_one_or_none(void)
{
	unsigned long *words = mm_peek(mm, AT);

	expect(mm_pages(mm) == (words != NULL));
}

UNIT_TEST(explore_preempt_fault_and_discard)
{
	begin(0);
	sweep(fault, discard, check_one_or_none);
}

UNIT_TEST(explore_preempt_discard_and_discard)
{
	begin(MM_POPULATE);
	sweep(discard, discard, check_one_or_none);
}

static void unmap(unsigned long me)
{
	expect(!mm_unmap(mm, AT, PAGES * PAGE_SIZE));
}

static void nothing_left(void)
{
	expect(!mm_pages(mm) && !mm->tables[LEVEL_PTE] && !gup_held());
}

/* What it holds, it may use and must let go; what it does not get is no mistake. */
static void pin(unsigned long me)
{
	struct page *pages[PAGES];
	unsigned long held;

	mm_use(mm);
	held = gup_fast(AT, PAGES, FOLL_PIN | FOLL_WRITE, pages);
	for (unsigned long i = 0; i < held; i++)
		*(volatile u64 *)page_address(pages[i]) = me;
	gup_unpin(pages, held);
	mm_use(NULL);
}

UNIT_TEST(explore_preempt_gup_and_unmap)
{
	begin(MM_POPULATE);
	sweep(pin, unmap, nothing_left);
}

UNIT_TEST(explore_preempt_unmap_and_gup)
{
	begin(MM_POPULATE);
	sweep(unmap, pin, nothing_left);
}
