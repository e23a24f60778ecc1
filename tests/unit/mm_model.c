/*
 * tests/unit/mm_model.c - random mapping calls against the flat model (mm_flat.h).
 *
 * Every LIFE operations a fresh mm starts empty. A failure prints seed and number of the
 * operation, then the shortest list of operations found that still fails: test=mm_model
 * seed=S replays all of it, on any machine. `ops=` makes it long.
 */
#include "tests/unit/mm_model.h"
#include "tests/unit/mm_flat.h"
#include "tests/unit/unit.h"
#include "kernel/base/counters.h"
#include "kernel/base/print.h"
#include "kernel/sched/rcu.h"
#include "mm/huge/leaf.h"

#define LIFE 500 /* operations of one mm */
#define LOOK 20  /* at the whole window after so many */

static struct flat flat;
static u16 list[LIFE]; /* numbers of the operations that are left */

void (*model_moves)(struct mm *mm, u64 random);

/* Where operation i of the life fails, or -1. `count` operations, those of `list`, or the
 * first ones. */
static int run(u64 seed, const u16 *numbers, int count, bool all)
{
	struct mm *mm = mm_create();
	int failed = -1;

	if (!mm)
		return 0;
	flat_init(&flat, mm, 0, true);
	mm_use(mm);
	for (int i = 0; i < count && failed < 0; i++) {
		struct flat_op op = flat_op(&flat, seed, numbers ? numbers[i] : i);

		if (model_moves)
			model_moves(flat.mm, op.value);
		if (!flat_step(&flat, &op,
			    all || i % LOOK == LOOK - 1 ? FLAT_ALL : FLAT_NAMED))
			failed = i;
	}
	if (model_moves)
		model_moves(NULL, 0);
	mm_use(NULL);
	mm_put(flat.mm); /* checks the ledger */
	flat_end(&flat);
	rcu_barrier(); /* where nobody else does, its tables are freed here */
	return failed;
}

/* Leave out whatever can go, in ever smaller pieces, as long as it still fails. */
static int shrink(u64 seed, int count)
{
	static u16 fewer[LIFE];

	for (int i = 0; i < count; i++)
		list[i] = i;
	for (int piece = max(count / 2, 1); piece; piece /= 2)
		for (int from = 0; from < count;) {
			int kept = 0, failed;

			for (int i = 0; i < count; i++)
				if (i < from || i >= from + piece)
					fewer[kept++] = list[i];
			failed = run(seed, fewer, kept, true);
			if (failed < 0) {
				from += piece;
				continue;
			}
			count = failed + 1;
			for (int i = 0; i < count; i++)
				list[i] = fewer[i];
		}
	return count;
}

void model_explain(u64 seed, int count)
{
	int failed = run(seed, NULL, count, true), left;

	if (failed < 0) {
		print("# alone, it does not fail again\n");
		return;
	}
	left = shrink(seed, failed + 1);
	(void)run(seed, list, left, true);
	print("# %s: is %lu, should be %lu (%lx, %lx), after these %d operations:\n",
		flat.wrong, flat.got, flat.expected, flat.got, flat.expected, left);
	for (int i = 0; i < left; i++) {
		struct flat_op op = flat_op(&flat, seed, list[i]);

		flat_print(&flat, &op);
	}
}

void model_run(u64 seed, u64 ops)
{
	print("# seed=%lu ops=%lu\n", seed, ops);
	for (u64 done = 0; done < ops; done += LIFE) {
		u64 life = seed + done / LIFE * 0x10001;
		int failed = run(life, NULL, (int)min(ops - done, (u64)LIFE), false);

		if (failed < 0)
			continue;
		print("# seed=%lu: mm and model differ at operation %lu\n", seed,
			done + failed);
		model_explain(life, failed + 1);
		EXPECT(!"mm and model agree");
		return;
	}
}

static const enum counter block_counters[] = {
	COUNT_HUGE_FAULTS, COUNT_COLLAPSED, COUNT_BLOCKS_SPLIT, COUNT_LEAVES_SPLIT};

static void expect_blocks(const s64 *before, int events)
{
	for (int i = 0; i < (int)ARRAY_SIZE(block_counters); i++) {
		s64 count = counter_sum(block_counters[i]) - before[i];

		print("# %s: %ld\n", counter_name(block_counters[i]), count);
		EXPECT(count > 0 || i >= events);
	}
}

void model_blocks(void (*run)(void), bool all)
{
	enum thp_policy policy = thp_policy;
	s64 before[ARRAY_SIZE(block_counters)];

	for (int i = 0; i < (int)ARRAY_SIZE(block_counters); i++)
		before[i] = counter_sum(block_counters[i]);
	thp_policy = THP_ALWAYS;
	run();
	thp_policy = policy;
	expect_blocks(before,
		all ? (int)ARRAY_SIZE(block_counters) - !arch_leaf_possible(LEVEL_PMD)
		    : 1);
}

static void run_model(void)
{
	model_run(unit_seed(1), unit_amount(4000));
}

UNIT_TEST(mm_model)
{
	run_model();
}

UNIT_TEST(mm_model_blocks)
{
	model_blocks(run_model, true);
}
