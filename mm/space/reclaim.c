/*
 * mm/space/reclaim.c - pages that nobody would miss, and taking them back.
 *
 * Two kinds may go, whoever has them mapped. A LAZY page is one that its program has
 * given up (MADV_FREE) until it writes to it again; a CLEAN page of an object is one that
 * the object's source has, too, and brings again (object_tracks()).
 *
 *   PAGE_ANON --lazy_free()--> PAGE_LAZY --reclaim--> gone, and reads as zeros
 *       ^---- a store, or a pin for writing ----'
 *
 * Whether a lazy page was written again, its entry tells: it does not allow that, so the
 * first store is a fault (cow.c). A dirty bit would be cheaper, by this fault and by the
 * flush that lazy_free() ends with; but not every machine has one.
 *
 * The order is always the same:
 *
 *     unhook, flush      no store, and no new reference, comes through an entry any more
 *     look at the page   who got hold of it before is seen: then it stays
 *     free
 *
 * What is dirty is not taken, and nobody is asked to write it back: reclaim may run in
 * any thread that lacks memory and holds no spinlock (frame.c), also in the one that
 * would have to answer. Nothing sleeps, nothing can fail.
 *
 * Locks: mm->table_lock from the unhooking of an entry until its fate is known; those of
 * objects and families as in rmap.h.
 */
#include "kernel/base/counters.h"
#include "kernel/base/trace.h"
#include "mm/huge/leaf.h"
#include "mm/space/internal.h"
#include "mm/space/object.h"
#include "mm/space/rmap.h"
#include "mm/space/vma.h"
#include "mm/table/descend.h"
#include "mm/table/tlb.h"
#include "mm/table/walk.h"

#define RECLAIM_BATCH 32 /* pages for one flush */

/* --- giving up ---------------------------------------------------------------------- */

static bool free_pte(
	struct walk *walk, int level, pxd_t *ptr, pxd_t entry, unsigned long address)
{
	struct page *page = page_of_phys(arch_pxd_phys(LEVEL_PTE, entry));
	unsigned int prot = arch_pxd_prot(LEVEL_PTE, entry);
	bool *changed = walk->arg;

	if (page_head(page)->order && !block_split(ptr))
		return false;
	if (READ_ONCE(page->type) != PAGE_ANON)
		return false;
	if (prot & PROT_WRITE) {
		(void)pxd_unhook(LEVEL_PTE, ptr, address,
			arch_pxd_leaf_make(
				LEVEL_PTE, page_phys(page), cow_prot_shared(prot)));
		*changed = true;
	}
	/* SAFE(lazy_held_last): a device that has the page pinned writes without a fault,
	 * and nobody would know that it is wanted. Looked at when the entry allows no
	 * writing any more: who pins it later faults. Pairs with SAFE(gup_pte_recheck).
	 */
	if (atomic_load(&page->refs) == 1)
		WRITE_ONCE(page->type, PAGE_LAZY);
	else if (prot & PROT_WRITE)
		(void)pxd_unhook(LEVEL_PTE, ptr, address, entry); /* as it was */
	return false;
}

void lazy_free(struct mm *mm, unsigned long start, unsigned long end)
{
	static const struct walk_ops ops = {.leaf = free_pte, .split = WALK_SPLIT_ALL};
	bool changed = false;
	struct walk walk = {.mm = mm, .ops = &ops, .arg = &changed};

	spin_lock(&mm->table_lock);
	(void)walk_range(&walk, start, end);
	/* SAFE(lazy_flush): through an old translation a CPU would write without a fault,
	 * and what it wrote go with the page. Before the lock is released: then reclaim
	 * may come. Pairs with sweep(). */
	if (changed)
		tlb_flush_range(mm, start, end);
	spin_unlock(&mm->table_lock);
}

/* --- taking away -------------------------------------------------------------------- */

struct sweep {
	struct mm *mm;
	const struct object *object; /* whose clean pages are to go; NULL: lazy ones */
	const struct page *held;     /* the caller has a reference to this one, or NULL */
	u64 freed;                   /* entries that are gone for good */
};

