/*
 * tests/unit/mm_gup_random.c - the fast way finds what the slow way finds.
 *
 * A case is a change of the layout (map, unmap, protect, discard, a large leaf: at the
 * boundaries of every level, where walks go wrong), a range and flags. gup() must hold as
 * many pages as a flat model says; gup_slow() the same pages; and gup_fast(), now that
 * all are mapped, too. Before that, it may hold fewer, but no others. A new mm every so
 * often, on which the root grows when the first mapping above its limit comes.
 *
 *     test=mm_gup_fast_equals_slow ops=1000000 seed=7
 */
#include "tests/unit/mm_help.h"
#include "tests/unit/unit.h"
#include "kernel/base/errno.h"
#include "kernel/base/print.h"
#include "kernel/sched/thread.h"
#include "mm/space/frame.h"
#include "mm/space/gup.h"
#include "tests/unit/table_mm.h"

#define WINDOW     16 /* pages of a window, half of them on each side of a boundary */
#define WINDOWS    5
#define LEAF_AT    (7 * pxd_size(LEVEL_PMD)) /* the last window ends in a leaf there */
#define CASES_EACH 4096                      /* cases of one mm */
#define PAGES_MAX  (WINDOW + 4)

struct layout {
	unsigned long base[WINDOWS];
	int prot[WINDOWS][WINDOW]; /* -1: not mapped */
	unsigned int windows;
	u64 pages; /* found in all cases together */
};

static struct layout layout;
static struct mm *mm;
static struct page *by_gup[PAGES_MAX], *by_slow[PAGES_MAX], *by_fast[PAGES_MAX];

static unsigned long page_at(unsigned int window, unsigned int page)
{
	return layout.base[window] + page * PAGE_SIZE;
}

/* A window on a boundary of each level: a pte table's end, a pmd table's ... as far as
 * this machine's addresses go. */
static void make(u64 *seed)
{
	mm = mm_create();
	mm_use(mm);
	layout.windows = 0;
	for (int level = LEVEL_PMD; level <= LEVEL_PGD; level++) {
		unsigned long boundary = pxd_size(level) * (1 + mm_random(seed) % 3);

		if (boundary / pxd_size(level) == 0 ||
			boundary >=
				arch_root_limit(fold_policy.deepest) - WINDOW * PAGE_SIZE)
			break;
		layout.base[layout.windows++] = boundary - WINDOW / 2 * PAGE_SIZE;
	}
	layout.base[layout.windows++] = LEAF_AT - WINDOW / 2 * PAGE_SIZE;
	for (unsigned int i = 0; i < layout.windows; i++)
		for (unsigned int page = 0; page < WINDOW; page++)
			layout.prot[i][page] = -1;
}

static void finish(void)
{
	mm_use(NULL);
	mm_put(mm);
}

static void set(unsigned int window, unsigned int from, unsigned int to, int prot)
{
	while (from < to)
		layout.prot[window][from++] = prot;
}

static bool all_mapped(unsigned int window, unsigned int from, unsigned int to)
{
	while (from < to)
		if (layout.prot[window][from++] < 0)
			return false;
	return true;
}

/* The leaf of the last window comes, with other rights, or goes. Its VMA allows what it
 * does. */
static void change_leaf(int prot)
{
	const unsigned int order = ARCH_LEVEL_SHIFT(LEVEL_PMD) - PAGE_SHIFT;
	struct page *block = frame_alloc(order, PAGE_KERNEL, 0);
	unsigned long at = LEAF_AT;

	EXPECT_EQ(mm_unmap(mm, LEAF_AT, pxd_size(LEVEL_PMD)), 0);
	set(layout.windows - 1, WINDOW / 2, WINDOW, -1);
	if (!block)
		return;
	page_put(block);
	if (prot == PROT_NONE)
		return;
	EXPECT_EQ(mm_map(mm, &at, pxd_size(LEVEL_PMD), prot, MM_FIXED), 0);
	table_mm_map_leaf(mm, LEVEL_PMD, at, prot);
	set(layout.windows - 1, WINDOW / 2, WINDOW, prot);
}

