/*
 * arch/contract/pgtable.h - the encoding of user page tables, one entry at a time.
 *
 * Generic code sees five levels. An entry is one word (`pxd_t`); its level travels beside
 * it. LEVEL SIZES ARE CONSTANTS of the machine under every folding policy; whether a
 * level EXISTS is told by the entry's value, or by a constant of the boot or of the
 * build. So a walk needs no mm pointer to know how it is folded.
 *
 * Inline, from <arch/pgtable.h>; `level` is a constant in every caller:
 *
 *   ARCH_LEVEL_SHIFT(level)    log2 of the bytes one entry of this level spans
 *   ARCH_LEVEL_BITS(level)     log2 of the entries of a table of this level
 *   ARCH_TABLE_ORDER(level)    log2 of the frames of a table of this level
 *
 *   pxd_t arch_pxd_read(ptr)               one load: not torn, not repeated
 *   pxd_t arch_pxd_empty(level)            the value of an unused entry
 *   bool arch_pxd_exists(level, e)         e, met where the walk expects `level`, is
 * really of that level; false: the level is folded and the word belongs to a lower one
 *   bool arch_pxd_none(level, e)           unused            (these seven are
 *   bool arch_pxd_present(level, e)        in use            asked only where
 *   bool arch_pxd_leaf(level, e)           maps memory       arch_pxd_exists())
 *   bool arch_pxd_is_table(level, e)       neither none nor leaf; not for ptes
 *   bool arch_pxd_bad(level, e)            none of: none, leaf, well-formed table entry
 *   phys_t arch_pxd_phys(level, e)         the frame, or the table one level down
 *   phys_t arch_pxd_below(level, e)        the same where arch_pxd_is_table()
 *   pxd_t arch_pxd_table(level, phys_t)    points to a table of level - 1
 *   pxd_t arch_pxd_leaf_make(level, phys_t, unsigned int prot)     prot: PROT_*
 *   unsigned int arch_pxd_prot(level, e)   of a leaf
 *   bool arch_pxd_allows(level, e, prot)   a leaf, or any pte: users may do this; prot is
 *                                          PROT_READ, with PROT_WRITE or without; and
 *                                          PROT_COUNTED: the frame may be held
 *   pxd_t arch_pxd_uncounted(level, e)     of a leaf: one that has no reference to its
 *                                          frame, which nobody may hold for it
 *   bool arch_pxd_counted(level, e)        a leaf that has one, as they are made
 *   int arch_root_level(pxd_t first)       the level of the root table whose first entry
 *                                          has the value `first`
 *
 *   void arch_pxd_set(level, ptr, e)       publish: one store, ordered after the stores
 *                                          that initialised what e points to
 *   pxd_t arch_pxd_unhook(level, ptr, address, pxd_t replacement, bool broadcast)
 *                                          put `replacement` for a used entry so that no
 *                                          NEW translation is made from the old one and
 * no hardware update of it is lost; returns the old value. Old translations live on until
 * a flush; with `broadcast`, those of other CPUs may end here already.
 *
 *   ARCH_TLB_BROADCASTS        1: the flush model broadcast is the machine's own
 */
#pragma once

#include "kernel/base/types.h"

#ifndef FOLD_LEVELS
#define FOLD_LEVELS 0 /* of a static build; 0: the policy is chosen at boot */
#endif

enum level {
	LEVEL_PTE,
	LEVEL_PMD,
	LEVEL_PUD,
	LEVEL_P4D,
	LEVEL_PGD,
	LEVELS
};

typedef struct {
	unsigned long v;
} pxd_t;

/* Linux's values; a leaf without any is mapped for nobody (the frame stays attached). */
#define PROT_NONE  0
#define PROT_READ  1
#define PROT_WRITE 2
#define PROT_EXEC  4

/*
 * How deep tables are, the policy `fold=`:
 *
 *   static    the build decides (make FOLD=static3): whether a level exists is a constant
 *   boot      the boot decides, once for all mms
 *   permm:n   each mm starts with n levels and grows at its root; which level an entry
 *             belongs to stands in its value
 *
 * The machine defines fold_policy with its default (c: from the end of option parsing).
 */
enum fold_kind {
	FOLD_STATIC,
	FOLD_BOOT,
	FOLD_PERMM
};

struct fold_policy {
	enum fold_kind kind;
	int first, deepest; /* the level of a new mm's root; of any mm's */
};

extern struct fold_policy fold_policy;

#include <arch/pgtable.h>

/* The levels above LEVEL_PTE at which this hardware maps memory by a leaf, a bit for each
 * (c: from arch_kernel_map_init() on). Elsewhere such an entry means something else to
 * it: a table with whatever the block's first frame contains. */
extern unsigned int arch_leaf_levels;

static __always_inline bool arch_leaf_possible(int level)
{
	return arch_leaf_levels >> level & 1;
}

/* `fold=boot`, `fold=permm` or, with `levels` not 0, `fold=permm:levels`. False: not on
 * this machine, CPU or build; why was printed, and the policy is as before. */
bool arch_fold_choose(enum fold_kind kind, int levels);

/* The limit of an mm whose root is of this level: user addresses are below it. */
unsigned long arch_root_limit(int level);

/*
 * The level of the table that CPUs load for an mm whose root is of `level`: the same, or
 * one above it, whose entry 0 then points to the root. In that case growing replaces
 * nothing that a CPU has loaded.
 */
int arch_root_level_loaded(int level);

/* A new table that CPUs will load (entries all empty) gets what the machine wants in it
 * besides user mappings (x86_64: the kernel half). */
void arch_root_init(pxd_t *root);

/* Make `root` this CPU's user address space (NULL: none). Flushes what the CPU cached of
 * the previous one. Interrupts or preemption off. */
void arch_root_load(pxd_t *root);
