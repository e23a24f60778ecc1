/*
 * tests/races/cells.c - see cells.h. Words in lists are separated by blanks, values of
 * one axis by commas.
 */
#include "tests/races/cells.h"
#include "kernel/base/counters.h"
#include "kernel/base/print.h"
#include "kernel/base/string.h"
#include "kernel/sched/rcu.h"
#include "mm/rivals/rivals.h"
#include "mm/space/fault.h"
#include "mm/table/fold.h"
#include "mm/table/policy.h"

static const char *const axis_names[RACE_AXES] = {
	"flush", "tables", "reader", "step", "fault", "rcu", "fold", "machine", "mutant"};

static const char *const flushes[] = {"ipi", "broadcast", NULL};
static const char *const tables[] = {"rcu", "rcu-ipi-fallback", "ipi", "immediate", NULL};
static const char *const readers[] = {"irq", "rcu", "both", "none", NULL};
static const char *const steps[] = {"lockless", "addrend-folded", "addrend-value",
	"rederef", "depth", "oneword-root", NULL};

static const char *const faults[] = {"mmap", "vma", "speculative", NULL};
static const char *const rcus[] = {"merged", "counter", NULL};

const char *const *const race_axis_values[AXIS_RCU + 1] = {
	flushes, tables, readers, steps, faults, rcus};

/* The length of what stands before `end` or the text's end. */
static size_t until(const char *text, char end)
{
	const char *found = strchr(text, end);

	return found ? (size_t)(found - text) : strlen(text);
}

/* Is `word` in the list? A list's word may end with a star: any that begins so. */
static bool lists(const char *list, size_t length, char separator, const char *word)
{
	const char *end = list + length;

	while (list < end) {
		size_t n = min(until(list, separator), (size_t)(end - list));

		if (n && list[n - 1] == '*'
				? !strncmp(list, word, n - 1)
				: strlen(word) == n && !strncmp(list, word, n))
			return true;
		list += n + 1;
	}
	return false;
}

bool race_sweeps_named(const struct race *race, const char *axis)
{
	return lists(race->sweeps, strlen(race->sweeps), ' ', axis);
}

bool race_sweeps(const struct race *race, enum race_axis axis)
{
	return race_sweeps_named(race, axis_names[axis]);
}

/* The values that `where` allows the axis: their length, or 0 and any. */
static size_t restricts(const char *where, const char *axis, const char **values)
{
	size_t name = strlen(axis);

	for (; *where; where += until(where, ' '), where += *where == ' ')
		if (!strncmp(where, axis, name) && where[name] == '=') {
			*values = where + name + 1;
			return until(*values, ' ');
		}
	return 0;
}

const char *race_fixes(const struct race *race, enum race_axis axis)
{
	const char *values, *const *known = race_axis_values[axis];
	size_t length = restricts(race->sweeps, axis_names[axis], &values);

	for (; length && *known; known++)
		if (lists(values, length, ',', *known))
			return *known;
	return NULL;
}

bool race_is_for(const struct race *race, const char *machine)
{
	const char *values;
	size_t length = restricts(race->sweeps, axis_names[AXIS_MACHINE], &values);

	return length ? lists(values, length, ',', machine) : strcmp(machine, "C");
}

static bool fits(const char *where, const struct race_place *place)
{
	for (int axis = 0; axis < RACE_AXES; axis++) {
		const char *values;
		size_t length = restricts(where, axis_names[axis], &values);

		if (length ? !lists(values, length, ',', place->value[axis])
			   : axis == AXIS_MUTANT && *place->value[axis])
			return false;
	}
	return true;
}

const struct race_cell *race_cell_at(
	const struct race *race, const struct race_place *place)
{
	for (const struct race_cell *cell = race->cells; cell->verdict; cell++)
		if (fits(cell->where, place))
			return cell;
	return NULL;
}

bool race_cell_agrees(
	const struct race_cell *cell, enum race_verdict verdict, const char *because)
{
	return cell && cell->verdict == verdict &&
	       (verdict != RACE_EXCLUDED || !strcmp(cell->because, because));
}

