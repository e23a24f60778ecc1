/*
 * mm/table/gup_fast.c - the lockless range walk; see gup_fast.h for what it promises and
 * gup_leaf.h for what happens at its leaves.
 *
 * gup_pxd_range() is the body of one level's loop; the instances for the levels pass each
 * other down, as in walk.c, and gup_lockless() goes straight where no loop is needed.
 * What is different: nothing is locked, so each entry is read once, and what was read is
 * what is used. The pair (pointer, value) goes down: the value finds the table below, the
 * pointer is what the first level that exists increments.
 *
 * Any doubt ends the walk: an entry that is none, bad, or does not allow enough, a page
 * whose count is zero, a recheck that fails. What has been held by then stays held.
 */
#include "mm/table/gup_fast.h"
#include "kernel/sched/thread.h"
#include "mm/oracle/reference.h"
#include "mm/space/gup.h"
#include "mm/table/gup_leaf.h"
#include "mm/table/lockless.h"

#ifdef ORIGAMI_LAB
const struct gup_step gup_step_lockless = {"lockless", gup_lockless, false};
const struct gup_step *gup_step_chosen __section("policy_words") = &gup_step_lockless;
#endif

bool gup_hold(int level, const struct gup_walk *walk, struct page *page,
	unsigned long count, pxd_t *parent, pxd_t value, pxd_t *ptr, pxd_t entry)
{
	const bool pin = walk->flags & FOLL_PIN;
	struct page *head = page_head(page);
	s32 weight = page_weight(head, count, pin);

	GUP_POINT(gup_read, ptr, entry.v);
	if (!page_try_get(head, weight)) {
		counter_add(COUNT_GUP_REFUSED, 1);
		return false;
	}
	GUP_POINT(gup_grabbed, ptr, page);
	if (!gup_same_block(head, weight, page, count, pin) ||
		!gup_unchanged(level, parent, value, ptr, entry) ||
		!gup_fast_allows(head, walk->flags)) {
		page_put_many(head, weight);
		return false;
	}
	if (pin && head->order)
		atomic_add(&head->pins, weight);
	return true;
}

bool gup_large_leaf(int level, struct gup_walk *walk, pxd_t *ptr, pxd_t entry,
	unsigned long address, unsigned long end)
{
	struct page *page, *head;
	unsigned long count;

	if (!pxd_leaf(level, entry) || !arch_pxd_allows(level, entry, walk->prot))
		return false;
	page = gup_page(level, entry, address);
	for (; address != end; page += count, address += count << PAGE_SHIFT) {
		struct page **next = walk->next;

		head = page_head(page);
		count = min((end - address) >> PAGE_SHIFT,
			(unsigned long)(head + BIT(READ_ONCE(head->order)) - page));
		if (!gup_hold(level, walk, page, count, NULL, entry, ptr, entry))
			return false;
#pragma GCC unroll 4
		for (unsigned long i = 0; i < count; i++)
			next[i] = page + i;
		walk->next = next + count;
	}
	return true;
}

/* Does the way go on below this entry? Also through a level that is folded. */
static __always_inline bool gup_goes_on(
	const int level, const pxd_t *ptr, pxd_t entry, unsigned long address)
{
	if (IS_LAB && unlikely(pxd_bad(level, entry))) {
		pxd_broken("neither table nor leaf", level, ptr, address);
		return false;
	}
	return pxd_folded(level, entry) || likely(arch_pxd_is_table(level, entry));
}

