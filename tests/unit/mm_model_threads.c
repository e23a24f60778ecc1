/*
 * tests/unit/mm_model_threads.c - the flat-model test by four threads on four CPUs in one
 * shared mm: each has a window of its own, whose contents the others must not disturb
 * while they map, unmap and flush beside it.
 */
#include "tests/unit/crew.h"
#include "tests/unit/mm_flat.h"
#include "tests/unit/mm_model.h"
#include "tests/unit/unit.h"
#include "kernel/base/print.h"

#define THREADS 4
#define LIFE    500
#define LOOK    50
#define REGION  0x04000000UL /* apart: no stack of one is near another's window */

static struct mm *mm;
static struct flat flats[THREADS];
static u64 seeds[THREADS], ops; /* (c) */
static u32 failed;              /* (a) */

/* The number of the operation at which they differ, or -1. */
static int run_life(struct flat *flat, u64 seed, unsigned long base)
{
	int bad = -1;

	flat_init(flat, mm, base, false);
	for (int i = 0; i < LIFE && bad < 0; i++) {
		struct flat_op op = flat_op(flat, seed, i);

		if (!flat_step(flat, &op, i % LOOK == LOOK - 1 ? FLAT_ALL : FLAT_RESULT))
			bad = i;
	}
	if (mm_unmap(mm, flat->base, flat->pages * PAGE_SIZE))
		atomic_add(&failed, 1);
	flat_end(flat);
	return bad;
}

static void worker(unsigned long me)
{
	mm_use(mm);
	for (u64 done = 0; done < ops / THREADS && !atomic_load(&failed); done += LIFE) {
		u64 seed = seeds[me] + done / LIFE * 0x10001;
		int bad = run_life(&flats[me], seed, (4 + me) * REGION + 0xf0000);

		if (bad < 0)
			continue;
		print("# thread %lu, operation %lu: %s is %lx, should be %lx\n", me,
			done + bad, flats[me].wrong, flats[me].got, flats[me].expected);
		if (atomic_add(&failed, 1) == 1)
			seeds[0] = seed;
	}
	mm_use(NULL);
}

static void run_threads(void)
{
	u64 seed = unit_seed(1);

	mm = mm_create();
	failed = 0;
	ops = unit_amount(2000);
	print("# seed=%lu ops=%lu\n", seed, ops);
	for (unsigned long me = 0; me < THREADS; me++) {
		seeds[me] = seed + me * 0x100000001UL;
		crew_start(worker, me, ANYWHERE);
	}
	crew_join();
	EXPECT_EQ(failed, 0);
	EXPECT_EQ(mm_pages(mm), 0);
	if (failed)
		model_explain(seeds[0], LIFE);
	mm_put(mm);
}

UNIT_TEST(mm_model_threads)
{
	run_threads();
}

UNIT_TEST(mm_model_threads_blocks)
{
	model_blocks(run_threads, false);
}
