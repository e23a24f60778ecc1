/*
 * tests/unit/vma_edit.c - mm/space/vma_edit.c: all splits and merges over small layouts.
 *
 * Every layout of PAGES pages, each a hole or one of two kinds, times every range, times
 * every call. Afterwards the VMAs must be the runs of equal pages, no more and no fewer,
 * and a lookup without the lock must say the same about each page.
 */
#include "tests/unit/unit.h"
#include "kernel/base/errno.h"
#include "kernel/base/print.h"
#include "kernel/sched/rcu.h"
#include "mm/space/vma.h"

#define PAGES 5
#define KINDS 3 /* PROT_NONE stands for a hole here */
#define BASE  0x30000000UL

enum call {
	MAP_READ,
	MAP_WRITE,
	PROTECT_READ,
	PROTECT_WRITE,
	UNMAP,
	CALLS
};

static struct mm *mm;
static unsigned int want[PAGES]; /* PROT_NONE: a hole */

static unsigned int prot_of(enum call call)
{
	return call == MAP_READ || call == PROTECT_READ ? PROT_READ
							: PROT_READ | PROT_WRITE;
}

static int apply(enum call call, unsigned int from, unsigned int to)
{
	unsigned long at = BASE + from * PAGE_SIZE, length = (to - from) * PAGE_SIZE;

	if (call == UNMAP)
		return mm_unmap(mm, at, length);
	if (call == PROTECT_READ || call == PROTECT_WRITE)
		return mm_protect(mm, at, length, prot_of(call));
	return mm_map(mm, &at, length, prot_of(call), MM_FIXED);
}

/* The same on the model: what Linux would return, and leave. */
static int expect(enum call call, unsigned int from, unsigned int to)
{
	for (; from < to; from++) {
		if ((call == PROTECT_READ || call == PROTECT_WRITE) && !want[from])
			return -ENOMEM;
		want[from] = call == UNMAP ? PROT_NONE : prot_of(call);
	}
	return 0;
}

static void make_layout(unsigned int layout)
{
	for (unsigned int page = 0; page < PAGES; page++, layout /= KINDS) {
		enum call call = layout % KINDS == 0   ? UNMAP
				 : layout % KINDS == 1 ? MAP_READ
						       : MAP_WRITE;

		EXPECT_EQ(apply(call, page, page + 1), 0);
		(void)expect(call, page, page + 1);
	}
}

static bool lookup_agrees(unsigned int page)
{
	struct vma_snapshot found;
	int err;

	rcu_read_lock();
	err = vma_lookup_rcu(mm, BASE + page * PAGE_SIZE, &found);
	rcu_read_unlock();
	if (!want[page])
		return err == -EFAULT;
	return !err && found.vma.prot == want[page] &&
	       found.vma.end > BASE + page * PAGE_SIZE;
}

static bool layout_agrees(void)
{
	unsigned int runs = 0;

	for (unsigned int page = 0; page < PAGES; page++) {
		if (!lookup_agrees(page))
			return false;
		runs += want[page] && (!page || want[page] != want[page - 1]);
	}
	return mm->vmas->count == runs;
}

static void try_one(
	unsigned int layout, enum call call, unsigned int from, unsigned int to)
{
	make_layout(layout);
	EXPECT_EQ(apply(call, from, to), expect(call, from, to));
	if (layout_agrees())
		return;
	print("# layout %u, call %u, pages %u to %u\n", layout, (u32)call, from, to);
	EXPECT(!"the VMAs are the runs of equal pages");
}

UNIT_TEST(vma_edit_all_small_layouts)
{
	unsigned int layouts = 1;

	for (unsigned int page = 0; page < PAGES; page++)
		layouts *= KINDS;
	mm = mm_create();
	for (unsigned int layout = 0; layout < layouts; layout++) {
		for (unsigned int from = 0; from < PAGES; from++)
			for (unsigned int to = from + 1; to <= PAGES; to++)
				for (enum call call = 0; call < CALLS; call++)
					try_one(layout, call, from, to);
		rcu_barrier();
	}
	mm_put(mm);
}
