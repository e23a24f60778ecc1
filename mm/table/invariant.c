/*
 * mm/table/invariant.c - what must hold in every loop over a table, in lab builds.
 *
 * A broken invariant is a bug, and the machine stops; with the boot option
 * invariant=report it only says so and goes on, so that one can see what such a bug does.
 */
#include "kernel/base/options.h"
#include "kernel/base/print.h"
#include "mm/table/pgtable.h"

#ifdef ORIGAMI_LAB

enum {
	PANIC,
	REPORT
};

static unsigned int action; /* (c) after options_parse() */

void pxd_broken(const char *what, int level, const pxd_t *ptr, unsigned long address)
{
	ASSERT(action == REPORT, "%s: %s slot %p at %lx", what, pxd_name(level), ptr,
		address);
	print("invariant broken: %s: %s slot %p at %lx\n", what, pxd_name(level), ptr,
		address);
}

static bool parse_invariant(const char *value)
{
	static const char *const names[] = {"panic", "report"};

	return option_choice(value, names, ARRAY_SIZE(names), &action);
}

OPTION(invariant, "invariant", "a loop left its table: panic (default) or report",
	parse_invariant);

#endif
