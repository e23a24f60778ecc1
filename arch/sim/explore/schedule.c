/*
 * arch/sim/explore/schedule.c - schedules as text, and the picker that follows one; see
 * explore.h.
 */
#include "arch/sim/explore/explore.h"
#include "kernel/base/panic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLICE 10000 /* steps: who loops until another is done is interrupted */
#define SPINS_MAX                                                                        \
	100000 /* steps in a row in which actors only spin: they always will             \
		*/

char explore_taken[SCHEDULES];

static struct {
	unsigned int actor;
	unsigned long count;
	size_t length; /* of explore_taken without this part */
} part;

void schedule_begin(void)
{
	explore_taken[0] = '\0';
	part.actor = ACTORS;
}

void schedule_add(unsigned int number)
{
	char name[8];

	if (number != part.actor) {
		part.length = strlen(explore_taken);
		part.count = 0;
		part.actor = number;
	}
	part.count++;
	actor_name(number, name);
	if (part.length + 32 < SCHEDULES)
		sprintf(explore_taken + part.length, "%s%sx%lu", part.length ? " " : "",
			name, part.count);
}

static int actor_number(const char **text)
{
	char name[8];
	size_t length;

	for (unsigned int number = 0; number < ACTORS; number++) {
		actor_name(number, name);
		length = strlen(name);
		if (!strncmp(*text, name, length) && (*text)[length] == 'x') {
			*text += length + 1;
			return (int)number;
		}
	}
	panic("no schedule: \"%s\"", *text);
}

/* --- the picker --- */

static const char *rest;         /* of the schedule */
static int last;                 /* who stepped last */
static unsigned long left;       /* steps of this part of the schedule */
static unsigned long turn_steps; /* since `last` was chosen */
static unsigned int spins;

/* The same one, until it cannot, only spins or has had its slice; then the next. */
static int choose(void)
{
	if (last >= 0 && !actors[last].spins && turn_steps % SLICE &&
		actor_can_step((unsigned int)last))
		return last;
	for (int i = 1; i <= ACTORS; i++) {
		unsigned int number = (unsigned int)(last + i) % ACTORS;

		if (actor_can_step(number))
			return (int)number;
	}
	return -1;
}

/* Who is next by the schedule; -1: it has ended, or cannot be followed. */
static int scheduled(void)
{
	int number = last;

	while (*rest == ' ')
		rest++;
	if (!left && !*rest)
		return -1;
	if (!left) {
		number = actor_number(&rest);
		left = strtoul(rest, (char **)&rest, 10);
	}
	left--;
	if (!actor_can_step((unsigned int)number))
		explore_wrong = "the schedule chooses who cannot run";
	return number;
}

static int pick(void)
{
	int number = scheduled();

	if (explore_wrong)
		return -1;
	if (number < 0) {
		if (explore_done())
			return -1;
		number = choose();
	}
	if (number < 0) {
		explore_deadlock();
		return -1;
	}
	spins = actors[number].spins ? spins + 1 : 0;
	if (spins > SPINS_MAX)
		explore_wrong = "all that can run only spin";
	turn_steps = number == last ? turn_steps + 1 : 1;
	last = number;
	schedule_add((unsigned int)number);
	return number;
}

const char *explore_run(const char *schedule)
{
	rest = schedule;
	last = -1;
	left = turn_steps = 0;
	spins = 0;
	schedule_begin();
	return explore_with(pick);
}

const char *explore_preempt(unsigned int first, unsigned int steps, unsigned int then)
{
	char schedule[40];

	snprintf(schedule, sizeof(schedule), "%ux%u %ux1", first, steps, then);
	return explore_run(steps ? schedule : strchr(schedule, ' '));
}
