/*
 * arch/sim/main.c - the unit tests as a program: `unit [NAME | PREFIX* [LEVELS]]`, TAP on
 * stdout. LEVELS, 3 to 5, is the depth of the address spaces that mm_create() makes.
 */
#include "arch/sim/sim.h"
#include "mm/space/mm.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
	sim_init(argc > 2 ? atoi(argv[2]) : 4);
	mm_init();
	return unit_run(argc > 1 ? argv[1] : "unit") ? 1 : 0;
}