/* Any range: entry after entry of one table, or of a root. */
static __always_inline bool gup_pxd_range(const int level, struct gup_walk *walk,
	pxd_t *parent, pxd_t value, unsigned long address, unsigned long end,
	gup_walk_fn *next)
{
	pxd_t *ptr = pxd_offset_lockless(level, parent, value, address);
	pxd_t entry = pxd_value_lockless(level, ptr, value);

	for (;;) {
		unsigned long stop = pxd_addr_end(level, address, end);

		if (!gup_look(level, walk, parent, value, ptr, entry, address, stop, end))
			return false;
		/* SAFE(gup_pair): the slot itself, never the address of this copy of its
		 * value: a level that is folded hands the pointer through, and the first
		 * one that exists would step from the copy to whatever lies behind it on
		 * the stack. */
		if (!(gup_goes_on(level, ptr, entry, address)
				    ? next(walk, ptr, entry, address, stop)
				    : gup_large_leaf(
					      level, walk, ptr, entry, address, stop)))
			return false;
		if (stop == end)
			return true;
		ptr++;
		PXD_INVARIANT(level, ptr,
			pxd_slot_from_above(level, walk->root, parent, value, stop),
			stop);
		entry = pxd_read(ptr);
		address = stop;
	}
}

/* The same for ptes, where nearly all of the time goes. */
static __always_inline bool gup_ptes(const bool pin, struct gup_walk *walk, pxd_t *pmd,
	pxd_t value, unsigned long address, unsigned long end)
{
	const unsigned int prot = walk->prot;
	pxd_t *ptr = pxd_offset_lockless(LEVEL_PTE, pmd, value, address);
	struct page **to = walk->next, **last = to + (end - address) / PAGE_SIZE;

	for (; to != last; ptr++, to++, address += PAGE_SIZE) {
		pxd_t entry = pxd_read(ptr);

		PXD_INVARIANT(LEVEL_PTE, ptr,
			pxd_offset_lockless(LEVEL_PTE, pmd, value, address), address);
		if (!gup_look(LEVEL_PTE, walk, pmd, value, ptr, entry, address,
			    address + PAGE_SIZE, end) ||
			!gup_pte(pin, walk, prot, pmd, value, ptr, entry, to))
			break;
	}
	walk->next = to;
	return to == last;
}

static __noinline bool gup_pte_range(struct gup_walk *walk, pxd_t *pmd, pxd_t value,
	unsigned long address, unsigned long end)
{
	if (walk->flags & FOLL_PIN)
		return gup_ptes(true, walk, pmd, value, address, end);
	return gup_ptes(false, walk, pmd, value, address, end);
}

static bool gup_pmd_range(struct gup_walk *walk, pxd_t *pud, pxd_t value,
	unsigned long address, unsigned long end)
{
	return gup_pxd_range(LEVEL_PMD, walk, pud, value, address, end, gup_pte_range);
}

static bool gup_pud_range(struct gup_walk *walk, pxd_t *p4d, pxd_t value,
	unsigned long address, unsigned long end)
{
	return gup_pxd_range(LEVEL_PUD, walk, p4d, value, address, end, gup_pmd_range);
}

static bool gup_p4d_range(struct gup_walk *walk, pxd_t *pgd, pxd_t value,
	unsigned long address, unsigned long end)
{
	return gup_pxd_range(LEVEL_P4D, walk, pgd, value, address, end, gup_pud_range);
}

bool gup_pgd_range(struct gup_walk *walk, pxd_t *root, pxd_t value, unsigned long address,
	unsigned long end)
{
	return gup_pxd_range(LEVEL_PGD, walk, root, value, address, end, gup_p4d_range);
}

/* From the root. Most ranges lie in one lowest table: then each entry above it spans all
 * of the range, there is nothing to come back for, and the way down is straight. */
