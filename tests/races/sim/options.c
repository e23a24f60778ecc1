/*
 * tests/races/sim/options.c - what is asked of races on the simulated machine; see run.c.
 */
#include "arch/sim/sim.h"
#include "kernel/base/options.h"
#include "kernel/base/string.h"
#include "tests/races/sim/sim_race.h"

#include <stdio.h>
#include <stdlib.h>

struct sim_asked asked;

/* kernel/base/string.c would take the place of the host's memcpy(), too. */
bool string_copy(char *to, const char *from, size_t size)
{
	return (size_t)snprintf(to, size, "%s", from) < size;
}

static bool parse_race(const char *value)
{
	return *value && string_copy(asked.wanted, value, sizeof(asked.wanted));
}
OPTION(race_name, "race", "NAME, PREFIX* or all: explore races", parse_race);

static bool parse_search(const char *value)
{
	static const char *const names[] = {
		"classes", "everything", "preemptions", "random"};
	const char *colon = strchr(value, ':');
	char name[16];
	unsigned int choice;

	snprintf(name, sizeof(name), "%.*s",
		(int)(colon ? colon - value : (long)strlen(value)), value);
	if (!option_choice(name, names, ARRAY_SIZE(names), &choice))
		return false;
	asked.kind = choice;
	asked.bound = colon ? strtoul(colon + 1, NULL, 10) : 2;
	return true;
}
OPTION(race_search, "search", "classes, everything, preemptions:N or random",
	parse_search);

static bool parse_most(const char *value)
{
	asked.most = strtoul(value, NULL, 10);
	return asked.most;
}
OPTION(race_most, "most", "N: executions of a cell", parse_most);

static bool parse_memory(const char *value)
{
	explore_tso = !strcmp(value, "tso");
	return explore_tso || !strcmp(value, "sc");
}
OPTION(race_memory, "memory", "sc or tso: when others see a store", parse_memory);

static bool parse_evicts(const char *value)
{
	sim_tlb_evicts = true;
	return !*value;
}
OPTION(race_evicts, "evicts", "TLBs forget of their own accord, too", parse_evicts);

static bool parse_script(const char *value)
{
	return string_copy(asked.script, value, sizeof(asked.script));
}
OPTION(race_script, "script", "0@gup_read,1,r,0: the schedule for race=", parse_script);

static bool parse_record(const char *value)
{
	return string_copy(asked.record, value, sizeof(asked.record));
}
OPTION(race_record, "record", "FILE: write the first violation down", parse_record);

static bool parse_mutant(const char *value)
{
	return string_copy(asked.mutant, value, sizeof(asked.mutant));
}
OPTION(race_mutant, "mutant", "NAME: which mistake this program has", parse_mutant);

static bool parse_cells(const char *value)
{
	asked.boot_cell = !strcmp(value, "boot");
	return asked.boot_cell;
}
OPTION(race_cells, "cells", "boot: the given policies only", parse_cells);

static bool parse_sweeps(const char *value)
{
	size_t i;

	if (!string_copy(asked.sweeps, value, sizeof(asked.sweeps)))
		return false;
	for (i = 0; asked.sweeps[i]; i++)
		if (asked.sweeps[i] == ',')
			asked.sweeps[i] = ' ';
	return true;
}
OPTION(race_sweeps, "sweeps", "AXIS,...: explore all values of these", parse_sweeps);
