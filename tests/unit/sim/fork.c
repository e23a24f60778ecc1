/*
 * tests/unit/sim/fork.c - a fork, and a copy on write, for which there is no memory: an
 * error, nothing lost, and the parent as it was.
 */
#include "tests/unit/mm_help.h"
#include "tests/unit/unit.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/errno.h"
#include "kernel/sched/rcu.h"
#include "mm/huge/leaf.h"
#include "mm/space/gup.h"
#include "arch/sim/sim.h"

#define RW    (PROT_READ | PROT_WRITE)
#define AT    0x10000000UL
#define COUNT 4

static struct mm *parent, *child;
static struct page *pinned;

/* Some pages, in two lowest tables; one of them is pinned. */
static void make(void)
{
	unsigned long at = AT, far = AT + (1UL << ARCH_LEVEL_SHIFT(LEVEL_PMD));

	parent = mm_create();
	EXPECT_EQ(mm_map(parent, &at, COUNT * PAGE_SIZE, RW, MM_FIXED | MM_POPULATE), 0);
	EXPECT_EQ(mm_map(parent, &far, PAGE_SIZE, RW, MM_FIXED | MM_POPULATE), 0);
	EXPECT_EQ(gup_slow(parent, AT, 1, FOLL_PIN | FOLL_WRITE, &pinned), 1);
}

static void check_parent(void)
{
	u64 value = 7;

	mm_use(parent);
	for (unsigned long i = 0; i < COUNT; i++)
		EXPECT_EQ(
			arch_copy_to_user(AT + i * PAGE_SIZE, &value, sizeof(value)), 0);
	EXPECT_EQ(*(u64 *)page_address(pinned), 7);
	mm_use(NULL);
	gup_unpin(&pinned, 1);
	mm_put(parent);
	rcu_barrier();
}

static void fail_at_each(unsigned long *left)
{
	long blocks;
	unsigned long failures = 0;

	rcu_barrier();
	blocks = sim_blocks_used;
	do {
		make();
		*left = failures;
		child = mm_fork(parent);
		*left = ~0UL;
		EXPECT_EQ(parent->write_protect_seq & 1, 0);
		if (child)
			mm_put(child);
		check_parent();
		EXPECT_EQ(sim_blocks_used, blocks);
	} while (!child && ++failures < 100);
	EXPECT(failures > 2 && failures < 100);
}

UNIT_TEST(sim_fork_without_frames)
{
	fail_at_each(&sim_frames_left);
}

UNIT_TEST(sim_fork_without_objects)
{
	fail_at_each(&sim_objects_left);
}

UNIT_TEST(sim_cow_without_frames)
{
	struct page *page;

	make();
	child = mm_fork(parent);
	mm_use(child);
	sim_frames_left = 0;
	EXPECT_EQ(mm_fault(child, AT + PAGE_SIZE, ACCESS_WRITE), -ENOMEM);
	EXPECT_EQ(mm_fault(child, AT, ACCESS_WRITE), 0); /* its own already */
	EXPECT_EQ(gup(AT + PAGE_SIZE, 1, FOLL_PIN, &page), -ENOMEM);
	sim_frames_left = ~0UL;
	EXPECT_EQ(mm_fault(child, AT + PAGE_SIZE, ACCESS_WRITE), 0);
	mm_use(NULL);
	mm_put(child);
	check_parent();
}

#define FAR (AT + 4 * HUGE_SIZE)

/* A block, one page of which has moved to where another table maps it. */
static void make_spread_block(void)
{
	unsigned long at = AT, far = FAR;

	parent = mm_create();
	mm_use(parent);
	EXPECT_EQ(mm_map(parent, &at, HUGE_SIZE, RW, MM_FIXED), 0);
	EXPECT_EQ(mm_advise_huge(parent, AT, HUGE_SIZE, true), 0);
	EXPECT_EQ(mm_fault(parent, AT, ACCESS_WRITE), 0);
	EXPECT_EQ(mm_remap(parent, AT + PAGE_SIZE, PAGE_SIZE, PAGE_SIZE,
			  MM_REMAP_MAYMOVE | MM_REMAP_FIXED, &far),
		0);
}

/* A fork that has failed may have made a block shared, and not reached all its entries:
 * one still allows writing, and so a pin. The next fork must not share that page. */
UNIT_TEST(sim_fork_fails_within_a_block)
{
	unsigned long frames = 0;
	u64 value = 8;
	bool failed;

	do {
		make_spread_block();
		sim_frames_left = frames++;
		child = mm_fork(parent);
		sim_frames_left = ~0UL;
		failed = !child;
		if (failed) {
			EXPECT_EQ(gup(FAR, 1, FOLL_PIN | FOLL_WRITE, &pinned), 1);
			child = mm_fork(parent);
			EXPECT_EQ(arch_copy_to_user(FAR, &value, sizeof(value)), 0);
			EXPECT_EQ(*(u64 *)page_address(pinned), 8);
			gup_unpin(&pinned, 1);
		}
		mm_use(NULL);
		mm_put(child);
		mm_put(parent);
	} while (failed);
	EXPECT(frames > 2);
}