static bool may_go(const struct sweep *sweep, pxd_t entry)
{
	const struct page *page;

	if (pxd_none(LEVEL_PTE, entry))
		return false;
	page = page_of_phys(arch_pxd_phys(LEVEL_PTE, entry));
	if (!sweep->object)
		return READ_ONCE(page->type) == PAGE_LAZY;
	return READ_ONCE(page->type) == PAGE_OBJECT &&
	       atomic_load(&page->object) == sweep->object && !atomic_load(&page->state);
}

/* The entry was unhooked, and no CPU has it any more. */
static void settle(struct sweep *sweep, pxd_t *ptr, pxd_t entry)
{
	struct page *page = page_of_phys(arch_pxd_phys(LEVEL_PTE, entry));
	s32 mine = 1 + (page == sweep->held);

	/* SAFE(reclaim_held_last): who has grabbed the page by the entry before that was
	 * gone is seen here; who does it later finds the entry gone, and lets go. Looked
	 * at before, both would be content, and what is pinned not what the program has.
	 * Pairs with SAFE(gup_pte_recheck). */
	if (!sweep->object && atomic_load(&page->refs) != mine) {
		pxd_set(LEVEL_PTE, ptr, entry);
		return;
	}
	sweep->freed++;
	page_unmap(page);
	page_put(page);
}

/* What may go of a batch of entries in one table. table_lock held. */
static void sweep(
	struct sweep *sweep, pxd_t *ptr, unsigned long address, unsigned long end)
{
	const pxd_t empty = arch_pxd_empty(LEVEL_PTE);
	unsigned int found = 0, count = (end - address) / PAGE_SIZE;
	pxd_t old[RECLAIM_BATCH];

	for (unsigned int i = 0; i < count; i++) {
		old[i].v = empty.v;
		if (!may_go(sweep, pxd_read(ptr + i)))
			continue;
		old[i] = pxd_unhook(LEVEL_PTE, ptr + i, address + i * PAGE_SIZE, empty);
		found++;
	}
	/* SAFE(reclaim_flush): one for the batch, before any of it is somebody else's,
	 * and before a fault may find the entries empty: a CPU would go on reading the
	 * old page when another one has written to the new. Pairs with settle(). */
	if (found)
		tlb_flush_range(sweep->mm, address, end);
	for (unsigned int i = 0; found && i < count; i++)
		if (!pxd_none(LEVEL_PTE, old[i]))
			settle(sweep, ptr + i, old[i]);
}

void lazy_reclaim(struct mm *mm, unsigned long start, unsigned long end)
{
	struct sweep lazy = {.mm = mm, .object = NULL, .held = NULL, .freed = 0};

	for (unsigned long stop; start < end; start = stop) {
		struct descent at;

		spin_lock(&mm->table_lock);
		descend_find(mm, start, &at);
		stop = pxd_addr_end(max(at.level, LEVEL_PMD), start, end);
		if (at.level == LEVEL_PTE) {
			stop = min(stop, start + RECLAIM_BATCH * PAGE_SIZE);
			sweep(&lazy, at.ptr, start, stop);
		}
		spin_unlock(&mm->table_lock);
	}
}

/* Where one page is mapped, those behind it may go, too, for the same flush. */
static bool sweep_around(const struct mapping *at, void *arg)
{
	struct sweep *it = arg;
	unsigned long end = pxd_addr_end(
		LEVEL_PMD, at->address, at->address + RECLAIM_BATCH * PAGE_SIZE);

	it->mm = at->vma->mm;
	sweep(it, at->ptr, at->address, end);
	return !it->object; /* a lazy page has one entry */
}

/* A page that looked lazy, held by us, and its neighbours. */
static u64 reclaim_lazy(struct page *page)
{
	struct sweep sweep = {.mm = NULL, .object = NULL, .held = page, .freed = 0};

	(void)rmap_walk(page, sweep_around, &sweep);
	return sweep.freed;
}

/* --- objects ------------------------------------------------------------------------ */

/* Up to a batch of clean pages from *index on, each held; how many. */
static unsigned int find_clean(
	struct object *object, u64 *index, u64 end, struct page **pages)
{
	unsigned int count = 0;
	struct page *page;

