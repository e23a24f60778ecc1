/*
 * arch/sim/main.c - the unit tests as a program: `unit [NAME | PREFIX* [LEVELS [FOLD]]]`,
 * TAP on stdout. LEVELS, 2 to 5, is the depth of the address spaces that mm_create()
 * makes; FOLD, boot or permm, the fold policy (default: the geometry's). A static build
 * has one of its own.
 */
#include "arch/sim/sim.h"
#include "mm/space/mm.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	enum fold_kind fold = FOLD_LEVELS ? FOLD_STATIC : SIM_FOLD;

	if (argc > 3)
		fold = strcmp(argv[3], "permm") ? FOLD_BOOT : FOLD_PERMM;
	sim_init(fold, argc > 2 ? atoi(argv[2]) : FOLD_LEVELS ? FOLD_LEVELS : 4);
	mm_init();
	return unit_run(argc > 1 ? argv[1] : "unit") ? 1 : 0;
}
