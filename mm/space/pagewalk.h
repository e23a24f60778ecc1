/*
 * mm/space/pagewalk.h - the page walk: entries shown to callbacks, one for each level.
 *
 * Of an address space, or of a memory object in all address spaces that map it. For
 * readers, and for those who change single entries; who takes mappings away does it by a
 * gather (mm/table/gather.h).
 *
 * WHAT IS STABLE. A table stays a table for who holds mm->lock, or, in a walk of an
 * object, table_lock. A leaf, or nothing, is stable under table_lock only, whatever kind
 * of memory it maps: a device's, too, may be taken away by madvise() or munmap() in any
 * mm, by a fault that may not write to all of it, or by another walk; and faults bring it
 * back. A lock that only the device's faults take keeps none of these out. So callbacks
 * run with table_lock held: what they are shown is what is there, until they return. A
 * leaf that is split, and the look at what it has become, are one step (S4's question;
 * mm/rivals/pagewalk.c has the other answers).
 *
 * Each entry is read once. Between two lowest tables the lock is free for others: a walk
 * shows no single moment. What is mapped all the time is shown; what comes or goes may
 * be; something that moves, or whose VMA is cut or merged meanwhile, perhaps twice.
 */
#pragma once

#include "mm/space/mm.h"
#include "mm/table/descend.h"

struct mm_walk;
struct object;

/* What a callback of an entry wants next; it finds, and may leave, ACTION_SUBTREE. */
enum walk_action {
	ACTION_SUBTREE,  /* what is below it, if a lower level has a callback: a leaf is
			    split first */
	ACTION_CONTINUE, /* what comes after it */
	ACTION_AGAIN,    /* let go of table_lock, and look at this entry again */
};

#define WALK_RETRIES 8 /* so often an entry is looked at again */

/* An entry that is in use, a table or a leaf, which holds [address, end) of the walk.
 * 0, or what the walk returns at once. */
typedef int mm_walk_fn(struct mm_walk *walk, const struct descent *at,
	unsigned long address, unsigned long end);

/* All may be NULL. Those of entries and holes run under table_lock. */
struct mm_walk_ops {
	mm_walk_fn *entry[LEVELS];
	/* Nothing is mapped in [address, end): an empty entry, or (walk->vma NULL, and
	 * without table_lock) no VMA. */
	int (*hole)(struct mm_walk *walk, unsigned long address, unsigned long end);
	/* Before what the walk has of a VMA, and after it. 1: leave it out; negative:
	 * the walk returns that. */
	int (*pre_vma)(struct mm_walk *walk, unsigned long start, unsigned long end);
	void (*post_vma)(struct mm_walk *walk);
};

struct mm_walk {
	const struct mm_walk_ops *ops;
	void *private;
	struct mm *mm;
	const struct vma *vma;
	enum walk_action action;
	unsigned long start, address,
		end; /* of a VMA: its part, and what is next of it */
};

/*
 * mm->lock held. Shows what [start, end) has, in address order. 0; what a callback has
 * returned; -EAGAIN: one said ACTION_AGAIN more than WALK_RETRIES times on end.
 */
int walk_page_range(struct mm *mm, unsigned long start, unsigned long end,
	const struct mm_walk_ops *ops, void *private);

/*
 * Shows what maps the pages first ... first + nr - 1 of an object, VMA by VMA, private
 * ones too. No mm->lock is needed: the object's list of VMAs is locked, so callbacks may
 * not sleep, and know of walk->vma what (c) says. As walk_page_range().
 *
 * Does not promise that a page is used through what was shown only: an entry may be empty
 * whose flush is still to come (gather.h).
 */
int walk_page_mapping(struct object *object, u64 first, u64 nr,
	const struct mm_walk_ops *ops, void *private);
