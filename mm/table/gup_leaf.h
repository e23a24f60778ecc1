/*
 * mm/table/gup_leaf.h - what the fast path does when its walk has come to a leaf.
 *
 * Nothing keeps the page but what is done here, in this order:
 *
 *     read the entry (the walk)      it maps page P, with the rights that are asked for
 *     grab                           P has one more reference, unless it had none
 *     recheck the entry and the pmd  it was P's when it was grabbed: hold it
 *                                    it may not have been: let go, and stop
 *
 * Whoever takes a page away does it the other way round: clears the entry, then looks at
 * the references. One of the two sees the other.
 *
 * Any range walk can use it that hands down (pointer, value) pairs: gup_fast.c, and the
 * rivals. Called in a lockless section.
 */
#pragma once

#include "kernel/base/counters.h"
#include "mm/space/gup_rules.h"
#include "mm/table/gup_fast.h"
#include "mm/table/pgtable.h"

/* One turn of one level's loop: what it has read, and where it will go on. */
struct gup_turn {
	int level;
	pxd_t *ptr, entry;
	unsigned long address, stop; /* what this turn spans */
	pxd_t *expected; /* where the step from above leads for `stop`; NULL: the last */
};

struct gup_walk;
typedef bool gup_look_fn(struct gup_walk *walk, const struct gup_turn *turn);

struct gup_walk {
	pxd_t *root;        /* (c) where it began */
	struct page **next; /* where the next page goes */
	unsigned int flags; /* (c) FOLL_* */
	unsigned int prot;  /* (c) what entries must allow: PROT_*, with PROT_COUNTED */
#ifdef ORIGAMI_LAB
	gup_look_fn *look; /* (c) is shown every turn, or NULL */
#endif
};

/* A walk over [start, end), not empty, from the root whose first entry is `first`. False:
 * it stopped. */
typedef bool gup_walk_fn(struct gup_walk *walk, pxd_t *root, pxd_t first,
	unsigned long start, unsigned long end);
gup_walk_fn gup_lockless, gup_pgd_range;

/* How a walk gets from level to level: the reference, or a rival (mm/rivals). */
struct gup_step {
	const char *name;
	gup_walk_fn *walk;
	bool knows_limit; /* it refuses by itself what its root cannot express */
};

/* Lab builds choose at boot (step=), release builds when they are built (make STEP=). */
#ifdef ORIGAMI_LAB
extern const struct gup_step gup_step_lockless, *gup_step_chosen;
#else
#ifndef STEP_WALK
#define STEP_WALK        gup_lockless
#define STEP_KNOWS_LIMIT false
#endif
extern gup_walk_fn STEP_WALK;
#define gup_step_chosen (&(const struct gup_step){"", STEP_WALK, STEP_KNOWS_LIMIT})
#endif

/* At the head of every turn of every loop. False: stop. Nothing in release builds. */
static __always_inline bool gup_look(const int level, struct gup_walk *walk,
	pxd_t *parent, pxd_t value, pxd_t *ptr, pxd_t entry, unsigned long address,
	unsigned long stop, unsigned long end)
{
#ifdef ORIGAMI_LAB
	struct gup_turn turn;

	if (likely(!walk->look))
		return true;
	turn.level = level;
	turn.ptr = ptr;
	turn.entry.v = entry.v;
	turn.address = address;
	turn.stop = stop;
	turn.expected = NULL;
	if (stop != end)
		turn.expected =
			pxd_slot_from_above(level, walk->root, parent, value, stop);
	return walk->look(walk, &turn);
#else
	return true;
#endif
}

/* Where a test or a script may make something happen. */
#define GUP_POINT(event, a, b)                                                           \
	do {                                                                             \
		if (IS_LAB)                                                              \
			TRACE(event, a, b);                                              \
	} while (0)

