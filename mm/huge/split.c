/*
 * mm/huge/split.c - a block becomes so many single frames; see leaf.h.
 *
 * A block has one count for all of its frames: nobody can tell which of them a reference
 * is to. So it can be split only while nobody but its entries holds it: a pin, a pipe, or
 * a lockless walker that has just grabbed it, and it stays one. The count is FROZEN
 * meanwhile, at zero, where nobody can take a reference (page_try_get()).
 *
 * And all its entries must be here, in one table, under one table_lock: what a fork or
 * mremap has spread over several stays a block.
 */
#include "kernel/base/counters.h"
#include "kernel/base/trace.h"
#include "mm/huge/leaf.h"
#include "mm/space/vma.h"
#include "mm/table/walk.h"

/* Of the block that has the frame `page`, which *ptr maps, at its place in the table. */
struct place {
	struct page *head;
	pxd_t *ptr;          /* where the entry of `head` would stand */
	unsigned long first, /* [first, last): of its frames, those whose entries could */
		last;        /* stand in this table */
};

static void find_place(struct place *place, pxd_t *ptr, struct page *page)
{
	unsigned long at = ((unsigned long)ptr & (PAGE_SIZE - 1)) / sizeof(pxd_t);
	unsigned long offset;

	place->head = page_head(page);
	offset = page - place->head;
	place->ptr = ptr - offset;
	place->first = offset - min(offset, at);
	place->last = min(BIT(place->head->order), offset + pxd_entries(LEVEL_PTE) - at);
}

static bool is_mapped(const struct place *place, unsigned long i)
{
	pxd_t entry;

	if (i < place->first || i >= place->last)
		return false;
	entry = pxd_read(place->ptr + i);
	return pxd_leaf(LEVEL_PTE, entry) &&
	       page_of_phys(arch_pxd_phys(LEVEL_PTE, entry)) == place->head + i;
}

static s32 count_mapped(const struct place *place)
{
	s32 count = 0;

	for (unsigned long i = place->first; i < place->last; i++)
		count += is_mapped(place, i);
	return count;
}

/* Frozen: the frame is one of its own, with one reference. What of a frame says whose it
 * is comes first, its reference last. */
static void make_single(const struct page *head, struct page *page, bool mapped)
{
	WRITE_ONCE(page->type, head->type);
	WRITE_ONCE(page->order, 0);
	page->index = head->index + (u64)(page - head);
	page->fill = 0;
	page->mapped = mapped;
	page->state = head->state;
	WRITE_ONCE(page->anon, head->anon);
	atomic_store(&page->refs, 1);
}

/* From the last frame to the first, whose fields the others copy. */
static void thaw(const struct place *place)
{
	for (unsigned long i = BIT(place->head->order); i--;) {
		struct page *page = place->head + i;
		bool mapped = is_mapped(place, i);

		make_single(place->head, page, mapped);
		if (!mapped)
			page_put(page);
	}
}

void block_dissolve(struct page *head)
{
	for (unsigned long i = BIT(head->order); i--;)
		make_single(head, head + i, false);
	counter_add_exact(COUNT_BLOCKS_SPLIT, 1);
}

bool block_split(pxd_t *ptr)
{
	pxd_t entry = pxd_read(ptr);
	struct place place;
	s32 count;

	find_place(&place, ptr, page_of_phys(arch_pxd_phys(LEVEL_PTE, entry)));
	count = count_mapped(&place);
	if (atomic_load(&place.head->mapped) != count)
		return false;
	TRACE_POINT(block_split);
	/* SAFE(split_freeze): who holds one of the frames holds the first one's count,
	 * and will put it back there; and a device that has the block pinned would have
	 * an eye on one frame, and the process, after a copy, on another. In one step:
	 * looked at before, a walker grabs it in between. Pairs with page_try_get(), and
	 * with SAFE(gup_same_block) for who has read where the count is before. */
	if (!atomic_cas(&place.head->refs, count, 0))
		return false;
	thaw(&place);
	counter_add_exact(COUNT_BLOCKS_SPLIT, 1);
	return true;
}

/* --- of a range --------------------------------------------------------------------- */

struct splitting {
	struct blocks_split *count;
	const struct page *refused; /* the last one */
	bool done;                  /* one block, under this lock */
};

static bool split_here(
	struct walk *walk, int level, pxd_t *ptr, pxd_t entry, unsigned long address)
{
	struct splitting *splitting = walk->arg;
	const struct page *head;

	if (!arch_pxd_counted(level, entry))
		return false;
	head = leaf_page(LEVEL_PTE, entry);
	if (!head->order || head == splitting->refused)
		return false;
	if (splitting->done)
		return true;
	splitting->done = true;
	if (block_split(ptr)) {
		splitting->count->split++;
	} else {
		splitting->count->refused++;
		splitting->refused = head;
	}
	return false;
}

void mm_split_blocks(
	struct mm *mm, unsigned long start, unsigned long end, struct blocks_split *count)
{
	static const struct walk_ops ops = {.leaf = split_here, .split = WALK_SPLIT_ALL};
	struct splitting splitting;
	struct walk walk = {.mm = mm, .ops = &ops, .arg = &splitting};

	splitting.count = count;
	splitting.refused = NULL;
	count->split = 0;
	count->refused = 0;
	start = ALIGN_DOWN(start, PAGE_SIZE);
	mm_read_lock(mm);
	end = ALIGN_UP(min(end, mm->limit), PAGE_SIZE);
	while (start < end) {
		/* A block at a time: who waits for the lock waits for no more. */
		splitting.done = false;
		spin_lock(&mm->table_lock);
		start = walk_range(&walk, start, end);
		spin_unlock(&mm->table_lock);
	}
	mm_read_unlock(mm);
}
