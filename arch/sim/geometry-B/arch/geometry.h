/*
 * arch/sim/geometry-B/arch/geometry.h - s390x's shape: upper tables of 2048 entries in
 * four frames, page tables of 256 in half a frame. By default the fold is a fact of each
 * mm, and CPUs load the root itself.
 */
#pragma once

#define ARCH_LEVEL_SHIFT(level) ((level) == LEVEL_PTE ? 12 : 9 + 11 * (level))
#define ARCH_LEVEL_BITS(level)  ((level) == LEVEL_PTE ? 8 : 11)
#define ARCH_TABLE_ORDER(level) ((level) == LEVEL_PTE ? 0 : 2)

#define SIM_ROOT_LIMIT(level)                                                            \
	((level) == LEVEL_PGD ? PAGE_MASK : BIT(ARCH_LEVEL_SHIFT((level) + 1)))
#define SIM_LEVELS_MIN         2
#define SIM_FOLD               FOLD_PERMM
#define SIM_LOADED_ABOVE(root) false
#define SIM_LEAVES             0 /* no EDAT; a test may say that there is */
#define SIM_GEOMETRY           "B"
