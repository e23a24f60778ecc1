/*
 * tests/races/sim/run.c - races on the simulated machine.
 *
 *     unit race=NAME [options] [- LEVELS FOLD]
 *
 *     search=classes|everything|preemptions:N|random   (default: classes)
 *     most=N                 executions in a cell
 *     memory=sc|tso          when others see a store
 *     script=0@gup_read,1,r,0   only run this
 *     schedule=0x5,1x9,...      only run this; of exactly these steps
 *     record=FILE            the first violation, for tests/tools/show.py
 *     mutant=NAME            the tree is not as it should be, but this one
 *     cells=boot             only the cell of the given policies
 *     sweeps=flush,tables,reader,rcu     these axes instead of the race's own
 *
 * For each cell: one run by the race's script, for the verdict that the other machines
 * are compared with, and the search. Each in a process of its own, so that a cell begins
 * with a fresh machine. A line for each, for tests/tools/explore.py:
 *
 *     cell NAME PLACE: expected VERDICT script VERDICT search VERDICT key=value ... : why
 */
#include "tests/races/sim/sim_race.h"
#include "tests/races/help.h"
#include "kernel/base/counters.h"
#include "kernel/base/options.h"
#include "kernel/base/panic.h"
#include "kernel/base/print.h"
#include "mm/rivals/rivals.h"
#include "mm/space/frame.h"
#include "mm/table/fold.h"
#include "mm/table/policy.h"
#include "tests/unit/crew.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FRAMES 1024

static char wanted[64], script_text[256], record_path[256], mutant[48];
static u64 most, bound, seed = 1, runs = 1;
static bool boot_cell;
static enum search_kind kind;
static const struct race *racing __section("sim_log");

bool string_copy(char *to, const char *from, size_t size);
bool string_copy(char *to, const char *from, size_t size)
{
	return (size_t)snprintf(to, size, "%s", from) < size;
}

/* --- options --------------------------------------------------------------------------
 */

static bool parse_race(const char *value)
{
	return *value && string_copy(wanted, value, sizeof(wanted));
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
	kind = choice;
	bound = colon ? strtoul(colon + 1, NULL, 10) : 2;
	return true;
}
OPTION(race_search, "search", "classes, everything, preemptions:N or random",
	parse_search);

static bool parse_most(const char *value)
{
	most = strtoul(value, NULL, 10);
	return most;
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
	return string_copy(script_text, value, sizeof(script_text));
}
OPTION(race_script, "script", "0@gup_read,1,r,0: the schedule for race=", parse_script);

static bool parse_record(const char *value)
{
	return string_copy(record_path, value, sizeof(record_path));
}
OPTION(race_record, "record", "FILE: write the first violation down", parse_record);

static bool parse_mutant(const char *value)
{
	return string_copy(mutant, value, sizeof(mutant));
}
OPTION(race_mutant, "mutant", "NAME: which mistake this program has", parse_mutant);

static bool parse_cells(const char *value)
{
	boot_cell = !strcmp(value, "boot");
	return boot_cell;
}
OPTION(race_cells, "cells", "boot: the given policies only", parse_cells);

static char sweeps[64];

static bool parse_sweeps(const char *value)
{
	size_t i;

	if (!string_copy(sweeps, value, sizeof(sweeps)))
		return false;
	for (i = 0; sweeps[i]; i++)
		if (sweeps[i] == ',')
			sweeps[i] = ' ';
	return true;
}
OPTION(race_sweeps, "sweeps", "AXIS,...: explore all values of these", parse_sweeps);

static bool parse_runs(const char *value)
{
	runs = strtoul(value, NULL, 10);
	return runs;
}
OPTION(race_runs, "runs", "N: random walks, or repetitions", parse_runs);

/* --- the race -------------------------------------------------------------------------
 */

void race_damaged(const char *what, const char *file, int line)
{
	static char text[200] __section("sim_log");

	snprintf(text, sizeof(text), "%s (%s:%d)", what, file, line);
	if (running)
		explore_fail(text);
	if (!explore_wrong)
		explore_wrong = text;
}

static const char *detected;

void race_detected(const char *what)
{
	detected = what;
}

