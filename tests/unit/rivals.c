/*
 * tests/unit/rivals.c - what each step= is worth: the same pages as the reference walk on
 * every depth of tree, across every boundary; and `rederef`, caught when another CPU puts
 * a leaf where the table was, between its two reads.
 */
#include "tests/unit/table_mm.h"
#include "tests/unit/unit.h"
#include "arch/contract/irq.h"
#include "kernel/base/string.h"
#include "mm/rivals/rivals.h"
#include "mm/space/frame.h"
#include "mm/table/walk.h"

#define PAGES 6

static const char *const names[] = {"lockless", "addrend-folded", "addrend-value",
	"rederef", "depth", "oneword-root"};

/* The pages that `step` finds, let go again at once; how many. */
static unsigned long find(const struct gup_step *step, struct mm *mm, unsigned long start,
	unsigned long count, struct page **pages)
{
	struct gup_walk walk = {
		.root = mm->root, .next = pages, .flags = FOLL_GET, .prot = PROT_READ};
	unsigned long flags = arch_irq_save(), held;

	(void)step->walk(
		&walk, mm->root, pxd_read(mm->root), start, start + count * PAGE_SIZE);
	arch_irq_restore(flags);
	held = walk.next - pages;
	for (unsigned long i = 0; i < held; i++)
		page_put(page_head(pages[i]));
	return held;
}

/* Three pages on each side of the boundary, of which `hole` is not mapped. */
static void check_across(
	struct mm *mm, unsigned long boundary, unsigned long hole, struct page **real)
{
	unsigned long start = boundary - PAGES / 2 * PAGE_SIZE;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct page *found[PAGES] = {NULL};

		EXPECT_EQ(find(gup_step_find(names[i]), mm, start, PAGES, found),
			min(hole, (unsigned long)PAGES));
		for (unsigned long page = 0; page < min(hole, (unsigned long)PAGES);
			page++)
			EXPECT_EQ(found[page], real[page]);
	}
}

UNIT_TEST(rivals_find_the_same_pages)
{
	struct page *real[PAGES];
	struct mm mm;

	for_each_root_level(root)
	{
		if (!table_mm_make(&mm, root))
			continue;
		for (int level = LEVEL_PMD; level <= root; level++) {
			unsigned long boundary = pxd_size(level);

			for (long i = 0; i < PAGES; i++)
				real[i] = table_mm_map(&mm,
					boundary + (i - PAGES / 2) * (long)PAGE_SIZE,
					PROT_READ | PROT_WRITE);
			check_across(&mm, boundary, PAGES, real);
			table_mm_unmap(&mm, boundary, boundary + PAGE_SIZE, boundary,
				boundary + PAGE_SIZE);
			check_across(&mm, boundary, PAGES / 2, real);
			table_mm_unmap(&mm, 0, mm.limit, 0, 0);
		}
		table_mm_free(&mm);
	}
}

UNIT_TEST(rivals_oneword_root_knows_its_limit)
{
	struct page *found[1];
	struct mm mm;

	for_each_root_level(root)
	{
		if (root == LEVEL_PGD || !table_mm_make(&mm, root))
			continue;
		table_mm_map(&mm, 0, PROT_READ);
		/* What a walk that wraps around would find at `limit`: page 0. */
		EXPECT_EQ(
			find(gup_step_find("oneword-root"), &mm, mm.limit, 1, found), 0);
		EXPECT_EQ(find(gup_step_find("oneword-root"), &mm, 0, 1, found), 1);
		table_mm_free(&mm);
	}
}

/* --- rederef against a table that becomes a leaf --- */

static struct {
	struct mm *mm;
	struct page *block;  /* what the leaf maps */
	pxd_t *ptr;          /* the pmd entry */
	pxd_t table;         /* its value while it points to a table */
	unsigned int passed; /* slots passed down; that of the pmd is the last */
	bool astray;
} race;

static void replace_pmd(pxd_t entry)
{
	spin_lock(&race.mm->table_lock);
	(void)pxd_unhook(LEVEL_PMD, race.ptr, 0, entry);
	spin_unlock(&race.mm->table_lock);
}

/* The walk has seen a table there, and passes the slot on. */
static void become_leaf(const pxd_t *ptr)
{
	if (!--race.passed)
		replace_pmd(
			arch_pxd_leaf_make(LEVEL_PMD, page_phys(race.block), PROT_READ));
}

/* Stop before what was read there is taken for a pte. */
static bool look_where(struct gup_walk *walk, const struct gup_turn *turn)
{
	const struct page *page;

	if (turn->level != LEVEL_PTE)
		return true;
	page = page_of_virt(turn->ptr);
	race.astray = page >= race.block && page < race.block + BIT(race.block->order);
	return false;
}