const char *race_verdict_name(enum race_verdict verdict)
{
	static const char *const names[] = {
		"nothing", "HARMLESS", "DETECTED", "EXCLUDED", "DAMAGED"};

	return names[verdict];
}

void race_place_text(const struct race_place *place, char *to, size_t size)
{
	size_t length = 0;

	*to = '\0';
	for (int axis = 0; axis < RACE_AXES; axis++)
		if (*place->value[axis] && length < size)
			length += format_text(to + length, size - length, "%s%s=%s",
				length ? " " : "", axis_names[axis], place->value[axis]);
}

bool race_is_called(const struct race *race, const char *pattern)
{
	size_t length = strlen(pattern);

	if (!strcmp(pattern, "all"))
		return true;
	if (length && pattern[length - 1] == '*')
		return !strncmp(pattern, race->name, length - 1);
	return !strcmp(pattern, race->name);
}

/* --- one cell after the other ------------------------------------------------------- */

static unsigned int number_of(enum race_axis axis, const char *value)
{
	unsigned int n = 0;

	while (strcmp(race_axis_values[axis][n], value))
		n++;
	return n;
}

void race_boots_place(const struct race *race, struct race_place *place,
	const char *machine, const char *mutant)
{
	*place = (struct race_place){
		.value = {flushes[policies.flush], tables[policies.tables],
			readers[policies.reader], gup_step_chosen->name,
			faults[fault_policy], rcus[rcu_counts_readers()], fold_name(),
			machine, mutant}};
	for (int axis = 0; axis <= AXIS_RCU; axis++)
		if (race_fixes(race, axis))
			place->value[axis] = race_fixes(race, axis);
}

void race_first_cell(const struct race *race, struct race_place *place, int axes)
{
	for (int axis = 0; axis < axes; axis++)
		if (!race_fixes(race, axis) && race_sweeps(race, axis))
			place->value[axis] = race_axis_values[axis][0];
}

/* As an odometer: the last axis turns fastest. */
bool race_next_cell(const struct race *race, struct race_place *place, int axes)
{
	for (int axis = axes - 1; axis >= 0; axis--) {
		const char *const *values = race_axis_values[axis], *next;

		if (!race_sweeps(race, axis))
			continue;
		next = values[number_of(axis, place->value[axis]) + 1];
		place->value[axis] = next ? next : values[0];
		if (next)
			return true;
	}
	return false;
}

void race_choose(const struct race_place *place)
{
	policies.flush = number_of(AXIS_FLUSH, place->value[AXIS_FLUSH]);
	policies.tables = number_of(AXIS_TABLES, place->value[AXIS_TABLES]);
	policies.reader = number_of(AXIS_READER, place->value[AXIS_READER]);
	gup_step_chosen = gup_step_find(place->value[AXIS_STEP]);
	fault_policy = number_of(AXIS_FAULT, place->value[AXIS_FAULT]);
}

/* --- rechecks ----------------------------------------------------------------------- */

#define RECHECKS_OF_FAULTS 5 /* the first ones */

static const enum counter rechecks[RACE_RECHECKS] = {COUNT_SPEC_SEQ_FIRST,
	COUNT_SPEC_SEQ_LAST, COUNT_SPEC_VMA_COPY, COUNT_SPEC_ODD, COUNT_FAULT_VMA_MISSED,
	COUNT_GUP_RECHECK_PTE, COUNT_GUP_RECHECK_PMD, COUNT_GUP_REFUSED,
	COUNT_GUP_OVER_LIMIT, COUNT_GUP_FORKED, COUNT_GUP_SHARED};

void race_count_rechecks(s64 counts[RACE_RECHECKS])
{
	for (int i = 0; i < RACE_RECHECKS; i++)
		counts[i] = counter_sum(rechecks[i]);
}

const char *race_rechecked(const struct race *race, const s64 before[RACE_RECHECKS])
{
	bool about_faults = race_sweeps(race, AXIS_FAULT) || race_fixes(race, AXIS_FAULT);

	for (int i = about_faults ? 0 : RECHECKS_OF_FAULTS; i < RACE_RECHECKS; i++)
		if (counter_sum(rechecks[i]) != before[i])
			return counter_name(rechecks[i]);
	return NULL;
}
