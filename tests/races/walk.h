/*
 * tests/races/walk.h - a lockless walk that is looked at: the one in force (step=), shown
 * every turn, as the picture of it is drawn (mm/table/gup_leaf.h).
 */
#pragma once

#include "kernel/base/trace.h"
#include "mm/table/gup_leaf.h"
#include "mm/table/lockless.h"
#include "mm/table/ptdesc.h"
#include "tests/races/help.h"

/* The page at `address` of mm, which this thread uses: held and dropped again, if the
 * walk finds it. */
static inline void race_walk(struct mm *mm, unsigned long address, gup_look_fn *look)
{
	struct page *page;
	struct gup_walk walk;
	unsigned long irqs;

	walk.next = &page;
	walk.flags = FOLL_GET;
	walk.prot = PROT_READ;
	walk.look = look;
	irqs = lockless_begin();
	walk.root = READ_ONCE(mm->root);
	(void)gup_step_chosen->walk(
		&walk, walk.root, pxd_read(walk.root), address, address + PAGE_SIZE);
	lockless_end(irqs);
	if (walk.next != &page)
		page_put(page);
}
