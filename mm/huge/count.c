/*
 * mm/huge/count.c - how much memory is mapped, and lies in blocks, as programs are told.
 *
 * Of a VMA: what leaves map. A machine without leaves has tables that map the same; they
 * count as long as nothing of them has changed, so that programs see the same on both:
 * but not where they map an object, page by page as it is touched. Of the machine: what
 * there is of blocks, however they are mapped.
 *
 * Locks: mm->table_lock keeps tables, and what is in them. The whole machine is
 * looked at without a lock: a number that is true of no moment.
 */
#include "mm/huge/leaf.h"
#include "mm/space/vma.h"
#include "mm/table/walk.h"

/* Does a lowest table map one block, and all of it, in order? */
static bool maps_block(pxd_t *table)
{
	pxd_t entry = pxd_read(table);
	phys_t frame = arch_pxd_phys(LEVEL_PTE, entry);

	if (!pxd_leaf(LEVEL_PTE, entry) || page_of_phys(frame)->order != HUGE_ORDER)
		return false;
	for (unsigned long i = 1; i < HUGE_PAGES; i++) {
		entry = pxd_read(table + i);
		if (!pxd_leaf(LEVEL_PTE, entry) ||
			arch_pxd_phys(LEVEL_PTE, entry).v != frame.v + i * PAGE_SIZE)
			return false;
	}
	return true;
}

struct tally {
	const struct vma *vma;
	unsigned long size;
};

static bool count_leaf(
	struct walk *walk, int level, pxd_t *ptr, pxd_t entry, unsigned long address)
{
	struct tally *tally = walk->arg;

	tally->size += pxd_size(level);
	return false;
}

/* True: what is in the table does not matter any more. */
static bool count_table(
	struct walk *walk, int level, pxd_t *ptr, pxd_t entry, unsigned long address)
{
	struct tally *tally = walk->arg;

	if (level != LEVEL_PMD)
		return false;
	if (!arch_leaf_possible(LEVEL_PMD) && !tally->vma->object &&
		address >= tally->vma->start && tally->vma->end - address >= HUGE_SIZE &&
		maps_block(pxd_offset_lockless(LEVEL_PTE, ptr, entry, address)))
		tally->size += HUGE_SIZE;
	return true;
}

static unsigned long tally_up(struct mm *mm, const struct walk_ops *ops,
	const struct vma *vma, unsigned long start, unsigned long end)
{
	struct tally tally = {.vma = vma, .size = 0};
	struct walk walk = {.mm = mm, .ops = ops, .arg = &tally};

	spin_lock(&mm->table_lock);
	(void)walk_range(&walk, start, end);
	spin_unlock(&mm->table_lock);
	return tally.size;
}

unsigned long huge_mapped(const struct vma *vma)
{
	static const struct walk_ops ops = {.leaf = count_leaf, .enter = count_table};

	return tally_up(vma->mm, &ops, vma, vma->start, vma->end);
}

unsigned long mm_pages(struct mm *mm)
{
	static const struct walk_ops ops = {.leaf = count_leaf};

	return tally_up(mm, &ops, NULL, 0, mm->limit) / PAGE_SIZE;
}

static bool is_own(u8 type)
{
	return type == PAGE_ANON || type == PAGE_ANON_SHARED || type == PAGE_LAZY;
}

u64 huge_blocks(bool objects)
{
	u64 count = 0;

	for (u64 i = -page_first_frame % HUGE_PAGES; i < page_frame_count;
		i += HUGE_PAGES) {
		u8 type = READ_ONCE(page_array[i].type);

		count += READ_ONCE(page_array[i].order) == HUGE_ORDER &&
			 (objects ? type == PAGE_OBJECT : is_own(type));
	}
	return count;
}
