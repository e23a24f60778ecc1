/*
 * tests/races/gup_grow.c - a root grows between two reads of a lockless walk.
 *
 * The walker asks for an address that its root cannot express. It reads the limit first,
 * finds it too low, and is done, whatever the root does meanwhile. With the root read
 * first (the mutant), the walk would be in the old root by the new limit, and find what
 * is mapped at the address that its bits lead to: somebody else's page. step=oneword-root
 * has both in one word, and no order to get wrong: it goes in with what it read, old or
 * new.
 */
#include "tests/races/grow.h"

RACE(gup_grow) = {
	.name = "gup_grow",
	.story = "a root grows while gup_fast() is between limit and root",
	.setup = setup,
	.actor = {walk, grow},
	.teardown = teardown,
	.script = "0@gup_root 1 0",
	.sweeps = "step fold",
	.cells =
		(const struct race_cell[]){
			{"step=oneword-root machine=s390x,B fold=permm:2,permm:3,permm:4",
				RACE_EXCLUDED, "cross-call"},
			{"step=oneword-root", RACE_HARMLESS, "one read tells both"},
			{"mutant=limit_before_root step=oneword-root machine=s390x,B "
			 "fold=permm:2,permm:3,permm:4",
				RACE_EXCLUDED, "cross-call"},
			{"mutant=limit_before_root step=oneword-root", RACE_HARMLESS,
				"one read tells both"},
			{"mutant=limit_before_root fold=boot,permm:5", RACE_DETECTED,
				"roots do not grow"},
			{"mutant=limit_before_root", RACE_DAMAGED,
				"the old root by the new limit"},
			{"", RACE_DETECTED, "it is above the limit"},
			{},
		},
};
