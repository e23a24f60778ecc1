/*
 * tests/unit/explore/leaf.c - every interleaving of a CPU that uses a large leaf and one
 * that takes it away. Right orders do no damage; and the oracles see the wrong ones.
 */
#include "arch/sim/explore/explore.h"
#include "arch/sim/explore/search.h"
#include "arch/sim/sim.h"
#include "kernel/base/print.h"
#include "mm/space/frame.h"
#include "mm/table/descend.h"
#include "mm/table/table.h"
#include "mm/table/tlb.h"
#include "tests/unit/crew.h"
#include "tests/unit/table_mm.h"
#include "tests/unit/unit.h"

#define SIZE pxd_size(LEVEL_PMD)
#define AT   (8 * SIZE)
#define RW   (PROT_READ | PROT_WRITE)

static struct mm mm;
static struct page *block;
static struct ptdesc *table;
static pxd_t *slot;
static bool flushes;
static void (*taker)(unsigned long);

/* Both ends of the leaf, so that two translations are made if it is one no more. */
static void use(unsigned long me)
{
	mm_use(&mm);
	(void)sim_user_store(AT, 1);
	(void)sim_user_store(AT + SIZE - PAGE_SIZE, 2);
	mm_use(NULL);
}

static void replace(pxd_t replacement)
{
	spin_lock(&mm.table_lock);
	(void)pxd_unhook(LEVEL_PMD, slot, AT, replacement);
	spin_unlock(&mm.table_lock);
	if (flushes)
		tlb_flush_range(&mm, AT, AT + SIZE);
}

static void take_away(unsigned long me)
{
	replace(arch_pxd_empty(LEVEL_PMD));
	page_put(block);
}

/* What the ptes map, by one leaf. The table is left behind. */
static void join(unsigned long me)
{
	replace(arch_pxd_empty(LEVEL_PMD));
	spin_lock(&mm.table_lock);
	pxd_set(LEVEL_PMD, slot, arch_pxd_leaf_make(LEVEL_PMD, page_phys(block), RW));
	spin_unlock(&mm.table_lock);
}

static void start(void)
{
	crew_start(use, 0, 1);
	crew_start(taker, 0, 2);
}

/* The first violation, or NULL. */
static const char *search(void (*by)(unsigned long), bool with_flush)
{
	struct search search = {.kind = SEARCH_CLASSES, .start = start};

	taker = by;
	flushes = with_flush;
	explore_save();
	search_run(&search);
	print("# %lu executions, %lu steps: %s\n", search.executions, search.steps,
		search.violations ? explore_wrong : "no damage");
	EXPECT(!search.cut);
	explore_restore();
	return search.violations ? explore_wrong : NULL;
}

static void make(void)
{
	struct descent at;

	EXPECT(table_mm_make(&mm, LEVEL_P4D));
	block = table_mm_map_leaf(&mm, LEVEL_PMD, AT, RW);
	descend_find(&mm, AT, &at);
	slot = at.ptr;
}

/* In the leaf's place a table, which maps the same frames. */
static void cut(void)
{
	pxd_t *ptes;

	table = table_alloc(&mm, LEVEL_PTE);
	ptes = ptdesc_table(table);
	for (unsigned long i = 0; i < SIZE / PAGE_SIZE; i++)
		arch_pxd_set(LEVEL_PTE, ptes + i,
			arch_pxd_leaf_make(LEVEL_PTE, page_phys(block + i), RW));
	flushes = false;
	replace(arch_pxd_table(LEVEL_PMD, virt_to_phys(ptes)));
}

static bool says(const char *text, const char *part)
{
	return text && __builtin_strstr(text, part);
}

static bool leaf_is_small(void)
{
	if (SIZE > 16 * PAGE_SIZE)
		unit_skip("a leaf is not small here");
	return SIZE <= 16 * PAGE_SIZE;
}

UNIT_TEST(explore_leaf_taken_away)
{
	if (!leaf_is_small())
		return;
	make();
	EXPECT(!search(take_away, true));
	EXPECT(says(search(take_away, false), "freed while cpu 0"));
	table_mm_free(&mm);
}

UNIT_TEST(explore_leaf_joined)
{
	if (!leaf_is_small())
		return;
	make();
	cut();
	EXPECT(!search(join, true));
	EXPECT(says(search(join, false), "translations of"));
	replace(arch_pxd_leaf_make(LEVEL_PMD, page_phys(block), RW));
	table_free_unused(table);
	table_mm_free(&mm);
}
