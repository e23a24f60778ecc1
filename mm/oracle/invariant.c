/*
 * mm/oracle/invariant.c - what must hold in every loop over a table, in lab builds.
 *
 * Broken, it stops the machine; with invariant=report one can see what comes of it.
 */
#include "kernel/base/options.h"
#include "kernel/base/print.h"
#include "mm/table/pgtable.h"

#ifdef ORIGAMI_LAB

static unsigned int report; /* (c) after options_parse(): 1, or 0 to panic */

void pxd_broken(const char *what, int level, const pxd_t *ptr, unsigned long address)
{
	ASSERT(report, "%s: %s slot %p at %lx", what, pxd_name(level), ptr, address);
	print("invariant broken: %s: %s slot %p at %lx\n", what, pxd_name(level), ptr,
		address);
}

void pxd_check_empty(int level, const pxd_t *table)
{
	for (unsigned long i = 0; i < pxd_entries(level); i++)
		ASSERT(pxd_none(level, pxd_read(&table[i])), "%s entry %lu is %lx",
			pxd_name(level), i, table[i].v);
}

static bool parse_invariant(const char *value)
{
	static const char *const names[] = {"panic", "report"};

	return option_choice(value, names, ARRAY_SIZE(names), &report);
}

OPTION(invariant, "invariant", "a loop left its table: panic (default) or report",
	parse_invariant);

#endif
