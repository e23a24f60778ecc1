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
 * walk finds it (true). */
static inline bool race_walk(struct mm *mm, unsigned long address, gup_look_fn *look)
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
	if (walk.next == &page)
		return false;
	page_put(page);
	return true;
}

/* --- a walker that stops in a table, which must not be freed before it leaves ----------
 */

static const struct ptdesc
	*race_walked;        /* (p) the walker: where the pmd entry leads to */
static u32 race_walked_life; /* (p) the walker */

/* Each turn of the walk; false ends it. */
static inline bool race_look_at_table(struct gup_walk *walk, const struct gup_turn *turn)
{
	bool is_table;

	if (turn->level == LEVEL_PMD) {
		if (pxd_none(LEVEL_PMD, turn->entry))
			return false; /* taken away before we came */
		race_walked = ptdesc_of(LEVEL_PTE, pxd_table(LEVEL_PMD, turn->entry));
		race_walked_life = race_walked->generation;
		TRACE_POINT(gup_table);
	}
	if (turn->level != LEVEL_PTE)
		return true;
	is_table = READ_ONCE(race_walked->type) == PAGE_TABLE &&
		   READ_ONCE(race_walked->generation) == race_walked_life;
	RACE_CLAIM(is_table, "the walker reads a table that was freed");
	return is_table;
}