	spin_lock(&object->lock);
	for (; count < RECLAIM_BATCH && (page = object_next(object, index, end));
		++*index) {
		if (READ_ONCE(page->fill) || atomic_load(&page->state))
			continue;
		page_get(page);
		pages[count++] = page;
	}
	spin_unlock(&object->lock);
	return count;
}

/* lock held. A clean page was taken away from all who had it mapped, and we hold it.
 * True: nobody needs it, and it is cut off. */
static bool cut_clean(struct object *object, struct page *page, struct list *gone)
{
	bool clean;

	if (!atomic_load(&page->object))
		return false; /* cut off meanwhile */
	/* SAFE(reclaim_page_held): two are the object's reference and ours. A third is of
	 * who has it pinned, or is about to map it, and would have another page than the
	 * next who asks. Pairs with object_find_page(), and with SAFE(gup_pte_recheck).
	 * SAFE(reclaim_frozen): and nobody comes later. Only looked at, a fault that
	 * finds pages without the lock grabs it in between, and maps what is the object's
	 * no more. Pairs with page_try_get() in object_find_page_rcu(). */
	if (!atomic_cas(&page->refs, 2, 0))
		return false;
	TRACE_POINT(reclaim_cut);
	/* SAFE(reclaim_dirty_last): it may have been written since our first look, by a
	 * system call, or through an entry that is gone again: that would be lost. What
	 * may be written is dirty: pairs with SAFE(write_dirty). */
	clean = !atomic_load(&page->state);
	if (clean)
		object_cut(object, page->index, page->index + 1, gone);
	atomic_store(&page->refs, 2);
	return clean;
}

static u64 reclaim_batch(struct object *object, struct page **pages, unsigned int count)
{
	struct sweep sweep = {.mm = NULL, .object = object, .held = NULL, .freed = 0};
	struct list gone = LIST_INIT(gone);
	u64 freed = 0;

	for (unsigned int i = 0; i < count; i++)
		(void)rmap_walk(pages[i], sweep_around, &sweep);
	TRACE_POINT(reclaim);
	spin_lock(&object->lock);
	for (unsigned int i = 0; i < count; i++)
		freed += cut_clean(object, pages[i], &gone);
	spin_unlock(&object->lock);
	object_drop_pages(&gone);
	for (unsigned int i = 0; i < count; i++)
		page_put(pages[i]);
	return freed;
}

u64 object_reclaim(struct object *object, u64 index, u64 end)
{
	struct page *pages[RECLAIM_BATCH];
	unsigned int count;
	u64 freed = 0;

	while (object_tracks(object) && (count = find_clean(object, &index, end, pages)))
		freed += reclaim_batch(object, pages, count);
	return freed;
}

/* --- anywhere ----------------------------------------------------------------------- */

/* Whose clean page we hold, with a reference; NULL: nobody's, or it cannot come again. */
static struct object *object_of(const struct page *page)
{
	struct object *object;

	/* It may be cut off, and its object end: pairs with SAFE(object_grace). */
	rcu_read_lock();
	object = READ_ONCE(page->object);
	if (object && !(object_tracks(object) && object_try_get(object)))
		object = NULL;
	rcu_read_unlock();
	return object;
}

/* Any frame, which may change hands at any time until it is held. */
static u64 reclaim_frame(struct page *page)
{
	struct object *object = NULL;
	u64 index, freed = 0;
	u8 type = READ_ONCE(page->type);

	if ((type != PAGE_LAZY && type != PAGE_OBJECT) || !page_try_get(page, 1))
		return 0;
	type = atomic_load_acquire(&page->type); /* before what that tells us of */
	if (type == PAGE_LAZY)
		freed = reclaim_lazy(page);
	else if (type == PAGE_OBJECT)
		object = object_of(page);
	index = READ_ONCE(page->index);
	page_put(page);
	if (!object)
		return freed;
	freed = object_reclaim(object, index, index + RECLAIM_BATCH);
	object_put(object);
	return freed;
}

u64 mm_reclaim(u64 count)
{
	static u64 hand; /* (a) goes around all frames */
	u64 freed = 0;

	for (u64 n = 0; n < page_frame_count && freed < count; n++)
		freed += reclaim_frame(
			&page_array[atomic_add(&hand, 1) % page_frame_count]);
	counter_add_exact(COUNT_RECLAIMED, freed);
	return freed;
}
