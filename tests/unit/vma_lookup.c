/*
 * tests/unit/vma_lookup.c - mm/space/vma.c: lookups under RCU beside writers.
 *
 * One thread takes a mapping through three states; another maps and unmaps in an mm of
 * its own, so that VMAs which the first one frees are used again elsewhere. What readers
 * without any lock are told must be the truth about one of the three states.
 */
#include "tests/unit/unit.h"
#include "tests/unit/crew.h"
#include "kernel/base/errno.h"
#include "kernel/sched/rcu.h"
#include "mm/space/vma.h"

#define ROUNDS  300
#define READERS 2
#define BASE    0x30000000UL
#define R       PROT_READ
#define RW      (PROT_READ | PROT_WRITE)

static struct mm *mm;
static u32 writing, wrong, found; /* (a) */

/* What may be said about a page: a VMA of pages [from, to), or that there is none. */
struct truth {
	unsigned int page, from, to, prot;
};

static const struct truth truths[] = {
	{3, 0, 8, RW},
	{3, 2, 4, R},
	{3, 0, 5, RW}, /* whole, protected, with a hole */
	{5, 0, 8, RW},
	{5, 4, 8, RW},
	{5, 0, 0, 0}, /* the hole */
	{7, 0, 8, RW},
	{7, 4, 8, RW},
	{7, 6, 8, RW},
};

static bool is_true(unsigned int page, int err, const struct vma_snapshot *said)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(truths); i++) {
		const struct truth *truth = &truths[i];

		if (truth->page != page)
			continue;
		if (err ? !truth->to
			: said->vma.start == BASE + truth->from * PAGE_SIZE &&
					said->vma.end == BASE + truth->to * PAGE_SIZE &&
					said->vma.prot == truth->prot)
			return true;
	}
	return false;
}

static void look(unsigned int page)
{
	struct vma_snapshot said;
	int err;

	rcu_read_lock();
	err = vma_lookup_rcu(mm, BASE + page * PAGE_SIZE, &said);
	rcu_read_unlock();
	if (err == -EAGAIN)
		return;
	atomic_add(&found, 1);
	if (!is_true(page, err, &said))
		atomic_add(&wrong, 1);
}

static void reader(unsigned long unused)
{
	bool more;

	do {
		more = atomic_load(&writing) != 0;
		look(3);
		look(5);
		look(7);
	} while (more);
}

static void map(struct mm *which, unsigned long page, unsigned long pages)
{
	unsigned long at = BASE + page * PAGE_SIZE;

	EXPECT_EQ(mm_map(which, &at, pages * PAGE_SIZE, RW, MM_FIXED), 0);
}

static void writer(unsigned long unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		EXPECT_EQ(mm_protect(mm, BASE + 2 * PAGE_SIZE, 2 * PAGE_SIZE, R), 0);
		EXPECT_EQ(mm_protect(mm, BASE + 2 * PAGE_SIZE, 2 * PAGE_SIZE, RW), 0);
		EXPECT_EQ(mm_unmap(mm, BASE + 5 * PAGE_SIZE, PAGE_SIZE), 0);
		map(mm, 5, 1);
	}
	atomic_sub(&writing, 1);
}

static void recycler(unsigned long unused)
{
	struct mm *other = mm_create();

	while (atomic_load(&writing) > 1) {
		map(other, 100, 1);
		EXPECT_EQ(mm_unmap(other, BASE + 100 * PAGE_SIZE, PAGE_SIZE), 0);
	}
	mm_put(other);
	atomic_sub(&writing, 1);
}

UNIT_TEST(vma_lookup_beside_writers)
{
	mm = mm_create();
	wrong = found = 0;
	writing = 2;
	map(mm, 0, 8);
	for (int i = 0; i < READERS; i++)
		crew_start(reader, 0, ANYWHERE);
	crew_start(recycler, 0, ANYWHERE);
	crew_start(writer, 0, ANYWHERE);
	crew_join();
	EXPECT_EQ(wrong, 0);
	EXPECT(found > 0);
	mm_put(mm);
}
