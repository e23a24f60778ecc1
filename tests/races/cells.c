/*
 * tests/races/cells.c - see cells.h. Words in lists are separated by blanks, values of
 * one axis by commas.
 */
#include "tests/races/cells.h"
#include "kernel/base/print.h"
#include "kernel/base/string.h"

static const char *const axis_names[RACE_AXES] = {
	"flush", "tables", "reader", "step", "rcu", "fold", "machine", "mutant"};

static const char *const flushes[] = {"ipi", "broadcast", NULL};
static const char *const tables[] = {"rcu", "rcu-ipi-fallback", "ipi", "immediate", NULL};
static const char *const readers[] = {"irq", "rcu", "both", "none", NULL};
static const char *const steps[] = {"lockless", "addrend-folded", "addrend-value",
	"rederef", "depth", "oneword-root", NULL};

const char *const *const race_axis_values[AXIS_RCU] = {flushes, tables, readers, steps};

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
