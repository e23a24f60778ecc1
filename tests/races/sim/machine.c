/*
 * tests/races/sim/machine.c - what races ask of the simulated machine, and what begins
 * and ends each of their executions. What stands here is not put back between executions.
 */
#include "arch/sim/sim.h"
#include "mm/space/frame.h"
#include "tests/races/sim/sim_race.h"
#include "tests/unit/crew.h"

#include <signal.h>
#include <stdio.h>

const struct race *sim_racing;
u64 sim_detections;
static s64 rechecks_before[RACE_RECHECKS];

void race_damaged(const char *what, const char *file, int line)
{
	static char text[200];

	snprintf(text, sizeof(text), "%s (%s:%d)", what, file, line);
	if (running)
		explore_fail(text);
	if (!explore_wrong)
		explore_wrong = text;
}

static const char *detected; /* by the race itself */

void race_detected(const char *what)
{
	detected = what;
}

const char *sim_race_detected(void)
{
	const char *recheck = race_rechecked(sim_racing, rechecks_before);

	return recheck ? recheck : detected;
}

/* Exactly this frame, if it is free. */
struct page *race_take_frame(const struct page *frame)
{
	struct page *page;

	sim_frame_wanted = (struct page *)frame;
	page = frame_alloc(0, PAGE_KERNEL, 0);
	sim_frame_wanted = NULL;
	return page;
}

void race_speculate(unsigned long address)
{
	sim_speculate(address);
}

void race_take_all_frames(void)
{
	sim_frames_left = 0;
}

void race_give_frames_back(void)
{
	sim_frames_left = ~0UL;
}

static void act(unsigned long number)
{
	sim_racing->actor[number]();
}

void sim_race_start(void)
{
	detected = NULL;
	for (unsigned int i = 0; i < RACE_ACTORS; i++)
		if (sim_racing->actor[i])
			crew_start(act, i, 1U << i);
}

void sim_race_end(void)
{
	(void)sim_rcu_run();
	if (sim_racing->check)
		sim_racing->check();
	sim_detections += sim_race_detected() != NULL;
}

/* An actor follows a wild pointer: the end of its run. The handler has a stack of its
 * own, and does not return. */
static void wild(int signal, siginfo_t *info, void *context)
{
	char text[60];

	snprintf(
		text, sizeof(text), "a wild access to %lx", (unsigned long)info->si_addr);
	explore_fail(text);
}

static void catch_wild(void)
{
	static char stack[64 << 10];
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {
		.sa_sigaction = wild, .sa_flags = SA_ONSTACK | SA_NODEFER | SA_SIGINFO};

	(void)sigaltstack(&alternate, NULL);
	(void)sigaction(SIGSEGV, &action, NULL);
	(void)sigaction(SIGBUS, &action, NULL);
}

void sim_race_setup(void)
{
	catch_wild();
	sim_racing->setup();
	race_count_rechecks(rechecks_before);
	explore_save();
}
