/*
 * mm/table/gup_fast.c - the lockless range walk; see gup_fast.h for what it promises and
 * gup_leaf.h for what happens at its leaves.
 *
 * gup_pxd_loop() is the body of one level's loop; the instances for five levels pass each
 * other down, as in walk.c, and gup_pxd_range() goes around loops that are not needed.
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
#include "mm/table/gup_leaf.h"
#include "mm/table/lockless.h"

#ifdef ORIGAMI_LAB
const struct gup_step gup_step_lockless = {"lockless", gup_pgd_range, false};
const struct gup_step *gup_step_chosen __section("policy_words") = &gup_step_lockless;
#endif

bool gup_large_leaf(int level, struct gup_walk *walk, pxd_t *ptr, pxd_t entry,
	unsigned long address, unsigned long end)
{
	struct page *page = gup_page(level, entry, address), *head;
	unsigned long count;

	if (!arch_pxd_allows(level, entry, walk->prot))
		return false;
	for (; address != end; page += count, address += count << PAGE_SHIFT) {
		head = page_head(page);
		count = min((end - address) >> PAGE_SHIFT,
			(unsigned long)(head + BIT(READ_ONCE(head->order)) - page));
		if (!gup_hold(level, walk->flags & FOLL_PIN, walk, page, count, NULL,
			    entry, ptr, entry))
			return false;
	}
	return true;
}

/* What one entry spans of the range. False: stop. */
static __always_inline bool gup_entry(const int level, struct gup_walk *walk,
	pxd_t *parent, pxd_t value, pxd_t *ptr, pxd_t entry, unsigned long address,
	unsigned long end, gup_walk_fn *next)
{
	if (level == LEVEL_PTE)
		return gup_leaf(level, walk, parent, value, ptr, entry, address, end);
	if (!pxd_folded(level, entry)) {
		if (unlikely(arch_pxd_none(level, entry)))
			return false;
		if (unlikely(arch_pxd_leaf(level, entry)))
			return gup_leaf(
				level, walk, parent, value, ptr, entry, address, end);
	}
	if (IS_LAB && unlikely(pxd_bad(level, entry))) {
		pxd_broken("neither table nor leaf", level, ptr, address);
		return false;
	}
	/* SAFE(gup_pair): the slot itself, never the address of this copy of its value: a
	 * level that is folded hands the pointer through, and the first one that exists
	 * would step from the copy to whatever lies behind it on the stack. */
	return next(walk, ptr, entry, address, end);
}

/* Several entries of one table, or of a root. */
static __always_inline bool gup_pxd_loop(const int level, struct gup_walk *walk,
	pxd_t *parent, pxd_t value, unsigned long address, unsigned long end,
	gup_walk_fn *next)
{
	pxd_t *ptr = pxd_offset_lockless(level, parent, value, address);
	pxd_t entry = pxd_value_lockless(level, ptr, value);

	for (;;) {
		unsigned long stop = level == LEVEL_PTE
					     ? address + PAGE_SIZE
					     : pxd_addr_end(level, address, end);

		if (!gup_look(
			    level, walk, parent, value, ptr, entry, address, stop, end) ||
			!gup_entry(level, walk, parent, value, ptr, entry, address, stop,
				next))
			return false;
		if (stop == end)
			return true;
		ptr++;
		PXD_INVARIANT(level, ptr,
			gup_slot_from_above(level, walk, parent, value, stop), stop);
		entry = pxd_read(ptr);
		address = stop;
	}
}

/* One entry, which spans all of the range: as in most calls. There is nothing to come
 * back for, so the next level is a jump away. */
static __always_inline bool gup_pxd_one(const int level, struct gup_walk *walk,
	pxd_t *parent, pxd_t value, unsigned long address, unsigned long end,
	gup_walk_fn *next)
{
	pxd_t *ptr = pxd_offset_lockless(level, parent, value, address);
	pxd_t entry = pxd_value_lockless(level, ptr, value);

	return gup_look(level, walk, parent, value, ptr, entry, address, end, end) &&
	       gup_entry(level, walk, parent, value, ptr, entry, address, end, next);
}

static __always_inline bool gup_pxd_range(const int level, struct gup_walk *walk,
	pxd_t *parent, pxd_t value, unsigned long address, unsigned long end,
	gup_walk_fn *next, gup_walk_fn *loop)
{
	if (unlikely((address ^ (end - 1)) >> ARCH_LEVEL_SHIFT(level)))
		return loop(walk, parent, value, address, end);
	return gup_pxd_one(level, walk, parent, value, address, end, next);
}

static __noinline bool gup_pte_loop(struct gup_walk *walk, pxd_t *pmd, pxd_t value,
	unsigned long address, unsigned long end)
{
	return gup_pxd_loop(LEVEL_PTE, walk, pmd, value, address, end, NULL);
}

static __always_inline bool gup_pte_range(struct gup_walk *walk, pxd_t *pmd, pxd_t value,
	unsigned long address, unsigned long end)
{
	return gup_pxd_range(
		LEVEL_PTE, walk, pmd, value, address, end, NULL, gup_pte_loop);
}

static __noinline bool gup_pmd_loop(struct gup_walk *walk, pxd_t *pud, pxd_t value,
	unsigned long address, unsigned long end)
{
	return gup_pxd_loop(LEVEL_PMD, walk, pud, value, address, end, gup_pte_range);
}

static __always_inline bool gup_pmd_range(struct gup_walk *walk, pxd_t *pud, pxd_t value,
	unsigned long address, unsigned long end)
{
	return gup_pxd_range(
		LEVEL_PMD, walk, pud, value, address, end, gup_pte_range, gup_pmd_loop);
}

static __noinline bool gup_pud_loop(struct gup_walk *walk, pxd_t *p4d, pxd_t value,
	unsigned long address, unsigned long end)
{
	return gup_pxd_loop(LEVEL_PUD, walk, p4d, value, address, end, gup_pmd_range);
}

static __always_inline bool gup_pud_range(struct gup_walk *walk, pxd_t *p4d, pxd_t value,
	unsigned long address, unsigned long end)
{
	return gup_pxd_range(
		LEVEL_PUD, walk, p4d, value, address, end, gup_pmd_range, gup_pud_loop);
}

static __noinline bool gup_p4d_loop(struct gup_walk *walk, pxd_t *pgd, pxd_t value,
	unsigned long address, unsigned long end)
{
	return gup_pxd_loop(LEVEL_P4D, walk, pgd, value, address, end, gup_pud_range);
}

static __always_inline bool gup_p4d_range(struct gup_walk *walk, pxd_t *pgd, pxd_t value,
	unsigned long address, unsigned long end)
{
	return gup_pxd_range(
		LEVEL_P4D, walk, pgd, value, address, end, gup_pud_range, gup_p4d_loop);
}

static __noinline bool gup_pgd_loop(struct gup_walk *walk, pxd_t *root, pxd_t value,
	unsigned long address, unsigned long end)
{
	return gup_pxd_loop(LEVEL_PGD, walk, root, value, address, end, gup_p4d_range);
}

bool gup_pgd_range(struct gup_walk *walk, pxd_t *root, pxd_t value, unsigned long address,
	unsigned long end)
{
	return gup_pxd_range(
		LEVEL_PGD, walk, root, value, address, end, gup_p4d_range, gup_pgd_loop);
}

/* In a lockless section: `end` may be above what the root can express. */
static void walk_from_root(
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

unsigned long gup_fast(
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
	walk.prot = flags & FOLL_WRITE ? PROT_READ | PROT_WRITE : PROT_READ;
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
