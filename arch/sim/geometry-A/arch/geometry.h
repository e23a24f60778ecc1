/*
 * arch/sim/geometry-A/arch/geometry.h - x86_64's shape: 512 entries at every level, half
 * of the top one for user space. By default the fold is a fact of the boot; where it is a
 * fact of each mm, CPUs load the table above the root, while there is one.
 */
#pragma once

#define ARCH_LEVEL_SHIFT(level) (12 + 9 * (level))
#define ARCH_LEVEL_BITS(level)  9
#define ARCH_TABLE_ORDER(level) 0

#define SIM_ROOT_LIMIT(level)  BIT(ARCH_LEVEL_SHIFT(level) + 8)
#define SIM_LEVELS_MIN         2
#define SIM_FOLD               FOLD_BOOT
#define SIM_LOADED_ABOVE(root) ((root) < LEVEL_PGD)
#define SIM_LEAVES             BIT(LEVEL_PMD)
#define SIM_GEOMETRY           "A"
