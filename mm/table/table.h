/*
 * mm/table/table.h - making and freeing page tables; the root's own story is fold.h.
 *
 * Tables are typed by their level from birth: every empty entry already says where it
 * belongs (s390x needs that to walk, the checks of lab builds use it everywhere).
 * mm->tables[level] counts those that a walk reaches (l:table_lock): the root too, none
 * for a folded level.
 */
#pragma once

#include "mm/table/ptdesc.h"
#include "arch/contract/pgtable.h"

/* A fresh table with empty entries; NULL: no memory. Never sleeps. */
struct ptdesc *table_alloc(struct mm *mm, int level);

/* A table that was never linked, or that nobody can be in any more (table_free.c). */
void table_free_unused(struct ptdesc *table);

/*
 * Make the empty entry *ptr of `level` point to a new table, unless somebody else was
 * faster (that is success too). Takes mm->table_lock; the caller holds mm->lock, read is
 * enough. 0 or -ENOMEM.
 */
int table_populate(struct mm *mm, int level, pxd_t *ptr, unsigned long address);

/* table_lock held. *ptr of `level`, which maps nothing else, points to this table. */
void table_link(struct mm *mm, int level, pxd_t *ptr, struct ptdesc *table);

/* table_lock held. An unused lowest table is kept for the leaf that is going to stand at
 * *ptr; and one is taken back. */
void table_deposit(pxd_t *ptr, struct ptdesc *table);
struct ptdesc *table_withdraw(pxd_t *ptr);