__always_inline bool gup_lockless(struct gup_walk *walk, pxd_t *ptr, pxd_t entry,
	unsigned long address, unsigned long end)
{
	pxd_t *pte, value;

	if (unlikely((address ^ (end - 1)) >> ARCH_LEVEL_SHIFT(LEVEL_PMD)))
		return gup_pgd_range(walk, ptr, entry, address, end);
#pragma GCC unroll 4
	for (int level = LEVEL_PGD; level > LEVEL_PTE; level--) {
		pxd_t *parent = ptr;

		value = entry;
		ptr = pxd_offset_lockless(level, parent, value, address);
		entry = pxd_value_lockless(level, ptr, value);
		if (!gup_look(level, walk, parent, value, ptr, entry, address, end, end))
			return false;
		/* Asked here too: where no leaf can be, nobody needs the slot. */
		if (!gup_goes_on(level, ptr, entry, address))
			return pxd_leaf(level, entry) &&
			       gup_large_leaf(level, walk, ptr, entry, address, end);
	}
	if (end - address > PAGE_SIZE)
		return gup_pte_range(walk, ptr, entry, address, end);
	pte = pxd_offset_lockless(LEVEL_PTE, ptr, entry, address);
	value = pxd_read(pte);
	return gup_look(LEVEL_PTE, walk, ptr, entry, pte, value, address, end, end) &&
	       gup_leaf(LEVEL_PTE, walk, ptr, entry, pte, value, address, end);
}

/* In a lockless section: `end` may be above what the root can express. */
static __always_inline void walk_from_root(
	struct gup_walk *walk, struct mm *mm, unsigned long start, unsigned long end)
{
	/* SAFE(limit_before_root): a root that is read first may be too small for the
	 * limit that another CPU publishes meanwhile: the walk would wrap around in it
	 * and find other addresses' pages. Pairs with SAFE(root_before_limit). */
	if (!gup_step_chosen->knows_limit &&
		unlikely(end > atomic_load_acquire(&mm->limit))) {
		counter_add(COUNT_GUP_OVER_LIMIT, 1);
		return;
	}
	TRACE_POINT(gup_root);
	walk->root = READ_ONCE(mm->root);
	(void)gup_step_chosen->walk(walk, walk->root, pxd_read(walk->root), start, end);
}

/* The section itself. */
static __always_inline unsigned long hold(
	unsigned long start, unsigned long count, unsigned int flags, struct page **pages)
{
	struct gup_walk walk;
	struct mm *mm = current()->mm;
	unsigned long irqs, held;
	u32 begun;

	LAB_ASSERT(mm && !(flags & FOLL_GET) != !(flags & FOLL_PIN) && count &&
			   start + count * PAGE_SIZE > start,
		"gup_fast(%lx, %lx, %x)", start, count, flags);
	walk.next = pages;
	walk.flags = flags;
	walk.prot = PROT_READ | PROT_COUNTED | (flags & FOLL_WRITE ? PROT_WRITE : 0);
#ifdef ORIGAMI_LAB
	walk.look = NULL;
#endif
	irqs = lockless_begin();
	begun = reference_begin(mm);
	walk_from_root(&walk, mm, start, start + count * PAGE_SIZE);
	held = walk.next - pages;
	reference_check(mm, begun, start, pages, held);
	if (IS_LAB) /* it may be a section that does not keep the CPU */
		counter_add_exact(COUNT_GUP_FAST_PAGES, held);
	else
		counter_add(COUNT_GUP_FAST_PAGES, held);
	lockless_end(irqs);
	return held;
}

unsigned long gup_fast_get(
	unsigned long start, unsigned long count, unsigned int flags, struct page **pages)
{
	return hold(start, count, flags & ~FOLL_PIN, pages);
}

unsigned long gup_fast_pin(
	unsigned long start, unsigned long count, unsigned int flags, struct page **pages)
{
	const struct mm *mm = current()->mm;
	u32 forks = atomic_load_acquire(&mm->write_protect_seq);
	unsigned long held;

	if (forks & 1)
		return 0;
	held = hold(start, count, flags | FOLL_PIN | gup_unshares(flags), pages);
	/* SAFE(gup_fork_seq): a fork that has found a page unpinned before we grabbed it,
	 * and write-protects its entry after we have looked at that again, shares a page
	 * that is pinned: the parent's next write would leave the device behind. Pairs
	 * with SAFE(fork_seq_first); each grab is a full barrier. */
	if (unlikely(READ_ONCE(mm->write_protect_seq) != forks)) {
		counter_add_exact(COUNT_GUP_FORKED, 1);
		gup_unpin(pages, held);
		return 0;
	}
	return held;
}