/* After the grab: do the entries that led to the page still say so? */
static __always_inline bool gup_unchanged(
	const int level, pxd_t *parent, pxd_t value, pxd_t *ptr, pxd_t entry)
{
	/* SAFE(gup_pte_recheck): between read and grab the page may have been unmapped,
	 * freed and given to a stranger, whose page we would hold. Pairs with
	 * pxd_unhook() before the last page_put(), in gather.c. */
	if (unlikely(pxd_read(ptr).v != entry.v)) {
		counter_add(COUNT_GUP_RECHECK_PTE, 1);
		return false;
	}
	/* SAFE(gup_pmd_recheck): a pte table that was unhooked as a whole keeps its
	 * entries: they prove nothing about what is mapped now. Pairs with pxd_unhook()
	 * of the pmd entry wherever a table is taken away while pages are mapped in it.
	 */
	if (level == LEVEL_PTE && unlikely(pxd_read(parent).v != value.v)) {
		counter_add(COUNT_GUP_RECHECK_PMD, 1);
		return false;
	}
	return true;
}

/* Of a block whose head was grabbed with this weight, for `count` pages from `page` on:
 * is it still the block that was weighed? */
static __always_inline bool gup_same_block(const struct page *head, s32 weight,
	struct page *page, unsigned long count, const bool pin)
{
	/* SAFE(gup_same_block): what was a single frame when its weight was chosen may be
	 * a block now, or a tail of one, at the same place in the same entry; from the
	 * grab on it stays what it is. Pairs with page_make_block(). (A page that was no
	 * tail is none now: a tail has no references that could have been grabbed.) */
	return (head == page || page_head(page) == head) &&
	       (!pin || page_weight(head, count, pin) == weight);
}

/* Hold a run of pages of one block, whatever its size, or nothing. */
bool gup_hold(int level, const struct gup_walk *walk, struct page *page,
	unsigned long count, pxd_t *parent, pxd_t value, pxd_t *ptr, pxd_t entry);

/* The frame that a leaf shows at an address. */
static __always_inline struct page *gup_page(
	const int level, pxd_t entry, unsigned long address)
{
	return page_of_phys(
		phys(arch_pxd_phys(level, entry).v + (address & (pxd_size(level) - 1))));
}

/* Hold the page of a pte, *to. False: it does not allow `prot`, or is in doubt. */
static __always_inline bool gup_pte(const bool pin, const struct gup_walk *walk,
	unsigned int prot, pxd_t *pmd, pxd_t value, pxd_t *ptr, pxd_t entry,
	struct page **to)
{
	const s32 weight = pin ? PAGE_PIN_BIAS : 1;
	struct page *page;
	bool single;

	if (unlikely(!arch_pxd_allows(LEVEL_PTE, entry, prot)))
		return false;
	*to = page = gup_page(LEVEL_PTE, entry, 0);
	GUP_POINT(gup_read, ptr, entry.v);
	/* Weighed as a single frame, which it nearly always is. A tail is refused: it has
	 * no references. */
	if (likely(page_try_get(page, weight))) {
		GUP_POINT(gup_grabbed, ptr, page);
		single = gup_same_block(page, weight, page, 1, pin);
		if (likely(single && gup_unchanged(LEVEL_PTE, pmd, value, ptr, entry) &&
			    (!pin || gup_fast_allows(page, walk->flags))))
			return true;
		page_put_many(page, weight);
		if (single)
			return false;
	}
	return gup_hold(LEVEL_PTE, walk, page, 1, pmd, value, ptr, entry);
}

/* A large leaf: one run after the other, each of one block. */
bool gup_large_leaf(int level, struct gup_walk *walk, pxd_t *ptr, pxd_t entry,
	unsigned long address, unsigned long end);

/* *ptr, read as `entry`, points to no table, or is a pte, and spans [address, end) of the
 * walk; (parent, value) is the pair that led here. False: stop. */
static __always_inline bool gup_leaf(const int level, struct gup_walk *walk,
	pxd_t *parent, pxd_t value, pxd_t *ptr, pxd_t entry, unsigned long address,
	unsigned long end)
{
	const unsigned int prot = walk->prot;
	struct page **to = walk->next;
	bool held;

	if (level != LEVEL_PTE)
		return gup_large_leaf(level, walk, ptr, entry, address, end);
	if (walk->flags & FOLL_PIN)
		held = gup_pte(true, walk, prot, parent, value, ptr, entry, to);
	else
		held = gup_pte(false, walk, prot, parent, value, ptr, entry, to);
	walk->next = to + held;
	return held;
}
