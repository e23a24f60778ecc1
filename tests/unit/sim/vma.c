/*
 * tests/unit/sim/vma.c - VMAs where the test decides when memory is freed, and when there
 * is none.
 */
#include "tests/unit/unit.h"
#include "arch/sim/sim.h"
#include "kernel/base/errno.h"
#include "kernel/sched/rcu.h"
#include "mm/space/vma.h"

#define BASE 0x30000000UL

static void map(struct mm *mm, unsigned long page, unsigned long pages, unsigned int prot)
{
	unsigned long at = BASE + page * PAGE_SIZE;

	EXPECT_EQ(mm_map(mm, &at, pages * PAGE_SIZE, prot, MM_FIXED), 0);
}

/* What a reader holds stays readable until it leaves, whatever is unmapped meanwhile. */
UNIT_TEST(sim_vma_readers_keep_what_they_hold)
{
	struct mm *mm = mm_create();
	const struct vma_set *set;
	const struct vma *vma;

	map(mm, 0, 4, PROT_READ);
	(void)sim_rcu_run();
	rcu_read_lock();
	set = rcu_dereference(mm->vmas);
	vma = set->vma[0];
	EXPECT_EQ(mm_unmap(mm, BASE, 4 * PAGE_SIZE), 0);
	EXPECT_EQ(set->count, 1);
	EXPECT_EQ(READ_ONCE(set->vma[0]->end), READ_ONCE(vma->end));
	rcu_read_unlock();
	EXPECT(sim_rcu_run() >= 1); /* the set; the cache keeps one VMA */
	mm_put(mm);
}

struct state {
	unsigned int count;
	unsigned long start[4], end[4], prot[4];
};

static void note(const struct vma *vma, void *arg)
{
	struct state *state = arg;

	if (state->count < ARRAY_SIZE(state->start)) {
		state->start[state->count] = vma->start;
		state->end[state->count] = vma->end;
		state->prot[state->count] = vma->prot;
	}
	state->count++;
}

static bool same(const struct state *a, const struct state *b)
{
	bool equal = a->count == b->count;

	for (unsigned int i = 0; equal && i < a->count; i++)
		equal = a->start[i] == b->start[i] && a->end[i] == b->end[i] &&
			a->prot[i] == b->prot[i];
	return equal;
}

static int unmap_hole(struct mm *mm)
{
	return mm_unmap(mm, BASE + PAGE_SIZE, PAGE_SIZE);
}

static int protect_middle(struct mm *mm)
{
	return mm_protect(mm, BASE + PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE);
}

static int replace_middle(struct mm *mm)
{
	unsigned long at = BASE + PAGE_SIZE;

	return mm_map(mm, &at, PAGE_SIZE, PROT_NONE, MM_FIXED);
}

static int map_beside(struct mm *mm)
{
	unsigned long at = BASE + 8 * PAGE_SIZE;

	return mm_map(mm, &at, PAGE_SIZE, PROT_READ, MM_FIXED);
}

/* The n-th allocation fails, for each n: an error, and all is as it was. */
static unsigned int fail_at_each(int (*call)(struct mm *mm))
{
	unsigned int failures = 0;
	int err;

	do {
		struct state before = {0}, after = {0};
		struct mm *mm = mm_create();

		map(mm, 0, 4, PROT_READ);
		mm_for_each_vma(mm, note, &before);
		sim_objects_left = failures;
		err = call(mm);
		sim_objects_left = ~0UL;
		mm_for_each_vma(mm, note, &after);
		EXPECT_EQ(same(&before, &after), err != 0);
		EXPECT_EQ(mm_seq_read(mm) & 1, 0);
		mm_put(mm);
		EXPECT(!err || err == -ENOMEM);
	} while (err && ++failures < 10);
	return failures;
}

UNIT_TEST(sim_vma_out_of_memory)
{
	EXPECT_EQ(fail_at_each(unmap_hole), 2); /* the set, and one VMA */
	EXPECT_EQ(fail_at_each(protect_middle), 3);
	EXPECT_EQ(fail_at_each(replace_middle), 3);
	EXPECT_EQ(fail_at_each(map_beside), 2);
}

static int unmap_all(struct mm *mm)
{
	return mm_unmap(mm, BASE, 4 * PAGE_SIZE);
}

static int unmap_end(struct mm *mm)
{
	return mm_unmap(mm, BASE + 3 * PAGE_SIZE, 4 * PAGE_SIZE);
}

static int protect_all(struct mm *mm)
{
	return mm_protect(mm, BASE, 4 * PAGE_SIZE, PROT_NONE);
}

static int map_touching(struct mm *mm)
{
	unsigned long at = BASE + 4 * PAGE_SIZE;

	return mm_map(mm, &at, PAGE_SIZE, PROT_READ, MM_FIXED);
}

/* One allocation per change at most, and none where VMAs only change their borders. */
UNIT_TEST(sim_vma_takes_little_memory)
{
	EXPECT_EQ(fail_at_each(unmap_all), 1);
	EXPECT_EQ(fail_at_each(unmap_end), 0);
	EXPECT_EQ(fail_at_each(protect_all), 0);
	EXPECT_EQ(fail_at_each(map_touching), 0);
}
