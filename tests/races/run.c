/*
 * tests/races/run.c - races on a real machine: every cell that this boot can choose, one
 * after the other, with a line before and a line after each.
 *
 *     race=NAME|PREFIX*|all    which races
 *     sweep=AXIS               of them only those whose cells are about it, too
 *     script=0@gup_read,1,r,0  another script than the race's own
 *     cells=N|boot             from cell N on (of all that race= names); or only the one
 *                              that the boot's own policies are
 *     runs=N                   each cell so often: always with the same verdict
 *     mutant=NAME              the tree is not as it should be, but this one
 *
 * A cell whose oracle stops the machine has a first line and no second one: the driver on
 * the host (tests/tools/races.py) boots again, for the next cell. Needs four CPUs: the
 * actors have CPU 0 to 2, and who looks after them the last one.
 */
#include "tests/races/cells.h"
#include "tests/races/follow.h"
#include "kernel/base/counters.h"
#include "kernel/base/options.h"
#include "kernel/base/panic.h"
#include "kernel/base/print.h"
#include "kernel/base/string.h"
#include "kernel/sched/thread.h"
#include "mm/oracle/ledger.h"
#include "mm/rivals/rivals.h"
#include "mm/space/frame.h"
#include "mm/table/fold.h"
#include "mm/space/fault.h"
#include "mm/table/policy.h"

#define CONTROLLER 3 /* a CPU */

#ifdef __s390x__
#define MACHINE "s390x"
#else
#define MACHINE "x86_64"
#endif

/* --- what was asked for ---------------------------------------------------------------
 */

static char wanted[64], swept[8], script_text[128],
	mutant[48];                  /* (c) after options_parse() */
static u64 first_cell = 1, runs = 1; /* (c) */
static bool boot_cell;               /* (c) */

static bool parse_race(const char *value)
{
	return *value && string_copy(wanted, value, sizeof(wanted));
}
OPTION(race_name, "race", "NAME, PREFIX* or all: run races (lab builds)", parse_race);

static bool parse_sweep(const char *value)
{
	return string_copy(swept, value, sizeof(swept));
}
OPTION(race_sweep, "sweep", "AXIS: of the races only those that sweep it", parse_sweep);

static bool parse_script(const char *value)
{
	struct script script;

	return !script_parse(value, &script) &&
	       string_copy(script_text, value, sizeof(script_text));
}
OPTION(race_script, "script",
	"0@gup_read,1,r,0: another schedule for race=", parse_script);

static bool parse_cells(const char *value)
{
	boot_cell = !strcmp(value, "boot");
	return boot_cell || string_to_u64(value, &first_cell);
}
OPTION(race_cells, "cells", "N: races from cell N on; boot: the boot's policies only",
	parse_cells);

static bool parse_runs(const char *value)
{
	return string_to_u64(value, &runs) && runs;
}
OPTION(race_runs, "runs", "N: each cell of a race so often", parse_runs);

static bool parse_mutant(const char *value)
{
	return string_copy(mutant, value, sizeof(mutant));
}
OPTION(race_mutant, "mutant",
	"NAME: which mistake this kernel has, for race=", parse_mutant);

static bool is_wanted(const struct race *race)
{
	return (!swept[0] || race_sweeps_named(race, swept)) &&
	       race_is_called(race, wanted) && race_is_for(race, MACHINE);
}

/* --- one run, and its verdict ---------------------------------------------------------
 */

struct outcome {
	enum race_verdict verdict;
	char because[100];
};

static struct outcome damage;     /* of the first claim that was broken */
static u32 damaged;               /* (a) broken claims */
static const char *detected;      /* (a) by the race itself */
static const struct race *racing; /* (c) while it runs */

void race_damaged(const char *what, const char *file, int line)
{
	if (atomic_add(&damaged, 1) == 1)
		format_text(damage.because, sizeof(damage.because), "%s (%s:%d)", what,
			file, line);
}

void race_detected(const char *what)
{
	atomic_store(&detected, what);
}

static void move_to(unsigned int cpu)
{
	(void)thread_set_allowed(current(), 1U << cpu);
}

/* Returns the wait that kept the script from being followed, or NULL. */
static const char *run_actors(const struct script *script, bool tells)
{
	const char *wait;

	move_to(0);
	racing->setup();
	move_to(CONTROLLER);
	rcu_barrier();
	wait = race_follow(racing, script, tells);
	rcu_barrier();
	move_to(0);
	if (racing->check)
		racing->check();
	racing->teardown();
	rcu_barrier();
	RACE_CLAIM(!ledger_outstanding(), "references to user frames are left");
	return wait;
}

static struct outcome run_once(const struct script *script, bool tells)
{
	s64 before[RACE_RECHECKS];
	struct outcome outcome = {.verdict = RACE_HARMLESS};
	const char *wait, *recheck;