const char *sim_race_detected(void)
{
	static const enum counter rechecks[] = {COUNT_GUP_RECHECK_PTE,
		COUNT_GUP_RECHECK_PMD, COUNT_GUP_REFUSED, COUNT_GUP_OVER_LIMIT};

	for (size_t i = 0; i < ARRAY_SIZE(rechecks); i++)
		if (counter_sum(rechecks[i]))
			return counter_name(rechecks[i]);
	return detected;
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
	racing->actor[number]();
}

void sim_race_start(void)
{
	for (unsigned int i = 0; i < RACE_ACTORS; i++)
		if (racing->actor[i])
			crew_start(act, i, 1U << i);
}

static u64 detections __section("sim_log");

void sim_race_end(void)
{
	detections += sim_race_detected() != NULL;
	(void)sim_rcu_run();
	racing->check();
}

/* --- a cell ---------------------------------------------------------------------------
 */

static const struct race_place *place;
static char place_text[200];

static enum race_verdict run_script(const struct script *script, const char **because)
{
	const char *wait, *recheck;

	wait = sim_follow(script, script_text[0]);
	recheck = sim_race_detected();
	*because = explore_wrong ? explore_wrong : recheck ? recheck : wait ? wait : "";
	return explore_wrong ? RACE_DAMAGED
	       : recheck     ? RACE_DETECTED
	       : wait        ? RACE_EXCLUDED
			     : RACE_HARMLESS;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* How many interleavings the classes stand for: from a few walks. */
static double estimate(void)
{
	struct search walks = {.kind = SEARCH_RANDOM,
		.most = 100,
		.seed = seed,
		.go_on = true,
		.start = sim_race_start};

	search_run(&walks);
	return walks.naive;
}

/* --- a script that leads to a violation, by trying short ones --------------------------
 */

static bool damages(const char *text, struct script *script)
{
	const char *wrong = script_parse(text, script);

	ASSERT(!wrong, "%s: %s", text, wrong);
	(void)sim_follow(script, false);
	return explore_wrong;
}

static struct passed points[PASSED_MAX];
static unsigned int point_count;

static void find_points(void)
{
	static const char *const orders[] = {"0 1 2", "1 0 2", "2 1 0"};
	struct script script;

	for (unsigned int i = 0; i < ARRAY_SIZE(orders); i++) {
		(void)damages(orders[i], &script);
		for (unsigned int k = 0; k < sim_passed_count; k++) {
			unsigned int n = 0;

			while (n < point_count &&
				memcmp(&points[n], &sim_passed[k], sizeof(points[n])))
				n++;
			if (n == point_count && n < PASSED_MAX)
				points[point_count++] = sim_passed[k];
		}
	}
}

static void point_text(const struct passed *point, char *to, size_t size)
{
	struct script_part part = {point->actor, point->event, point->times};

	script_part_text(&part, to, size);
}

/* One stops at a point, another one runs, and so on: `text` becomes the shortest found.
 */
static bool find_script(char *text, size_t size)
{
	static const char *const tails[] = {"%s %d %d", "%s %d r %d", "%s %d@%s %d %d"};
	struct script script;
	char at[40], second[40];

	find_points();
	for (unsigned int form = 0; form < ARRAY_SIZE(tails); form++)
		for (unsigned int i = 0; i < point_count; i++)
			for (int other = 0; other < RACE_ACTORS; other++) {
				int me = points[i].actor;

				if (other == me || !racing->actor[other])
					continue;
				point_text(&points[i], at, sizeof(at));
				if (form < 2) {
					snprintf(text, size, tails[form], at, other, me);
					if (damages(text, &script))
						return true;
					continue;
				}
				for (unsigned int k = 0; k < point_count; k++) {
					if (points[k].actor != other)
						continue;
					point_text(&points[k], second, sizeof(second));
					snprintf(text, size, "%s %s %d r %d", at, second,
						me, other);
					if (damages(text, &script))
						return true;
				}
			}
	return false;
}

/* --- */

static u8 who[EVENTS_MAX], chosen[EVENTS_MAX];

/* Of the violation that the search has just found. */
static void keep_order(u32 last)
{
	static u32 order[EVENTS_MAX];
	u32 count = search_straighten(last, order);

	for (u32 i = 0; i < count; i++) {
		who[i] = events[order[i]].actor;
		chosen[i] = events[order[i]].op.chosen;
	}
	who[count] = ACTORS;
}

static u32 kept(void)
{
	u32 count = 0;

	while (who[count] != ACTORS)
		count++;
	return count;
}

static void report(const struct search *search, double time, enum race_verdict by_script,
	const char *because, const char *why)
{
	const struct race_cell *expected = race_cell_at(racing, place);
	bool wrong = search->violations;

	print("cell %s %s: expected=%s script=%s search=%s executions=%lu blocked=%lu"
	      " steps=%lu longest=%u cut=%u detections=%lu violations=%lu first=%lu"
	      " classes=%lu ms=%lu naive=",
		racing->name, place_text,
		race_verdict_name(expected ? expected->verdict : RACE_NONE),
		race_verdict_name(by_script), wrong ? "DAMAGED" : "none",
		search->executions, search->blocked, search->steps, search->longest,
		search->cut, detections, search->violations, search->first,
		search->classes, (u64)(time * 1000));
	printf("%.2g because=%s | %s | %s\n", wrong ? 0.0 : estimate(),
		expected ? expected->because : "", because, why ? why : "");
}

/* Of the cell, what can be said to any machine. */
static const char *policies_text(void)
{
	static char text[200];
	struct race_place where = *place;

	where.value[AXIS_MACHINE] = where.value[AXIS_MUTANT] = "";
	if (fold_policy.kind == SIM_FOLD) /* the machine's usual one */
		where.value[AXIS_FOLD] = "";
	race_place_text(&where, text, sizeof(text));
	return text;
}

/* From where in the program the last execution touched memory, once each. */
static void say_places(u32 count)
{
	static const void *places[EVENTS_MAX];
	u32 known = 0, i;

	print("places");
	for (u32 n = 0; n < count; n++) {
		for (i = 0; i < known && places[i] != events[n].op.pc; i++)
			continue;
		if (i < known || !events[n].op.pc)
			continue;
		places[known++] = events[n].op.pc;
		print(" %lx", (unsigned long)events[n].op.pc);
	}
	print("\n");
}

static void search_cell(const struct script *script)
{
	struct search search = {.kind = kind,
		.bound = (unsigned int)bound,
		.most = most,
		.seed = seed,
		.go_on = kind == SEARCH_RANDOM,
		.start = sim_race_start,
		.end = sim_race_end};
	const char *because;
	enum race_verdict by_script = run_script(script, &because);
	struct story story = {racing->name, policies_text(), mutant, ""};
	char found[160] = "", why[300] = "", schedule[SCHEDULES];
	double begun = seconds();

	because = strdup(because);
	detections = 0;
	search_run(&search);
	begun = seconds() - begun;
	if (search.violations) {
		snprintf(why, sizeof(why), "%s", explore_wrong ? explore_wrong : "");
		keep_order(explore_event);
		string_copy(schedule, explore_taken, sizeof(schedule));
		if (by_script == RACE_DAMAGED)
			string_copy(found, racing->script, sizeof(found));
		else if (!find_script(found, sizeof(found)))
			found[0] = '\0';
		story.script = found;
		if (record_path[0])
			sim_record(who, chosen, kept(), &story, record_path);
	}
	report(&search, begun, by_script, because, why);
	say_places(explore_event + 1);
	if (search.violations)
		print("schedule %s\nfound %s\nscript %s\n", explore_taken, schedule,
			found);
}

/* Steps by number, as the search or a record has told them. */
static int replay_schedule(const char *text)
{
	const char *wrong;

	explore_restore();
	sim_race_start();
	wrong = explore_run(text);
	if (!wrong)
		sim_race_end();
	print("%s %s\n%s %s\n", racing->name, place_text,
		explore_wrong ? "DAMAGED" : "no damage",
		explore_wrong ? explore_wrong : "");
	return 0;
}

static int replay_script(const struct script *script)
{
	const char *because;
	enum race_verdict verdict = run_script(script, &because);

	print("%s %s\n%s %s\n", racing->name, place_text, race_verdict_name(verdict),
		because);
	return 0;
}

extern char crew_schedule_text[];

static void run_cell(void)
{
	struct script script;
	const char *wrong =
		script_parse(script_text[0] ? script_text : racing->script, &script);

	if (wrong) {
		print("script \"%s\": %s\n",
			script_text[0] ? script_text : racing->script, wrong);
		_exit(1);
	}
	racing->setup();
	explore_save();
	if (crew_schedule_text[0])
		(void)replay_schedule(crew_schedule_text);
	else if (script_text[0])
		(void)replay_script(&script);
	else
		search_cell(&script);
	fflush(stdout);
}

static unsigned int number_of(enum race_axis axis, const char *value)
{
	unsigned int n = 0;

	while (strcmp(race_axis_values[axis][n], value))
		n++;
	return n;
}

static bool run_apart(const struct race_place *where)
{
	int status = 0;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child)
		return waitpid(child, &status, 0) == child && !status;
	place = where;
	race_place_text(where, place_text, sizeof(place_text));
	policies.flush = number_of(AXIS_FLUSH, where->value[AXIS_FLUSH]);
	policies.tables = number_of(AXIS_TABLES, where->value[AXIS_TABLES]);
	policies.reader = number_of(AXIS_READER, where->value[AXIS_READER]);
	gup_step_chosen = gup_step_find(where->value[AXIS_STEP]);
	sim_rcu_choose(!strcmp(where->value[AXIS_RCU], "counter"));
	run_cell();
	_exit(0);
}

