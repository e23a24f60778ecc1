/*
 * tests/unit/sim/mremap.c - mremap when memory runs out: all is where it was, or where it
 * is to be, and nothing is lost.
 */
#include "tests/unit/unit.h"
#include "arch/contract/uaccess.h"
#include "arch/sim/sim.h"
#include "kernel/base/errno.h"
#include "kernel/sched/rcu.h"
#include "mm/space/mm.h"

#define RW    (PROT_READ | PROT_WRITE)
#define AT    0x10000000UL
#define FAR   (AT + (1UL << 32)) /* where there are no tables */
#define COUNT 4
#define SIZE  (COUNT * PAGE_SIZE)

static struct mm *mm;

static void make(void)
{
	unsigned long at = AT;

	mm = mm_create();
	mm_use(mm);
	EXPECT_EQ(mm_map(mm, &at, SIZE, RW, MM_FIXED), 0);
	for (u64 i = 0; i < COUNT; i++)
		EXPECT_EQ(arch_copy_to_user(AT + i * PAGE_SIZE, &i, sizeof(i)), 0);
}

static bool holds(unsigned long address, u64 value)
{
	u64 word;

	return !arch_copy_from_user(&word, address, sizeof(word)) && word == value;
}

/* The two pages in the middle, so that the old place becomes a hole. Without memory for
 * that, an empty mapping is left there, as Linux does it. */
static int move(unsigned long *left, unsigned long allowed)
{
	unsigned long to = FAR;
	int err;

	*left = allowed;
	err = mm_remap(mm, AT + PAGE_SIZE, 2 * PAGE_SIZE, 2 * PAGE_SIZE,
		MM_REMAP_MAYMOVE | MM_REMAP_FIXED, &to);
	*left = ~0UL;
	EXPECT(!err || err == -ENOMEM);
	EXPECT_EQ(mm_pages(mm), COUNT);
	EXPECT(holds(AT, 0) && holds(AT + 3 * PAGE_SIZE, 3));
	to = err ? AT + PAGE_SIZE : FAR;
	EXPECT(holds(to, 1) && holds(to + PAGE_SIZE, 2));
	if (err)
		EXPECT(!holds(FAR, 0));
	return err;
}

static void fail_at_each(unsigned long *left)
{
	unsigned long failures = 0;
	long blocks;
	int err;

	rcu_barrier();
	blocks = sim_blocks_used;
	do {
		make();
		err = move(left, failures);
		mm_use(NULL);
		mm_put(mm);
		rcu_barrier();
		EXPECT_EQ(sim_blocks_used, blocks);
	} while (err && ++failures < 100);
	EXPECT(failures > 1 && failures < 100);
}

UNIT_TEST(sim_mremap_without_frames)
{
	fail_at_each(&sim_frames_left);
}

UNIT_TEST(sim_mremap_without_objects)
{
	fail_at_each(&sim_objects_left);
}
