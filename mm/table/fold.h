/*
 * mm/table/fold.h - the root of an mm's table: its birth, its growth, its end.
 *
 *   mm->root            where software begins to walk
 *   mm->hardware_root   what CPUs load: the same table, or the one above it, in whose
 *                       slot 0 it hangs (arch_root_level_loaded())
 *   mm->limit           addresses that a walk from `root` can express are below it
 *
 * A root never shrinks, and what was a root stays linked, in slot 0 of the new one: a
 * lockless walker that began there goes on being right for every address below the limit
 * that it read. It reads the limit BEFORE the root.
 */
#pragma once

#include "mm/space/mm.h"

/* Gives mm an empty root of `level`, and a limit. 0 or -ENOMEM, and nothing made. */
int fold_create(struct mm *mm, int level);

/*
 * Makes mm->limit at least `limit`: one level after the other, as the fold policy allows.
 * The caller holds mm->lock for writing; may sleep. When it returns, every CPU that runs
 * the mm translates with the new root. 0, or -ENOMEM: no memory, or no root is that large
 * (the mm may have grown some of the way).
 */
int fold_grow(struct mm *mm, unsigned long limit);

/* The end of fold_create(): nothing is mapped or linked below the root any more, and no
 * CPU has it loaded (tlb_leave()). */
void fold_destroy(struct mm *mm);

/* The root's level, hence how many levels exist: level + 1. */
int fold_root_level(const struct mm *mm);

/* The policy as the option spells it: "boot", "permm:3", "static4". */
const char *fold_name(void);
