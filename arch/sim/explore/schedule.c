/*
 * arch/sim/explore/schedule.c - who steps next; see explore.h.
 *
 * The chooser runs on the test's own stack and switches to an actor for each step. An
 * actor that can step is alive, its condition holds, and no interrupt handler lies on top
 * of it. If nobody can and CPUs are not done, they wait for each other: a violation, too.
 */
#include "arch/sim/explore/explore.h"
#include "kernel/base/panic.h"
#include "kernel/base/print.h"

#include <execinfo.h>
#include <sanitizer/common_interface_defs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLICE 10000 /* steps: who loops until another is done is interrupted */
#define SPINS_MAX                                                                        \
	100000 /* steps in a row in which actors only spin: they always will             \
		*/

struct actor actors[ACTORS];
struct actor *running;
char explore_taken[SCHEDULES];

static void *chooser; /* its stack pointer, while an actor runs */
static u64 steps;     /* of all actors */
static unsigned int spins;
static const char *violation;
static char violation_text[300];

void actor_start(unsigned int number, unsigned int cpu, struct thread *thread,
	void (*fn)(unsigned long), unsigned long arg)
{
	struct actor *actor = &actors[number];

	ASSERT(!actor->alive, "actor %u runs already", number);
	actor->alive = true;
	actor->spins = false;
	actor->ready = NULL;
	actor->me = (struct sim_me){.cpu = cpu, .thread = thread, .irqs_on = true};
	actor->fn = fn;
	actor->arg = arg;
	coroutine_make(actor);
}

void actor_stop(void)
{
	struct actor *me = running;

	if (!me)
		return;
	me->me = sim_me;
	coroutine_switch(&me->sp, chooser);
}

void actor_wait(const char *what, bool (*ready)(void *), void *arg)
{
	if (!running) {
		ASSERT(ready(arg), "%s: waiting for ever", what);
		return;
	}
	running->ready = ready;
	running->wait_arg = arg;
	actor_stop();
}

void actor_spin(void)
{
	ASSERT(running, "waiting for another cpu, but nobody else runs");
	running->spins = true;
	running->others = steps - running->steps;
	actor_stop();
}

static bool can_step(unsigned int number)
{
	const struct actor *actor = &actors[number];

	if (!actor->alive || (number < SIM_CPUS && ipi_on_top(number)))
		return false;
	if (actor->spins && steps - actor->steps == actor->others)
		return false;
	return !actor->ready || actor->ready(actor->wait_arg);
}

static void step(unsigned int number)
{
	struct actor *actor = &actors[number];
	struct sim_me mine = sim_me;

	spins = actor->spins ? spins + 1 : 0;
	steps++;
	actor->steps++;
	actor->spins = false;
	actor->ready = NULL;
	running = actor;
	sim_me = actor->me;
	coroutine_switch(&chooser, actor->sp);
	running = NULL;
	sim_me = mine;
}

/* --- schedules as text ----------------------------------------------------------------
 */

static void actor_name(unsigned int number, char name[8])
{
	if (number == RCU)
		strcpy(name, "r");
	else
		snprintf(name, 8, number < SIM_CPUS ? "%u" : "i%u", number % SIM_CPUS);
}

static int actor_number(const char **text)
{
	int offset = 0;

	if (**text == 'r') {
		++*text;
		return RCU;
	}
	if (**text == 'i') {
		++*text;
		offset = SIM_CPUS;
	}
	if (**text < '0' || **text >= '0' + SIM_CPUS)
		return -1;
	return offset + *(*text)++ - '0';
}

/* The next part of the schedule: false at its end. */
static bool next_part(const char **text, int *number, unsigned long *count)
{
	while (**text == ' ')
		++*text;
	if (!**text)
		return false;
	*number = actor_number(text);
	ASSERT(*number >= 0 && **text == 'x', "no schedule: \"%s\"", *text);
	*count = strtoul(*text + 1, (char **)text, 10);
	return true;
}

static struct {
	int actor;
	unsigned long count;
	size_t length; /* of explore_taken without this part */
} part;

static void record(int number)
{
	char name[8];
	size_t length = strlen(explore_taken);

	if (number != part.actor) {
		part.actor = number;
		part.count = 0;
		part.length = length;
	}
	part.count++;
	actor_name((unsigned int)number, name);
	if (part.length + 32 < SCHEDULES)
		sprintf(explore_taken + part.length, "%s%sx%lu", part.length ? " " : "",
			name, part.count);
}

/* --- choosing -------------------------------------------------------------------------
 */

/* The same one, until it cannot, only spins or has had its slice; then the next. */
static int choose(int last)
{
	if (last >= 0 && !actors[last].spins && part.count % SLICE &&
		can_step((unsigned int)last))
		return last;
	for (int i = 1; i <= ACTORS; i++) {
		unsigned int number = (unsigned int)(last + i) % ACTORS;

		if (can_step(number))
			return (int)number;
	}
	return -1;
}

static bool all_done(void)
{
	for (unsigned int number = 0; number < RCU; number++)
		if (actors[number].alive)
			return false;
	return rcu_idle();
}

static void go(int number)
{
	record(number);
	step((unsigned int)number);
	if (spins > SPINS_MAX)
		violation = "all that can run only spin";
}

static void follow(const char *schedule, int *last)
{
	unsigned long count;

	while (!violation && next_part(&schedule, last, &count))
		for (; count && !violation; count--) {
			if (!can_step((unsigned int)*last))
				violation = "the schedule chooses who cannot run";
			else
				go(*last);
		}
}

const char *explore_run(const char *schedule)
{
	int last = -1;

	violation = NULL;
	spins = 0;
	explore_taken[0] = '\0';
	part.actor = -1;
	rcu_start();
	follow(schedule, &last);
	while (!violation && !all_done()) {
		last = choose(last);
		if (last < 0)
			violation = "everybody waits for somebody";
		else
			go(last);
	}
	for (unsigned int number = 0; number < ACTORS; number++)
		actors[number].alive = false;
	return violation;
}

const char *explore_preempt(unsigned int first, unsigned int steps, unsigned int then)
{
	char schedule[40];

	snprintf(schedule, sizeof(schedule), "%ux%u %ux1", first, steps, then);
	return explore_run(steps ? schedule : strchr(schedule, ' '));
}

void explore_fail(const char *text)
{
	struct actor *me = running;

	if (!me)
		sim_abort(text);
	snprintf(violation_text, sizeof(violation_text), "%s", text);
	violation = violation_text;
	me->alive = false;
	actor_stop();
	__builtin_unreachable();
}

void sim_failed(const char *text)
{
	explore_fail(text);
}

/* There is no sanitizer to do it. */
void __sanitizer_print_stack_trace(void)
{
	void *frames[40];

	backtrace_symbols_fd(frames, backtrace(frames, ARRAY_SIZE(frames)), 1);
}
