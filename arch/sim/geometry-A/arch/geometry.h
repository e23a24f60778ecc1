/*
 * arch/sim/geometry-A/arch/geometry.h - x86_64's shape: 512 entries at every level, empty
 * entries are 0, and the fold is a fact of the boot: levels above sim_boot_root do not
 * exist. Tests choose it before they make an mm.
 */
#pragma once

#define ARCH_LEVEL_SHIFT(level) (12 + 9 * (level))
#define ARCH_LEVEL_BITS(level)  9
#define ARCH_TABLE_ORDER(level) 0
#define SIM_ROOT_LIMIT(level)   BIT(ARCH_LEVEL_SHIFT(level) + 8) /* half: user space */

static inline pxd_t arch_pxd_empty(int level)
{
	return (pxd_t){0};
}

static inline bool arch_pxd_exists(int level, pxd_t e)
{
	return level <= sim_boot_root;
}

static inline int arch_root_level(pxd_t first)
{
	return sim_boot_root;
}
