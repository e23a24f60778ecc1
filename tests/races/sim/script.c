/*
 * tests/races/sim/script.c - a race's script, followed on the simulated machine: the same
 * as tests/races/follow.c does with threads. The actor of a part steps until it passes
 * its point, is done, or cannot; what it waits for then is what excludes the part.
 * Interrupts are taken as soon as they can be; grace periods end in parts `r` and after
 * the script.
 */
#include "tests/races/sim/sim_race.h"
#include "kernel/base/print.h"

struct passed sim_passed[PASSED_MAX];
unsigned int sim_passed_count;

static const struct script *followed; /* NULL: none */
static unsigned int part;             /* of it; from its count on: everybody */
static unsigned int times;            /* the part's point was passed */
static bool reached, tells;
static const char *first_wait;

static unsigned int times_before(int actor, int event)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < sim_passed_count; i++)
		count += sim_passed[i].actor == actor && sim_passed[i].event == event;
	return count;
}

static void note_passed(int actor, int event)
{
	if (sim_passed_count < PASSED_MAX)
		sim_passed[sim_passed_count] =
			(struct passed){actor, event, times_before(actor, event) + 1};
	sim_passed_count += sim_passed_count < PASSED_MAX;
}

void sim_point(int event)
{
	const struct script_part *now;
	int actor = (int)(running - actors);

	if (!followed || !running || actor >= RACE_ACTORS)
		return;
	note_passed(actor, event);
	if (part >= followed->count)
		return;
	now = &followed->part[part];
	if (now->actor != actor || now->event != event || ++times != now->times)
		return;
	reached = true;
	op_set(OP_POINT, NULL);
	actor_stop();
}

static void tell(const char *how, const char *wait)
{
	char text[40];

	if (!tells || part >= followed->count)
		return;
	script_part_text(&followed->part[part], text, sizeof(text));
	print("# %s: %s%s\n", text, how, wait ? wait : "");
}

static void next_part(const char *how, const char *wait)
{
	tell(how, wait);
	if (wait && !first_wait)
		first_wait = wait;
	part++;
	times = 0;
	reached = false;
}

static int interrupt(void)
{
	for (unsigned int i = IRQ(0); i < RCU; i++)
		if (actors[i].alive && actor_can_step(i))
			return (int)i;
	return -1;
}

/* The actor of this part, or -1: the part is over, and so on. */
static int of_part(void)
{
	const struct script_part *now = &followed->part[part];
	int actor = now->actor == SCRIPT_RCU ? RCU : now->actor;

	if (reached)
		next_part("stands there", NULL);
	else if (!actors[actor].alive)
		next_part("is done", NULL);
	else if (actor_can_step((unsigned int)actor))
		return actor;
	else if (actor == RCU && !rcu_pending())
		next_part("callbacks have run", NULL);
	else
		next_part("waits for one that stands: ", actors[actor].wait_name);
	return -1;
}

static int free_for_all(void)
{
	for (unsigned int i = 0; i < ACTORS; i++)
		if (actors[i].alive && actor_can_step(i))
			return (int)i;
	if (!explore_done())
		explore_deadlock();
	return -1;
}

static int pick(void)
{
	int number = interrupt();

	while (number < 0 && part < followed->count)
		number = of_part();
	if (number < 0)
		number = free_for_all();
	if (number >= 0)
		schedule_add((unsigned int)number);
	return number;
}

const char *sim_follow(const struct script *script, bool tells_parts)
{
	followed = script;
	tells = tells_parts;
	part = times = sim_passed_count = 0;
	reached = false;
	first_wait = NULL;
	explore_restore();
	schedule_begin();
	sim_race_start();
	(void)explore_with(pick);
	if (!explore_wrong)
		sim_race_end();
	followed = NULL;
	return first_wait;
}
