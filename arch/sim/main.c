/*
 * arch/sim/main.c - the unit tests as a program: `unit [NAME | PREFIX*]`, TAP on stdout.
 */
#include "arch/sim/sim.h"
#include "tests/unit/unit.h"
#include "mm/space/mm.h"

int main(int argc, char **argv)
{
	sim_init();
	mm_init();
	return unit_run(argc > 1 ? argv[1] : "unit") ? 1 : 0;
}
