/*
 * tests/races/sim/run.c - races on the simulated machine.
 *
 *     unit race=NAME [options] [- LEVELS FOLD]
 *
 *     search=classes|everything|preemptions:N|random   (default: classes)
 *     most=N                 executions in a cell
 *     memory=sc|tso          when others see a store
 *     evicts=                TLBs forget of their own accord, too
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
#include "kernel/base/print.h"
#include "kernel/base/string.h"
#include "mm/table/fold.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FRAMES 1024

/* --- a cell ---------------------------------------------------------------------------
 */

static const struct race_place *place;
static char place_text[200];

static enum race_verdict run_script(const struct script *script, const char **because)
{
	const char *wait, *recheck;

	wait = sim_follow(script, asked.script[0]);
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
		.seed = 1,
		.go_on = true,
		.start = sim_race_start};

	search_run(&walks);
	return walks.naive;
}

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
	const struct race_cell *expected = race_cell_at(sim_racing, place);
	bool wrong = search->violations;

	print("cell %s %s: expected=%s script=%s search=%s executions=%lu blocked=%lu"
	      " steps=%lu longest=%u cut=%u detections=%lu violations=%lu first=%lu"
	      " classes=%lu ms=%lu naive=",
		sim_racing->name, place_text,
		race_verdict_name(expected ? expected->verdict : RACE_NONE),
		race_verdict_name(by_script), wrong ? "DAMAGED" : "none",
		search->executions, search->blocked, search->steps, search->longest,
		search->cut, sim_detections, search->violations, search->first,
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
	struct search search = {.kind = asked.kind,
		.bound = (unsigned int)asked.bound,
		.most = asked.most,
		.seed = 1,
		.go_on = asked.kind == SEARCH_RANDOM,
		.start = sim_race_start,
		.end = sim_race_end};
	const char *because;
	enum race_verdict by_script = run_script(script, &because);
	struct story story = {sim_racing->name, policies_text(), asked.mutant, ""};
	char found[160] = "", why[300] = "", schedule[SCHEDULES];
	double begun = seconds();

	because = strdup(because);
	sim_detections = 0;
	search_run(&search);
	begun = seconds() - begun;
	if (search.violations) {
		snprintf(why, sizeof(why), "%s", explore_wrong ? explore_wrong : "");
		keep_order(explore_event);
		string_copy(schedule, explore_taken, sizeof(schedule));
		if (by_script == RACE_DAMAGED)
			string_copy(found, sim_racing->script, sizeof(found));
		else
			(void)sim_find_script(found, sizeof(found));
		story.script = found;
		if (asked.record[0])
			sim_record(who, chosen, kept(), &story, asked.record);
	}
	report(&search, begun, by_script, because, why);
	say_places(explore_event + 1);
	if (search.violations)
		print("schedule %s\nfound %s\nscript %s\n", explore_taken, schedule,
			found);
}

/* Steps by number, as the search or a record has told them. */
static void replay_schedule(const char *text)
{
	const char *wrong;

	explore_restore();
	sim_race_start();
	wrong = explore_run(text);
	if (!wrong)
		sim_race_end();
	print("%s %s\n%s %s\n", sim_racing->name, place_text,
		explore_wrong ? "DAMAGED" : "no damage",
		explore_wrong ? explore_wrong : "");
}

static void replay_script(const struct script *script)
{
	const char *because;
	enum race_verdict verdict = run_script(script, &because);

	print("%s %s\n%s %s\n", sim_racing->name, place_text, race_verdict_name(verdict),
		because);
}

static void run_cell(void)
{
	const char *text = asked.script[0] ? asked.script : sim_racing->script, *wrong;
	struct script script;

	wrong = script_parse(text, &script);
	if (wrong) {
		print("script \"%s\": %s\n", text, wrong);
		_exit(1);
	}
	sim_race_setup();
	if (crew_schedule[0])
		replay_schedule(crew_schedule);
	else if (asked.script[0])
		replay_script(&script);
	else
		search_cell(&script);
	fflush(stdout);
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
	race_choose(where);
	sim_rcu_choose(!strcmp(where->value[AXIS_RCU], "counter"));
	run_cell();
	_exit(0);
}

/* --- all cells ---------------------------------------------------------------------- */

static bool run_race(struct race *race)
{
	int axes = asked.boot_cell ? 0 : AXIS_RCU + 1;
	struct race_place where;
	bool good = true;

	sim_racing = race;
	if (asked.sweeps[0])
		race->sweeps = asked.sweeps;
	race_boots_place(race, &where, SIM_GEOMETRY, asked.mutant);
	race_first_cell(race, &where, axes);
	do
		good &= run_apart(&where);
	while (race_next_cell(race, &where, axes));
	return good;
}

/* A small machine: all of it is put back before each execution. */
void race_init(void)
{
	if (!asked.wanted[0])
		return;
	sim_frames = FRAMES;
	sim_frame_parts = SIM_CPUS;
}

int race_run(void)
{
	unsigned int count = 0;
	bool good = true;

	if (!asked.wanted[0])
		return -1;
	for (struct race *const *race = __start_race_table; race < __stop_race_table;
		race++)
		if (race_is_called(*race, asked.wanted) &&
			race_is_for(*race, SIM_GEOMETRY)) {
			good &= run_race(*race);
			count++;
		}
	if (!count)
		print("there is no race %s for geometry " SIM_GEOMETRY "\n",
			asked.wanted);
	return good && count ? 0 : 1;
}
