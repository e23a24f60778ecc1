/*
 * arch/sim/main.c - the unit tests as a program: `unit [NAME | PREFIX* [LEVELS [FOLD]]]
 * [OPTION=VALUE ...]`, TAP on stdout. LEVELS, 2 to 5, is the depth of the address spaces
 * that mm_create() makes; FOLD, boot or permm, the fold policy (default: the geometry's).
 * A static build has one of its own.
 */
#include "arch/sim/sim.h"
#include "kernel/base/options.h"
#include "mm/space/mm.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

/* Where races are linked in: what race= wants before the machine exists; and its status,
 * or negative: it asks for nothing. */
void race_init(void) __weak;
int race_run(void) __weak;

/* Boot options may stand anywhere; the other arguments move up. */
static int take_options(int argc, char **argv)
{
	int kept = 0;

	for (int i = 0; i < argc; i++)
		if (i && strchr(argv[i], '='))
			options_parse(argv[i]);
		else
			argv[kept++] = argv[i];
	return kept;
}

int main(int argc, char **argv)
{
	int status;
	enum fold_kind fold = FOLD_LEVELS ? FOLD_STATIC : SIM_FOLD;

	argc = take_options(argc, argv);
	if (race_init)
		race_init();
	if (argc > 3)
		fold = strcmp(argv[3], "permm") ? FOLD_BOOT : FOLD_PERMM;
	sim_init(fold, argc > 2 ? atoi(argv[2]) : FOLD_LEVELS ? FOLD_LEVELS : 4);
	mm_init();
	if (race_run && (status = race_run()) >= 0)
		return status;
	return unit_run(argc > 1 ? argv[1] : "unit") ? 1 : 0;
}
