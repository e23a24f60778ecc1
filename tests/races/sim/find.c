/*
 * tests/races/sim/find.c - a script that leads to damage, for the machines that know
 * points but no steps. Short ones are tried: somebody stops at one of the points that are
 * passed there, another one runs, grace periods go on or do not, and the first goes on;
 * or the other one stops in the middle, too.
 */
#include "kernel/base/panic.h"
#include "kernel/base/print.h"
#include "tests/races/sim/sim_race.h"

#include <stdio.h>
#include <string.h>

static struct passed points[PASSED_MAX];
static unsigned int point_count;

static bool damages(const char *text)
{
	struct script script;
	const char *wrong = script_parse(text, &script);

	ASSERT(!wrong, "%s: %s", text, wrong);
	(void)sim_follow(&script, false);
	return explore_wrong;
}

static void note(const struct passed *point)
{
	unsigned int n = 0;

	while (n < point_count && memcmp(point, &points[n], sizeof(*point)))
		n++;
	if (n == point_count && n < PASSED_MAX)
		points[point_count++] = *point;
}

/* Those that are passed when one actor runs after the other. */
static void find_points(void)
{
	static const char *const orders[] = {"0 1 2", "1 0 2", "2 1 0"};

	point_count = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(orders); i++) {
		(void)damages(orders[i]);
		for (unsigned int k = 0; k < sim_passed_count; k++)
			note(&sim_passed[k]);
	}
}

static void point_text(const struct passed *point, char *to, size_t size)
{
	struct script_part part = {point->actor, point->event, point->times};

	script_part_text(&part, to, size);
}

/* One stops at `at`, and `other` runs. */
static bool one_stop(const struct passed *at, int other, char *text, size_t size)
{
	char stop[40];

	point_text(at, stop, sizeof(stop));
	snprintf(text, size, "%s %d %d", stop, other, at->actor);
	if (damages(text))
		return true;
	snprintf(text, size, "%s %d r %d", stop, other, at->actor);
	return damages(text);
}

/* The other one stops, too, and goes on last. */
static bool two_stops(const struct passed *at, int other, char *text, size_t size)
{
	char stop[40], second[40];

	point_text(at, stop, sizeof(stop));
	for (unsigned int k = 0; k < point_count; k++) {
		if (points[k].actor != other)
			continue;
		point_text(&points[k], second, sizeof(second));
		snprintf(text, size, "%s %s %d r %d", stop, second, at->actor, other);
		if (damages(text))
			return true;
	}
	return false;
}

static bool try_all(
	bool (*form)(const struct passed *, int, char *, size_t), char *text, size_t size)
{
	for (unsigned int i = 0; i < point_count; i++)
		for (int other = 0; other < RACE_ACTORS; other++)
			if (other != points[i].actor && sim_racing->actor[other] &&
				form(&points[i], other, text, size))
				return true;
	return false;
}

bool sim_find_script(char *text, size_t size)
{
	find_points();
	if (try_all(one_stop, text, size) || try_all(two_stops, text, size))
		return true;
	text[0] = '\0';
	return false;
}
