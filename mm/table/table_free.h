/*
 * mm/table/table_free.h - the last step of a table's life: flushed -> free.
 *
 * A lockless walker that read the entry before it was unhooked may still be in the table,
 * on another CPU. Until when, is told by what walkers hold (reader=); how it is awaited,
 * by the policy tables= (policy.h):
 *
 *   rcu               a grace period: right for every reader= but none
 *   rcu-ipi-fallback  the same, but without memory for a batch an IPI: right for irq only
 *   ipi               an IPI to every CPU of the mm: right for irq and both
 *   immediate         nothing: right if the flush was an IPI to every one of them, and
 *                     only then
 */
#pragma once

#include "mm/table/ptdesc.h"

/* Tables of mm that were linked: unlinked now, and flushed. Frees all of the list when no
 * walker can be in them any more. Interrupts on, no spinlock held. */
void tables_free(struct mm *mm, struct list *tables);

/* One table, the same way. */
void table_free(struct ptdesc *table);

/*
 * For who takes a table out of mm and uses it again, without freeing it: the caller has
 * unhooked and flushed. When this returns, no walker is in it. May sleep.
 */
void tables_sync_one(struct mm *mm);
