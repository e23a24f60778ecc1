/*
 * tests/races/grow_gup.c - a lockless walk between two stores of a growing root.
 *
 * The new root is published, the limit not yet. A walker that comes now reads the old
 * limit, and refuses by it. The other way round (the mutant) it would go by the new limit
 * into the old root, and find the page of another address.
 */
#include "tests/races/grow.h"

RACE(grow_gup) = {
	.name = "grow_gup",
	.story = "gup_fast() while a root grows, between root and limit",
	.setup = setup,
	.actor = {walk, grow},
	.teardown = teardown,
	.script = "1@fold_root 0 1",
	.sweeps = "step fold",
	.cells =
		(const struct race_cell[]){
			{"step=oneword-root", RACE_HARMLESS, "one read tells both"},
			{"mutant=root_before_limit step=oneword-root", RACE_HARMLESS,
				"one read tells both"},
			{"mutant=root_before_limit fold=boot,permm:5", RACE_DETECTED,
				"roots do not grow"},
			{"mutant=root_before_limit", RACE_DAMAGED,
				"the old root by the new limit"},
			{"", RACE_DETECTED, "it is above the limit"},
			{},
		},
};
