/*
 * arch/sim/include/arch/pgtable.h - simulated entries. No hardware reads them, so they
 * can afford to check themselves:
 *
 *   63         56 55          12 11     8 7        4 3     0
 *   | tag: level | frame address | unused | rights  | kind  |
 *
 * Tag, kind and rights of each level differ from those of all others: an entry that is
 * taken for one of another level ends the test. <arch/geometry.h> gives the sizes. Levels
 * fold as any policy wants: under permm by the tag, which empty entries then have too.
 */
#pragma once

#include "kernel/base/panic.h"

#define ARCH_TLB_BROADCASTS 0

#define SIM_TAG    (0xffUL << 56)
#define SIM_PHYS   0x00fffffffffff000UL
#define SIM_RIGHTS 4 /* shift */
#define SIM_KIND   0xfUL

#define PROT_COUNTED 8u /* among the rights: the leaf counts its frame */

static inline unsigned long sim_tag(int level)
{
	return (0xa0UL + 0x11 * (unsigned long)level) << 56;
}

/* An entry of this level: table 1, 3, 5 ..., leaf 2, 4, 6 ... */
static inline unsigned long sim_table_kind(int level)
{
	return 2 * (unsigned long)level + 1;
}

static inline unsigned long sim_leaf_kind(int level)
{
	return 2 * (unsigned long)level + 2;
}

#include <arch/geometry.h>

static inline pxd_t arch_pxd_read(const pxd_t *ptr)
{
	return (pxd_t){READ_ONCE(ptr->v)};
}

static inline pxd_t arch_pxd_empty(int level)
{
	return (pxd_t){fold_policy.kind == FOLD_PERMM ? sim_tag(level) : 0};
}

static inline bool arch_pxd_exists(int level, pxd_t e)
{
	if (FOLD_LEVELS)
		return level < FOLD_LEVELS;
	if (fold_policy.kind == FOLD_BOOT)
		return level <= fold_policy.first;
	return level <= LEVEL_PMD || (e.v & SIM_TAG) == sim_tag(level);
}

static inline int arch_root_level(pxd_t first)
{
	int level = LEVEL_PGD;

	while (!arch_pxd_exists(level, first))
		level--;
	return level;
}

static inline bool arch_pxd_none(int level, pxd_t e)
{
	return e.v == arch_pxd_empty(level).v;
}

static inline void sim_check_level(int level, pxd_t e)
{
	ASSERT(arch_pxd_none(level, e) || (e.v & SIM_TAG) == sim_tag(level),
		"%lx is no entry of level %d", e.v, level);
}

static inline bool arch_pxd_leaf(int level, pxd_t e)
{
	sim_check_level(level, e);
	return (e.v & SIM_KIND) == sim_leaf_kind(level);
}

static inline bool arch_pxd_is_table(int level, pxd_t e)
{
	sim_check_level(level, e);
	return (e.v & SIM_KIND) == sim_table_kind(level);
}

static inline bool arch_pxd_bad(int level, pxd_t e)
{
	if (arch_pxd_none(level, e))
		return false;
	if ((e.v & SIM_TAG) != sim_tag(level))
		return true;
	return (e.v & SIM_KIND) != sim_leaf_kind(level) &&
	       (level == LEVEL_PTE || (e.v & SIM_KIND) != sim_table_kind(level));
}

static inline bool arch_pxd_present(int level, pxd_t e)
{
	return !arch_pxd_none(level, e) && !arch_pxd_bad(level, e);
}

static inline phys_t arch_pxd_phys(int level, pxd_t e)
{
	sim_check_level(level, e);
	return phys(e.v & SIM_PHYS);
}

static inline phys_t arch_pxd_below(int level, pxd_t e)
{
	return arch_pxd_phys(level, e);
}

static inline pxd_t arch_pxd_table(int level, phys_t table)
{
	return (pxd_t){sim_tag(level) | table.v | sim_table_kind(level)};
}

static inline pxd_t arch_pxd_leaf_make(int level, phys_t frame, unsigned int prot)
{
	return (pxd_t){sim_tag(level) | frame.v | sim_leaf_kind(level) |
		       (unsigned long)(prot | PROT_COUNTED) << SIM_RIGHTS};
}

static inline unsigned int arch_pxd_prot(int level, pxd_t e)
{
	sim_check_level(level, e);
	return e.v >> SIM_RIGHTS & 7;
}

static inline bool arch_pxd_allows(int level, pxd_t e, unsigned int prot)
{
	sim_check_level(level, e);
	return !arch_pxd_none(level, e) && !(prot & ~(e.v >> SIM_RIGHTS));
}

static inline bool arch_pxd_counted(int level, pxd_t e)
{
	sim_check_level(level, e);
	return e.v & PROT_COUNTED << SIM_RIGHTS;
}

static inline pxd_t arch_pxd_uncounted(int level, pxd_t e)
{
	return (pxd_t){e.v & ~(unsigned long)(PROT_COUNTED << SIM_RIGHTS)};
}

static inline void arch_pxd_set(int level, pxd_t *ptr, pxd_t e)
{
	__atomic_store_n(&ptr->v, e.v, __ATOMIC_RELEASE);
}

static inline pxd_t arch_pxd_unhook(
	int level, pxd_t *ptr, unsigned long address, pxd_t replacement, bool broadcast)
{
	sim_check_level(level, (pxd_t){ptr->v});
	return (pxd_t){__atomic_exchange_n(&ptr->v, replacement.v, __ATOMIC_SEQ_CST)};
}