static void note_pmd_slot(const pxd_t *ptr)
{
	race.ptr = (pxd_t *)ptr;
	race.passed++;
}

static void race_with_leaf(struct mm *mm, const struct gup_step *step)
{
	struct gup_walk walk = {.root = mm->root,
		.flags = FOLL_GET,
		.prot = PROT_READ,
		.look = look_where};
	unsigned long flags;

	rederef_meanwhile = become_leaf;
	flags = arch_irq_save();
	(void)step->walk(&walk, mm->root, pxd_read(mm->root), 0, PAGE_SIZE);
	arch_irq_restore(flags);
	rederef_meanwhile = NULL;
}

UNIT_TEST(rivals_rederef_uses_what_nobody_checked)
{
	struct page *found[1];
	struct mm mm;

	for_each_root_level(root)
	{
		if (!table_mm_make(&mm, root))
			continue;
		table_mm_map(&mm, 0, PROT_READ);
		race.mm = &mm;
		race.passed = 0;
		race.astray = false;
		race.block = frame_alloc(
			ARCH_LEVEL_SHIFT(LEVEL_PMD) - PAGE_SHIFT, PAGE_ANON, FRAME_ZERO);
		rederef_meanwhile = note_pmd_slot;
		EXPECT_EQ(find(gup_step_find("rederef"), &mm, 0, 1, found), 1);
		race.table = pxd_read(race.ptr);
		race_with_leaf(&mm, gup_step_find("rederef"));
		EXPECT_EQ(race.passed, 0);
		EXPECT(race.astray);
		replace_pmd(race.table);
		page_put(race.block);
		table_mm_free(&mm);
	}
}

/* --- addrend-value's locked walk --- */

struct visited {
	unsigned int count;
	unsigned long first, last;
	bool wrong;
};

static void note_visit(pxd_t *ptr, unsigned long address, void *arg)
{
	struct visited *visited = arg;

	if (!visited->count++)
		visited->first = address;
	else
		visited->wrong |= address <= visited->last;
	visited->last = address;
}

UNIT_TEST(rivals_addrend_value_visits_all)
{
	struct mm mm;

	for_each_root_level(root)
	{
		struct visited visited = {0};
		unsigned int mapped = 0;

		if (!table_mm_make(&mm, root))
			continue;
		for (int level = LEVEL_PMD; level <= root; level++, mapped += 2) {
			table_mm_map(&mm, pxd_size(level) - PAGE_SIZE, PROT_READ);
			table_mm_map(&mm, pxd_size(level), PROT_READ);
		}
		spin_lock(&mm.table_lock);
		addrend_value_visit(&mm, 0, mm.limit, note_visit, &visited);
		spin_unlock(&mm.table_lock);
		EXPECT_EQ(visited.count, mapped);
		EXPECT_EQ(visited.first, pxd_size(LEVEL_PMD) - PAGE_SIZE);
		EXPECT_EQ(visited.last, pxd_size(root));
		EXPECT(!visited.wrong);
		table_mm_free(&mm);
	}
}

/* --- the picture --- */

struct picture {
	unsigned int lines, stack, wrong;
	bool complete;
};

static bool contains(const char *line, const char *word)
{
	for (; *line; line++)
		if (!strncmp(line, word, strlen(word)))
			return true;
	return false;
}

static void note_line(const char *line, void *arg)
{
	struct picture *picture = arg;

	picture->lines++;
	picture->stack += contains(line, "STACK");
	picture->wrong += contains(line, "WRONG");
	picture->complete |= contains(line, "2 of 2 pages found, 0 of them wrong");
}

UNIT_TEST(rivals_draw_where_pointers_point)
{
	struct mm mm;

	for_each_root_level(root)
	{
		unsigned long start = pxd_size(root) - PAGE_SIZE;

		if (!table_mm_make(&mm, root))
			continue;
		table_mm_map(&mm, start, PROT_READ);
		table_mm_map(&mm, start + PAGE_SIZE, PROT_READ);
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			struct picture picture = {0};
			bool copies = !strncmp(names[i], "addrend", 7);

			EXPECT_EQ(mm_draw_step(
					  &mm, start, 2, names[i], note_line, &picture),
				0);
			EXPECT(picture.complete);
			EXPECT_EQ(picture.wrong, 0);
			/* Each turn at a folded level leads to one on the stack. */
			EXPECT_EQ(picture.stack, copies ? 2 * (LEVEL_PGD - root) : 0);
		}
		EXPECT_EQ(mm_draw_step(&mm, start, 2, "stackcopy", note_line, NULL),
			-EINVAL);
		table_mm_free(&mm);
	}
}
