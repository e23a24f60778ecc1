/*
 * mm/table/pgtable.h - the steps that every walk over the folded table is made of.
 *
 * Job: five levels, of which a machine, a boot or a single mm may have fewer. LEVEL SIZES
 * NEVER CHANGE; only the offset step knows about folding, and it learns it from an
 * entry's value. A folded level is present, not none, not bad, no leaf: a walk passes
 * through it once, because one entry of it spans more than the whole table can address.
 *
 *   3 levels, walked as 5:   pgd ----> p4d ----> pud -> pmd -> pte
 *                            `-- same slot, same value --'
 *
 * The pair: a walk reads an entry ONCE, decides on that value, and hands (pointer, value)
 * down. The value finds the table below; the pointer matters only where the level is
 * folded, so that `ptr + 1` stays a pointer into a real table and never into the stack.
 *
 * Locks: stores happen under mm->table_lock (l:table_lock). Reads need what keeps the
 * tables linked: mm->lock, or (lockless walkers) what delays their freeing.
 */
#pragma once

#include "kernel/base/panic.h"
#include "kernel/base/trace.h"
#include "kernel/base/types.h"
#include "arch/contract/page.h"
#include "arch/contract/pgtable.h"
#include "mm/oracle/ledger.h"
#include "mm/table/policy.h"

static __always_inline unsigned long pxd_size(const int level)
{
	return BIT(ARCH_LEVEL_SHIFT(level));
}

static __always_inline unsigned long pxd_entries(const int level)
{
	return BIT(ARCH_LEVEL_BITS(level));
}

static __always_inline unsigned long pxd_index(const int level, unsigned long address)
{
	return (address >> ARCH_LEVEL_SHIFT(level)) & (pxd_entries(level) - 1);
}

/*
 * The end of the part of [address, end) that one entry of `level` spans. Comparing the
 * last bytes instead of the ends keeps it right where the boundary is 2^64, that is 0.
 */
static __always_inline unsigned long pxd_addr_end(
	const int level, unsigned long address, unsigned long end)
{
	unsigned long boundary = (address | (pxd_size(level) - 1)) + 1;

	return boundary - 1 < end - 1 ? boundary : end;
}

/* One load, not torn, not repeated: what a walk decides on is what it then uses. */
static __always_inline pxd_t pxd_read(const pxd_t *ptr)
{
	return arch_pxd_read(ptr);
}

static __always_inline bool pxd_folded(const int level, pxd_t entry)
{
	return !arch_pxd_exists(level, entry);
}

static __always_inline bool pxd_none(const int level, pxd_t entry)
{
	return !pxd_folded(level, entry) && arch_pxd_none(level, entry);
}

static __always_inline bool pxd_present(const int level, pxd_t entry)
{
	return pxd_folded(level, entry) || arch_pxd_present(level, entry);
}

static __always_inline bool pxd_leaf(const int level, pxd_t entry)
{
	return !pxd_folded(level, entry) && arch_pxd_leaf(level, entry);
}

static __always_inline bool pxd_bad(const int level, pxd_t entry)
{
	return !pxd_folded(level, entry) && arch_pxd_bad(level, entry);
}

/* The table that a well-formed table entry of an existing level points to. */
static __always_inline pxd_t *pxd_table(const int level, pxd_t entry)
{
	return phys_to_virt(arch_pxd_below(level, entry));
}

/*
 * THE step: the slot of `level` for `address`, given the pair of the level above. Folded
 * above: the same slot, unread. At the top the pair is the root and the value of its
 * first entry, which tells the root's level.
 */
static __always_inline pxd_t *pxd_offset_lockless(
	const int level, pxd_t *parent, pxd_t value, unsigned long address)
{
	if (level == LEVEL_PGD)
		return parent + pxd_index(arch_root_level(value), address);
	/* SAFE(folded_same_slot): the caller's slot, never the address of a copy of the
	 * value: the level that exists below increments this pointer, and would walk on
	 * into whatever lies behind the copy. Pairs with the invariant in walk.c. */
	if (pxd_folded(level + 1, value))
		return parent;
	return pxd_table(level + 1, value) + pxd_index(level, address);
}

/*
 * The value at the slot that the step returned: the parent's own value where the parent
 * is folded - the same word, which must not be read a second time - else a first read.
 */
static __always_inline pxd_t pxd_value_lockless(
	const int level, const pxd_t *ptr, pxd_t value)
{
	if (level < LEVEL_PGD && pxd_folded(level + 1, value))
		return value;
	return pxd_read(ptr);
}

static __always_inline pxd_t *pgd_offset(pxd_t *root, unsigned long address)
{
	return pxd_offset_lockless(LEVEL_PGD, root, pxd_read(root), address);
}

/* What the incremented pointer of a loop is to be: where the step from above would lead
 * for `address`. Levels fold from the top, so below a folded one the slots are the
 * root's.
 */
static __always_inline pxd_t *pxd_slot_from_above(
	const int level, pxd_t *root, pxd_t *parent, pxd_t value, unsigned long address)
{
	if (level < LEVEL_PGD && pxd_folded(level + 1, value))
		return pgd_offset(root, address);
	return pxd_offset_lockless(level, parent, value, address);
}

/* Lab builds: something that must hold about this slot does not. Panics, unless
 * invariant=report: then the caller goes on as well as it can. */
void pxd_broken(const char *what, int level, const pxd_t *ptr, unsigned long address);

/* Lab builds: a table that is about to go has no entry in use. */
void pxd_check_empty(int level, const pxd_t *table);

/* The invariant of folding, in every loop: the incremented pointer is what the step from
 * above gives. A pointer to anything but a table entry, or an addr_end of the wrong size,
 * breaks it. */
#define PXD_INVARIANT(level, ptr, expected, address)                                     \
	do {                                                                             \
		if (IS_LAB && unlikely((ptr) != (expected)))                             \
			pxd_broken("the loop left its table", level, ptr, address);      \
	} while (0)

/* Lab builds: `ptr` lies in a table of this level, whose mm's table_lock is held. */
void pxd_check_store(int level, const pxd_t *ptr);

/* Lab builds: a write section takes an entry away: the VMAs there are claimed. */
void pxd_check_claimed(int level, const pxd_t *ptr, unsigned long address);

/* Publish `entry`: whoever finds it, finds what it points to initialised. */
static __always_inline void pxd_set(const int level, pxd_t *ptr, pxd_t entry)
{
	if (IS_LAB) {
		pxd_check_store(level, ptr);
		ledger_set(level, ptr, entry);
	}
	arch_pxd_set(level, ptr, entry);
}

/* Take a used entry away, leaving `replacement`. Translations made from the old one live
 * on until a flush: what it mapped must not be freed before (gather.c does it right). */
static __always_inline pxd_t pxd_unhook(
	const int level, pxd_t *ptr, unsigned long address, pxd_t replacement)
{
	pxd_t old;

	if (IS_LAB) {
		pxd_check_store(level, ptr);
		pxd_check_claimed(level, ptr, address);
		TRACE(unhook, address, ptr->v);
		ledger_unhook(level, ptr);
	}
	old = arch_pxd_unhook(
		level, ptr, address, replacement, policies.flush == FLUSH_BROADCAST);
	if (IS_LAB)
		ledger_unhooked(level, ptr, address, old, replacement);
	return old;
}

/* "pgd", "p4d", "pud", "pmd", "pte" */
const char *pxd_name(int level);
