/*
 * mm/table/ptdesc.h - what is known about a frame that is a page table.
 *
 * Overlays struct page (mm/space/page.h) while page->type is PAGE_TABLE: the first five
 * fields are struct page's own. A table of several frames (s390x: four for region and
 * segment tables) is described by the first.
 *
 * Life of a table:
 *
 *   fresh --pxd_set--> linked --unhook--> unlinked --flush--> flushed --RCU--> free
 *     `--- lost the race to link: never seen by anyone, freed at once ---^
 */
#pragma once

#include "arch/contract/pgtable.h"
#include "kernel/base/list.h"
#include "kernel/sched/rcu.h"
#include "mm/space/page.h"

struct mm;

struct ptdesc {
	s32 refs;               /* (c) 1 */
	u8 type;                /* (c) PAGE_TABLE */
	u8 order;               /* (c) */
	u16 cpu;                /* struct page's */
	u32 generation;         /* (c) lab: counts the lives of this frame */
	u32 level;              /* (c) enum level: what its entries are */
	struct list link;       /* (p) the gather that unlinked it */
	struct mm *mm;          /* (c) owner */
	struct rcu_head rcu;    /* from `flushed` on */
	struct ptdesc *deposit; /* (l:table_lock) of a pmd table: one lowest table for
				   each leaf in it; of one of those: the next */
};

static_assert_size(struct ptdesc, sizeof(struct page));
_Static_assert(offsetof(struct ptdesc, refs) == offsetof(struct page, refs), "overlay");
_Static_assert(offsetof(struct ptdesc, generation) == offsetof(struct page, generation),
	"overlay");
_Static_assert(offsetof(struct ptdesc, link) == offsetof(struct page, link), "overlay");

/* The descriptor of the table of `level` that holds the slot `ptr`. */
struct ptdesc *ptdesc_of(int level, const pxd_t *ptr);

/* The table itself. */
pxd_t *ptdesc_table(const struct ptdesc *table);
