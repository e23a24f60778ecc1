/*
 * tests/unit/fold_range.c - fold conformance, ranges: across every border that levels
 * have, the locked walk and the lockless one visit the same pages, each once, in order,
 * at every depth, also when the mm has grown to it.
 */
#include "tests/unit/mm_help.h"
#include "tests/unit/table_mm.h"
#include "tests/unit/unit.h"
#include "kernel/base/print.h"
#include "mm/space/gup.h"
#include "mm/table/fold.h"
#include "mm/table/walk.h"

#define RW   (PROT_READ | PROT_WRITE)
#define SIDE 3 /* pages on each side of a border */

#define LOWEST (1UL << 17) /* below it nothing may be mapped; where tables are small */

struct visits {
	unsigned int count;
	unsigned long addresses[2 * SIDE];
	struct page *pages[2 * SIDE];
};

static struct mm *mm;
static u64 seed;

static bool note(
	struct walk *walk, int level, pxd_t *ptr, pxd_t entry, unsigned long address)
{
	struct visits *visits = walk->arg;

	if (visits->count < 2 * SIDE) {
		visits->addresses[visits->count] = address;
		visits->pages[visits->count] = page_of_phys(arch_pxd_phys(level, entry));
	}
	visits->count++;
	return false;
}

static void walk_locked(struct visits *visits, unsigned long start, unsigned long end)
{
	static const struct walk_ops ops = {.leaf = note};
	struct walk walk = {.mm = mm, .ops = &ops, .arg = visits};

	visits->count = 0;
	mm_read_lock(mm);
	(void)walk_range(&walk, start, end);
	mm_read_unlock(mm);
}

/* The pages of [start, start + count) with all of them mapped, both ways. */
static void expect_same(unsigned long start, unsigned int count)
{
	struct page *pages[2 * SIDE];
	struct visits locked;
	unsigned long held = gup_fast(start, count, FOLL_GET | FOLL_WRITE, pages);

	walk_locked(&locked, start, start + count * PAGE_SIZE);
	EXPECT_EQ(locked.count, count);
	EXPECT_EQ(held, count);
	for (unsigned int i = 0; i < min(count, locked.count); i++) {
		unsigned long address = start + i * PAGE_SIZE;

		EXPECT_EQ(locked.addresses[i], address);
		EXPECT(page_address(locked.pages[i]) == mm_peek(mm, address));
		EXPECT(i >= held || pages[i] == locked.pages[i]);
	}
	if (locked.count != count || held != count)
		print("# %u pages from %lx on\n", count, start);
	gup_put(pages, held);
}

/* Every part of the range around the border. */
static void check_border(unsigned long border)
{
	unsigned long start = border - SIDE * PAGE_SIZE, at = start;

	EXPECT_EQ(mm_map(mm, &at, 2 * SIDE * PAGE_SIZE, RW, MM_FIXED | MM_POPULATE), 0);
	for (unsigned int first = 0; first < 2 * SIDE; first++)
		for (unsigned int count = 1; first + count <= 2 * SIDE; count++)
			expect_same(start + first * PAGE_SIZE, count);
	EXPECT_EQ(mm_unmap(mm, start, 2 * SIDE * PAGE_SIZE), 0);
}

/* The first border of each level, and two anywhere. */
static void check_borders(void)
{
	for (int level = LEVEL_PMD; level <= fold_root_level(mm); level++) {
		unsigned long borders = (mm->limit >> ARCH_LEVEL_SHIFT(level)) - 1;

		if (borders)
			check_border(max(pxd_size(level), LOWEST));
		for (int i = 0; i < 2 && borders; i++)
			check_border((1 + mm_random(&seed) % borders) * pxd_size(level));
	}
}

static void check_depths(void)
{
	int err = 0;

	seed = 0xb04de4;
	mm = mm_create();
	mm_use(mm);
	for (;;) {
		check_borders();
		if (err || fold_root_level(mm) == fold_policy.deepest)
			break;
		mm_write_lock(mm);
		err = fold_grow(mm, mm->limit + 1);
		mm_write_unlock(mm);
	}
	EXPECT_EQ(err, 0);
	mm_use(NULL);
	mm_put(mm);
}

UNIT_TEST(fold_range_lockless_is_locked)
{
	fold_each_start(check_depths);
}

/* A hole ends the lockless walk, and is passed over by the locked one, wherever it is. */
static void check_holes(void)
{
	unsigned long at = 8 * pxd_size(LEVEL_PMD) - SIDE * PAGE_SIZE;
	struct page *pages[2 * SIDE];
	struct visits locked;

	mm = mm_create();
	mm_use(mm);
	EXPECT_EQ(mm_map(mm, &at, 2 * SIDE * PAGE_SIZE, RW, MM_FIXED), 0);
	for (unsigned int hole = 0; hole < 2 * SIDE; hole++) {
		for (unsigned int i = 0; i < 2 * SIDE; i++)
			EXPECT_EQ(mm_fault(mm, at + i * PAGE_SIZE, ACCESS_WRITE), 0);
		EXPECT_EQ(mm_discard(mm, at + hole * PAGE_SIZE, PAGE_SIZE), 0);
		EXPECT_EQ(gup_fast(at, 2 * SIDE, FOLL_GET, pages), hole);
		gup_put(pages, hole);
		walk_locked(&locked, at, at + 2 * SIDE * PAGE_SIZE);
		EXPECT_EQ(locked.count, 2 * SIDE - 1);
	}
	mm_use(NULL);
	mm_put(mm);
}

UNIT_TEST(fold_range_stops_at_holes)
{
	fold_each_start(check_holes);
}
