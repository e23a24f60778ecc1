/*
 * arch/sim/geometry-C/arch/geometry.h - no machine's shape: page tables and the tables
 * above them have 4 entries, so that a leaf of 4 frames, which a fault makes, an unmap
 * cuts or a fork copies, is a handful of steps for the explorer. Higher ones have 512,
 * half of the top one for user space: addresses are then as large as tests want them,
 * with four levels or five. Otherwise as geometry A.
 */
#pragma once

#define ARCH_LEVEL_SHIFT(level)                                                          \
	((level) <= LEVEL_PUD ? 12 + 2 * (level) : 16 + 9 * ((level)-LEVEL_PUD))
#define ARCH_LEVEL_BITS(level)  ((level) <= LEVEL_PMD ? 2 : 9)
#define ARCH_TABLE_ORDER(level) 0

#define SIM_ROOT_LIMIT(level)  BIT(ARCH_LEVEL_SHIFT(level) + 8)
#define SIM_LEVELS_MIN         4
#define SIM_FOLD               FOLD_BOOT
#define SIM_LOADED_ABOVE(root) ((root) < LEVEL_PGD)
#define SIM_LEAVES             (BIT(LEVEL_PMD) | BIT(LEVEL_PUD))
#define SIM_GEOMETRY           "C"