static void change(u64 *seed)
{
	static const int prots[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE,
		PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE};
	unsigned int window = mm_random(seed) % layout.windows;
	unsigned int room = window == layout.windows - 1 ? WINDOW / 2 : WINDOW;
	unsigned int from = mm_random(seed) % room;
	unsigned int to = from + 1 + mm_random(seed) % (room - from);
	int prot = prots[mm_random(seed) % ARRAY_SIZE(prots)];
	unsigned long at = page_at(window, from);
	size_t length = (to - from) * PAGE_SIZE;

	if (mm_random(seed) % 1024 == 0)
		return change_leaf(prot);
	switch (mm_random(seed) % 16) {
	case 0:
	case 1:
		EXPECT_EQ(mm_map(mm, &at, length, prot, MM_FIXED), 0);
		return set(window, from, to, prot);
	case 2:
		EXPECT_EQ(mm_unmap(mm, at, length), 0);
		return set(window, from, to, -1);
	case 3:
		if (!all_mapped(window, from, to))
			return;
		EXPECT_EQ(mm_protect(mm, at, length, prot), 0);
		return set(window, from, to, prot);
	case 4:
	case 5:
		(void)mm_discard(mm, at, length);
	}
}

/* How many pages the model allows, or the error. */
static long expected(
	unsigned int window, unsigned int from, unsigned long count, unsigned int flags)
{
	int need = flags & FOLL_WRITE ? PROT_READ | PROT_WRITE : PROT_READ;
	unsigned long held = 0;

	while (held < count && from + held < WINDOW &&
		layout.prot[window][from + held] >= 0 &&
		!(need & ~layout.prot[window][from + held]))
		held++;
	return held ? (long)held : -EFAULT;
}

static void let_go(struct page **pages, long count, unsigned int flags)
{
	if (count <= 0)
		return;
	if (flags & FOLL_PIN)
		gup_unpin(pages, count);
	else
		gup_put(pages, count);
}

static bool same(struct page **a, struct page **b, long count)
{
	for (long i = 0; i < count; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

static bool one_case(u64 *seed)
{
	static const unsigned int flag_sets[] = {FOLL_GET, FOLL_GET | FOLL_WRITE,
		FOLL_PIN, FOLL_PIN | FOLL_WRITE, FOLL_PIN | FOLL_WRITE | FOLL_LONGTERM};
	unsigned int flags = flag_sets[mm_random(seed) % ARRAY_SIZE(flag_sets)];
	unsigned int window = mm_random(seed) % layout.windows;
	unsigned int from = mm_random(seed) % WINDOW;
	unsigned int room = window == layout.windows - 1 ? WINDOW : PAGES_MAX;
	unsigned long count = 1 + mm_random(seed) % (room - from);
	unsigned long at = page_at(window, from);
	long want, early, held, slow, fast, most;
	bool right;

	change(seed);
	want = expected(window, from, count, flags);
	early = gup_fast(at, count, flags, by_fast);
	held = gup(at, count, flags, by_gup);
	slow = gup_slow(mm, at, count, flags, by_slow);
	right = held == want && slow == want && early <= max(want, 0L) &&
		same(by_gup, by_slow, want) && same(by_gup, by_fast, early);
	let_go(by_fast, early, flags);
	fast = gup_fast(at, count, flags, by_fast);
	/* A range that ends above the limit is not walked at all. */
	most = at + count * PAGE_SIZE <= mm->limit ? max(want, 0L) : 0;
	right = right && fast == most && same(by_gup, by_fast, fast);
	let_go(by_fast, fast, flags);
	let_go(by_slow, slow, flags);
	let_go(by_gup, held, flags);
	layout.pages += fast;
	if (!right)
		print("# [%lx, %lu pages) flags %x: model %ld, gup %ld, slow %ld, "
		      "fast %ld then %ld\n",
			at, count, flags, want, held, slow, early, fast);
	return right;
}

UNIT_TEST(mm_gup_fast_equals_slow)
{
	u64 start = unit_seed(1), cases = unit_amount(4000), seed = start;
	s64 before = gup_held();

	if (pxd_size(LEVEL_PMD) < 2 * WINDOW * PAGE_SIZE)
		return unit_skip("page tables are too small for the windows");
	print("# seed=%lu ops=%lu\n", start, cases);
	layout.pages = 0;
	for (u64 i = 0; i < cases; i++) {
		bool right;

		if (i % CASES_EACH == 0)
			make(&seed);
		right = one_case(&seed);
		if (!right)
			print("# seed=%lu: case %lu\n", start, i);
		EXPECT(right);
		if (!right || i % CASES_EACH == CASES_EACH - 1 || i == cases - 1)
			finish();
		if (!right)
			break;
	}
	EXPECT_EQ(gup_held(), before);
	EXPECT(layout.pages > cases); /* else it compared nothing */
}
