/*
 * arch/sim/geometry-B/arch/geometry.h - s390x's shape: upper tables of 2048 entries in
 * four frames, page tables of 256 in half a frame, and the fold is a fact of each mm:
 * every entry, an empty one too, says which level it belongs to (SIM_TAG).
 */
#pragma once

#define ARCH_LEVEL_SHIFT(level) ((level) == LEVEL_PTE ? 12 : 9 + 11 * (level))
#define ARCH_LEVEL_BITS(level)  ((level) == LEVEL_PTE ? 8 : 11)
#define ARCH_TABLE_ORDER(level) ((level) == LEVEL_PTE ? 0 : 2)
#define SIM_ROOT_LIMIT(level)                                                            \
	((level) == LEVEL_PGD ? PAGE_MASK : BIT(ARCH_LEVEL_SHIFT((level) + 1)))

static inline pxd_t arch_pxd_empty(int level)
{
	return (pxd_t){sim_tag(level)};
}

static inline bool arch_pxd_exists(int level, pxd_t e)
{
	return level <= LEVEL_PMD || (e.v & SIM_TAG) == sim_tag(level);
}

static inline int arch_root_level(pxd_t first)
{
	for (int level = LEVEL_PMD; level < LEVEL_PGD; level++)
		if ((first.v & SIM_TAG) == sim_tag(level))
			return level;
	return LEVEL_PGD;
}
