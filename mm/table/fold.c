/*
 * mm/table/fold.c - the root of a table, and the policy `fold=`; see fold.h.
 *
 * Data: mm->root, mm->hardware_root, mm->limit: written under table_lock, by one grower
 * at a time (mm->lock for writing), read by anyone at any time.
 *
 * What can fail: the allocation of a table, before anything is changed.
 */
#include "mm/table/fold.h"
#include "kernel/base/counters.h"
#include "kernel/base/errno.h"
#include "kernel/base/options.h"
#include "kernel/base/panic.h"
#include "mm/table/pgtable.h"
#include "mm/table/table.h"
#include "mm/table/table_free.h"
#include "mm/table/tlb.h"

int fold_root_level(const struct mm *mm)
{
	return arch_root_level(pxd_read(READ_ONCE(mm->root)));
}

/* From now on walks begin in `table`, of `level`, whose slot 0 holds what they knew. */
static void publish(struct mm *mm, const struct ptdesc *table, int level)
{
	mm->tables[level]++;
	atomic_store_release(&mm->root, ptdesc_table(table));
	TRACE(fold_root, ptdesc_table(table), level);
	/* SAFE(root_before_limit): a walker that saw the new limit with the old root
	 * would look for an address beyond that root: the index is cut to the table's
	 * size, and it would find another address's page. Pairs with the walker, which
	 * reads the limit first. */
	atomic_store_release(&mm->limit, arch_root_limit(level));
}

/* Slot 0 of `above` leads to `below`. */
static void hang(struct mm *mm, const struct ptdesc *above, const struct ptdesc *below)
{
	spin_lock(&mm->table_lock);
	pxd_set(above->level, ptdesc_table(above),
		arch_pxd_table(above->level, page_phys((const struct page *)below)));
	spin_unlock(&mm->table_lock);
}

int fold_create(struct mm *mm, int level)
{
	int loaded = arch_root_level_loaded(level);
	struct ptdesc *root = table_alloc(mm, level), *top = root;

	if (root && loaded != level)
		top = table_alloc(mm, loaded);
	if (!top) {
		if (root)
			table_free_unused(root);
		return -ENOMEM;
	}
	arch_root_init(ptdesc_table(top));
	if (top != root)
		hang(mm, top, root);
	mm->hardware_root = ptdesc_table(top);
	publish(mm, root, level);
	return 0;
}

/* The table above the root: already there, loaded by the CPUs, or new. */
static struct ptdesc *table_above(struct mm *mm, int level)
{
	struct ptdesc *above;

	if (mm->hardware_root != mm->root)
		return ptdesc_of(level, mm->hardware_root);
	above = table_alloc(mm, level);
	if (above)
		hang(mm, above, ptdesc_of(level - 1, mm->root));
	return above;
}

static int grow_one_level(struct mm *mm)
{
	int level = fold_root_level(mm) + 1;
	struct ptdesc *above = table_above(mm, level);

	if (!above)
		return -ENOMEM;
	spin_lock(&mm->table_lock);
	WRITE_ONCE(mm->hardware_root, ptdesc_table(above));
	publish(mm, above, level);
	spin_unlock(&mm->table_lock);
	counter_add_exact(COUNT_FOLD_GROWS, 1);
	return 0;
}

int fold_grow(struct mm *mm, unsigned long limit)
{
	const pxd_t *loaded = mm->hardware_root;
	int err = 0;

	if (limit > arch_root_limit(fold_policy.deepest))
		return -ENOMEM;
	while (!err && mm->limit < limit)
		err = grow_one_level(mm);
	/* SAFE(reload_after_growth): a CPU that goes on with the old root faults on every
	 * address above its end, for ever: the page is there. Pairs with load() in tlb.c,
	 * where a CPU that joins now finds the new root. */
	if (mm->hardware_root != loaded)
		tlb_reload(mm);
	return err;
}

void fold_destroy(struct mm *mm)
{
	int level = fold_root_level(mm);

	mm->tables[level]--;
	LAB_ASSERT(!mm->tables[LEVEL_PTE], "%u pte tables left", mm->tables[LEVEL_PTE]);
	if (mm->hardware_root != mm->root)
		table_free(ptdesc_of(level + 1, mm->hardware_root));
	table_free(ptdesc_of(level, mm->root));
	mm->root = mm->hardware_root = NULL;
}

static const char *const names[] = {"boot", "permm", "permm:2", "permm:3", "permm:4",
	"permm:5", "static3", "static4", "static5"};

const char *fold_name(void)
{
	if (fold_policy.kind == FOLD_BOOT)
		return names[0];
	return names[fold_policy.first + (fold_policy.kind == FOLD_PERMM ? 1 : 4)];
}

static bool parse_fold(const char *value)
{
	unsigned int choice;

	if (!option_choice(value, names, ARRAY_SIZE(names), &choice))
		return false;
	if (names[choice] == fold_name())
		return true; /* also of a build that can do nothing else */
	if (choice > 5)
		return false;
	return arch_fold_choose(choice ? FOLD_PERMM : FOLD_BOOT, choice > 1 ? choice : 0);
}
POLICY(fold, "fold",
	"boot, permm or permm:2 to permm:5: how many levels page tables have", parse_fold,
	fold_name);
