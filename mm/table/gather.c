/*
 * mm/table/gather.c - unhook, flush, free: the only place where mapped things are freed;
 * see gather.h.
 *
 * Between unhook and flush a frame or table is out of the page table but not out of the
 * TLBs: user space on another CPU still reads and writes the frame, and a hardware walker
 * may still be in the table. So both wait in the gather, which owns them: it holds the
 * reference that the mapping held. Only gather_flush() lets go of them.
 *
 * What can fail: nothing. Without memory for a bigger batch the local one is flushed more
 * often.
 */
#include "mm/table/gather.h"
#include "kernel/base/counters.h"
#include "mm/huge/leaf.h"
#include "mm/space/frame.h"
#include "mm/table/pgtable.h"
#include "mm/table/table.h"
#include "mm/table/table_free.h"
#include "mm/table/tlb.h"
#include "mm/table/walk.h"

void gather_begin(struct gather *gather, struct mm *mm)
{
	gather->mm = mm;
	gather->start = gather->end = 0;
	list_init(&gather->tables);
	gather->count = 0;
	gather->capacity = GATHER_LOCAL;
	gather->pages = gather->local;
	gather->batch = NULL;
	/* SAFE(pending_before_unhook): who finds an entry empty that this gather has
	 * unhooked must find it counted. Pairs with tlb_flush_pending() and with
	 * escalate(), which look after the entry. */
	atomic_add(&mm->flush_pending, 1);
}

/* Move from the local batch to a frame full of pointers. False: stay, and flush. */
static bool gather_grow(struct gather *gather)
{
	if (gather->batch)
		return false;
	gather->batch = frame_alloc(0, PAGE_KERNEL, 0);
	if (!gather->batch)
		return false;
	gather->pages = page_address(gather->batch);
	gather->capacity = PAGE_SIZE / sizeof(struct page *);
	for (unsigned int i = 0; i < gather->count; i++)
		gather->pages[i] = gather->local[i];
	return true;
}

void gather_span(struct gather *gather, unsigned long start, unsigned long end)
{
	if (gather->start == gather->end) {
		gather->start = start;
		gather->end = end;
		return;
	}
	gather->start = min(gather->start, start);
	gather->end = max(gather->end, end);
}

static void gather_flush(struct gather *gather)
{
	if (gather->start == gather->end)
		return;
	/* SAFE(flush_before_free): a CPU with a stale translation goes on using the
	 * frame: freed before the flush, it would be written after its next owner got it.
	 * Pairs with the unhooking in unmap_leaf() and unlink_table(). */
	if (list_empty(&gather->tables))
		tlb_flush_range(gather->mm, gather->start, gather->end);
	else
		tlb_flush_tables(gather->mm, gather->start, gather->end);
	page_unmap_all(gather->pages, gather->count);
	tables_free(gather->mm, &gather->tables);
	gather->count = 0;
	gather->start = gather->end = 0;
}

static __always_inline bool unmap_leaf(
	struct walk *walk, int level, pxd_t *ptr, pxd_t entry, unsigned long address)
{
	struct gather *gather = walk->arg;

	if (gather->count == gather->capacity)
		return true;
	/* The value that unhook returns, not the one read before: only it has what the
	 * hardware last wrote. */
	entry = pxd_unhook(level, ptr, address, arch_pxd_empty(level));
	if (likely(arch_pxd_counted(level, entry)))
		gather->pages[gather->count++] = leaf_page(level, entry);
	/* SAFE(deposit_pairs): the table that waits for the leaf to be split would be
	 * one too many, and lost with the one above. Pairs with leaf_install(). */
	if (leaf_has_table(level, entry))
		leaf_gone(ptr);
	gather_span(gather, address, address + pxd_size(level));
	return false;
}

static bool unmap_ptes(
	struct walk *walk, pxd_t *ptr, unsigned long address, unsigned long end)
{
	return walk_ptes(walk, ptr, address, end, unmap_leaf);
}

static void unmap_by(const struct walk_ops *ops, struct gather *gather,
	unsigned long start, unsigned long end)
{
	struct walk walk = {.mm = gather->mm, .ops = ops, .arg = gather};

	for (;;) {
		/* SAFE(unmap_locked): others who hold mm->lock for reading, too, split
		 * leaves or unmap them: of one in the making there is nothing to take.
		 * Pairs with leaf_split() and huge_fault(). */
		spin_lock(&gather->mm->table_lock);
		start = walk_range(&walk, start, end);
		spin_unlock(&gather->mm->table_lock);
		if (start == end)
			return;
		if (!gather_grow(gather))
			gather_flush(gather);
	}
}