	damaged = 0;
	detected = NULL;
	race_count_rechecks(before);
	wait = run_actors(script, tells);
	recheck = race_rechecked(racing, before);
	if (!recheck)
		recheck = atomic_load(&detected);
	if (damaged) {
		outcome = damage;
		outcome.verdict = RACE_DAMAGED;
	} else if (recheck) {
		outcome.verdict = RACE_DETECTED;
		format_text(outcome.because, sizeof(outcome.because), "%s%s%s", recheck,
			wait ? ", and a wait: " : "", wait ? wait : "");
	} else if (wait) {
		outcome.verdict = RACE_EXCLUDED;
		string_copy(outcome.because, wait, sizeof(outcome.because));
	}
	return outcome;
}

/* --- one cell --------------------------------------------------------------------------
 */

static unsigned int cell_number; /* of all that were wanted */
static unsigned int failures;    /* cells with another verdict than expected */

/* runs= times; the first one that differs ends it. */
static struct outcome run_often(const struct script *script)
{
	bool tells = boot_cell || script_text[0];
	struct outcome first = run_once(script, tells), again;

	for (u64 n = 2; n <= runs; n++) {
		again = run_once(script, tells);
		if (again.verdict == first.verdict &&
			!strcmp(again.because, first.because))
			continue;
		print("# run %lu: %s %s, before: %s %s\n", n,
			race_verdict_name(again.verdict), again.because,
			race_verdict_name(first.verdict), first.because);
		first.verdict = RACE_NONE;
		string_copy(first.because, "twice the same", sizeof(first.because));
		break;
	}
	return first;
}

static void run_cell(const struct race_place *place, const struct script *script)
{
	const struct race_cell *expected = race_cell_at(racing, place);
	struct outcome outcome;
	char text[160];

	if (++cell_number < first_cell)
		return;
	race_place_text(place, text, sizeof(text));
	print("race %u %s %s: begins, expected %s %s\n", cell_number, racing->name, text,
		race_verdict_name(expected ? expected->verdict : RACE_NONE),
		expected ? expected->because : "");
	race_choose(place);
	outcome = run_often(script);
	print("race %u %s %s: %s %s\n", cell_number, racing->name, text,
		race_verdict_name(outcome.verdict), outcome.because);
	failures += !race_cell_agrees(expected, outcome.verdict, outcome.because);
}

/* --- all cells of a race ----------------------------------------------------------- */

static void run_race(const struct race *race)
{
	struct table_policies usual = policies;
	const struct gup_step *usual_step = gup_step_chosen;
	enum fault_policy usual_fault = fault_policy;
	int axes = boot_cell ? 0 : AXIS_RCU;
	struct race_place place;
	struct script script;
	const char *wrong =
		script_parse(script_text[0] ? script_text : race->script, &script);

	ASSERT(!wrong, "script of race %s: %s", race->name, wrong);
	racing = race;
	race_boots_place(race, &place, MACHINE, mutant);
	race_first_cell(race, &place, axes);
	do
		run_cell(&place, &script);
	while (race_next_cell(race, &place, axes));
	policies = usual;
	gup_step_chosen = usual_step;
	fault_policy = usual_fault;
}

int race_run(void)
{
	if (!wanted[0])
		return -1;
	if (atomic_load(&cpus_online) != (1U << (CONTROLLER + 1)) - 1) {
		print("races need %u CPUs: SMP=%u\n", CONTROLLER + 1, CONTROLLER + 1);
		return 1;
	}
	follow_init(CONTROLLER);
	for (struct race *const *race = __start_race_table; race < __stop_race_table;
		race++)
		if (is_wanted(*race))
			run_race(*race);
	print("races: %u cells, %u not as expected\n", cell_number, failures);
	return failures ? 1 : 0;
}

/* --- for races -------------------------------------------------------------------------
 */

/* Frames that were freed last come back first, but not necessarily as the very first. */
struct page *race_take_frame(const struct page *wanted_frame)
{
	struct page *others[8], *page = NULL;
	unsigned int count = 0;

	while (count < ARRAY_SIZE(others)) {
		page = frame_alloc(0, PAGE_KERNEL, 0);
		if (!page || page == wanted_frame)
			break;
		others[count++] = page;
		page = NULL;
	}
	while (count)
		frame_free(others[--count]);
	return page;
}

void race_speculate(unsigned long address)
{
}

/* Once, the machine is made a small one: freeing costs time, as all is poisoned. */
#define SMALL 4096 /* frames */

static struct list taken = LIST_INIT(taken); /* (p) the actor */
static bool is_small;                        /* (p) the actor */

static void take_blocks(unsigned int from, struct list *to)
{
	struct page *page;

	for (int order = (int)from; order >= 0; order--)
		while ((page = frame_alloc(order, PAGE_KERNEL, 0)))
			list_push(to, &page->link);
}

void race_take_all_frames(void)
{
	struct frame_stats stats;
	struct page *page;

	frame_stats(&stats);
	while (!is_small && stats.free > SMALL) {
		page = frame_alloc(FRAME_ORDER_MAX, PAGE_KERNEL, 0);
		if (!page)
			break;
		frame_stats(&stats); /* never given back */
	}
	is_small = true;
	take_blocks(FRAME_ORDER_MAX, &taken);
}

void race_give_frames_back(void)
{
	struct list *item;

	while ((item = list_pop(&taken)))
		frame_free(list_entry(item, struct page, link));
}