/* --- all cells ------------------------------------------------------------------------
 */

static const char *const rcus[] = {"merged", "counter", NULL};

static const char *const *values_of(int axis)
{
	return axis == AXIS_RCU ? rcus : race_axis_values[axis];
}

static bool next_place(struct race_place *where, unsigned int at[AXIS_RCU + 1])
{
	for (int axis = AXIS_RCU; axis >= 0; axis--) {
		if (boot_cell || !race_sweeps(racing, axis))
			continue;
		if (!values_of(axis)[++at[axis]])
			at[axis] = 0;
		where->value[axis] = values_of(axis)[at[axis]];
		if (at[axis])
			return true;
	}
	return false;
}

static bool run_race(struct race *race)
{
	unsigned int at[AXIS_RCU + 1] = {0};
	struct race_place where = {.value = {race_axis_values[AXIS_FLUSH][policies.flush],
					   race_axis_values[AXIS_TABLES][policies.tables],
					   race_axis_values[AXIS_READER][policies.reader],
					   gup_step_chosen->name,
					   rcu_counts_readers() ? "counter" : "merged",
					   fold_name(), SIM_GEOMETRY, mutant}};
	bool good = true;

	racing = race;
	if (sweeps[0])
		race->sweeps = sweeps;
	for (int axis = 0; axis <= AXIS_RCU; axis++)
		if (race_fixes(race, axis))
			where.value[axis] = race_fixes(race, axis);
		else if (!boot_cell && race_sweeps(race, axis))
			where.value[axis] = values_of(axis)[0];
	do
		good &= run_apart(&where);
	while (next_place(&where, at));
	return good;
}

static bool is_wanted(const struct race *race)
{
	size_t length = strlen(wanted);

	if (!strcmp(wanted, "all"))
		return true;
	if (wanted[length - 1] == '*')
		return !strncmp(wanted, race->name, length - 1);
	return !strcmp(wanted, race->name);
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
	static char stack[64 << 10] __section("sim_log");
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {
		.sa_sigaction = wild, .sa_flags = SA_ONSTACK | SA_NODEFER | SA_SIGINFO};

	(void)sigaltstack(&alternate, NULL);
	(void)sigaction(SIGSEGV, &action, NULL);
	(void)sigaction(SIGBUS, &action, NULL);
}

/* A small machine: all of it is put back before each execution. */
void race_init(void)
{
	if (!wanted[0])
		return;
	catch_wild();
	sim_frames = FRAMES;
	sim_frame_parts = SIM_CPUS;
}

int race_run(void)
{
	unsigned int count = 0;
	bool good = true;

	if (!wanted[0])
		return -1;
	for (struct race *const *race = __start_race_table; race < __stop_race_table;
		race++)
		if (is_wanted(*race)) {
			good &= run_race(*race);
			count++;
		}
	if (!count)
		print("there is no race %s\n", wanted);
	return good && count ? 0 : 1;
}