void gather_unmap(struct gather *gather, unsigned long start, unsigned long end)
{
	static const struct walk_ops ops = {
		.leaf = unmap_leaf, .ptes = unmap_ptes, .split = WALK_SPLIT_CUT};

	unmap_by(&ops, gather, start, end);
}

/* Not what a private mapping has of its own. */
static bool unmap_objects_leaf(
	struct walk *walk, int level, pxd_t *ptr, pxd_t entry, unsigned long address)
{
	return leaf_is_objects(level, entry) &&
	       unmap_leaf(walk, level, ptr, entry, address);
}

void gather_unmap_object(struct gather *gather, unsigned long start, unsigned long end)
{
	static const struct walk_ops ops = {
		.leaf = unmap_objects_leaf, .split = WALK_SPLIT_CUT};

	unmap_by(&ops, gather, start, end);
}

/* The gap in which tables may go. */
struct gap {
	struct gather *gather;
	unsigned long floor, ceiling;
};

/* Nothing is mapped, so below a pmd entry there is nothing to see. */
static bool skip_ptes(
	struct walk *walk, int level, pxd_t *ptr, pxd_t entry, unsigned long address)
{
	return level == LEVEL_PMD;
}

/* After everything below *ptr was visited: the table it points to, if it may go. */
static void unlink_table(
	struct walk *walk, int level, pxd_t *ptr, pxd_t entry, unsigned long address)
{
	struct gap *gap = walk->arg;
	struct mm *mm = gap->gather->mm;
	unsigned long last = address + pxd_size(level) - 1;
	struct ptdesc *table;

	/* SAFE(table_in_gap): a table that reaches under another VMA may be in use right
	 * now by a fault that holds no lock on it. Pairs with descend.h: who holds
	 * mm->lock may rely on the tables under its VMA. */
	if (address < gap->floor || last > gap->ceiling - 1)
		return;
	table = ptdesc_of(level - 1, pxd_table(level, entry));
	/* SAFE(old_root_stays): a root that has grown hangs in slot 0 of the one above,
	 * with nothing mapped below it, perhaps, and outside our range: it would be lost
	 * together with the table. Pairs with hang() in fold.c. */
	if (!pxd_none(level - 1, pxd_read(ptdesc_table(table))))
		return;
	if (IS_LAB)
		pxd_check_empty(level - 1, ptdesc_table(table));
	LAB_ASSERT(!table->deposit, "a table goes with what was deposited in it");
	(void)pxd_unhook(level, ptr, address, arch_pxd_empty(level));
	mm->tables[level - 1]--;
	list_append(&gap->gather->tables, &table->link);
	gather_span(gap->gather, address, min(last, mm->limit - 1) + 1);
}

void gather_free_tables(struct gather *gather, unsigned long start, unsigned long end,
	unsigned long floor, unsigned long ceiling)
{
	static const struct walk_ops ops = {.enter = skip_ptes, .leave = unlink_table};
	struct gap gap = {.gather = gather, .floor = floor, .ceiling = ceiling};
	struct walk walk = {.mm = gather->mm, .ops = &ops, .arg = &gap};

	spin_lock(&gather->mm->table_lock);
	(void)walk_range(&walk, start, end);
	spin_unlock(&gather->mm->table_lock);
}

/* Is another gather of this mm under way? It may have unhooked entries of our range,
 * which we have found empty, and may not have flushed them yet. */
static void escalate(struct gather *gather)
{
	if (atomic_load(&gather->mm->flush_pending) == 1)
		return;
	/* SAFE(nested_gathers): our caller is told that nobody uses the range any more.
	 * What of it the other gather has unhooked is not in our span: all of the mm is.
	 * Pairs with gather_begin(). */
	gather_span(gather, 0, gather->mm->limit);
	counter_add_exact(COUNT_TLB_ESCALATIONS, 1);
}

void gather_end(struct gather *gather)
{
	escalate(gather);
	gather_flush(gather);
	atomic_sub(&gather->mm->flush_pending, 1);
	if (gather->batch)
		frame_free(gather->batch);
}
