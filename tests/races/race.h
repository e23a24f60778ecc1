/*
 * tests/races/race.h - a race: a few actors, the points that they pass, a claim.
 *
 * One C file in tests/races/ is one race, and the same file runs on all machines. On the
 * simulated machine `make explore` runs every interleaving of its actors' shared
 * accesses; in the guests, and there too, `make races` runs its script and compares the
 * verdict.
 *
 *     static void walk(void)
 *     {
 *             ... gup_fast() ... RACE_CLAIM(held != stranger, "a stranger's frame");
 *     }
 *
 *     RACE(gup_munmap) = {
 *             .name = "gup_munmap",
 *             .story = "gup_fast() beside munmap() of the page",
 *             .setup = setup,
 *             .actor = {walk, unmap},
 *             .check = check,
 *             .teardown = teardown,
 *             .script = "0@gup_read 1 0",
 *             .sweeps = "flush reader",
 *             .cells = (const struct race_cell[]){
 *                     {"mutant=gup_pte_recheck flush=ipi", RACE_EXCLUDED, "cross-call"},
 *                     {"mutant=gup_pte_recheck", RACE_DAMAGED, ""},
 *                     {"", RACE_DETECTED, "the pte is not what it was"},
 *                     {}},
 *     };
 *
 * Actor n is a thread on CPU n with interrupts on and no mm; it says mm_use() itself.
 * Setup and check run alone, on CPU 0 and before or after all actors, and grace periods
 * have ended before the check. On the simulated machine everything is put back between
 * two runs; teardown is for the guests.
 *
 * A SCRIPT is the schedule that all three machines understand. Its parts, one after the
 * other:
 *
 *     0@gup_read     actor 0 goes on until it passes TRACE(gup_read), and stops there
 *     0@gup_read*2   ... for the second time
 *     0              actor 0 goes on until it is done, or waits for somebody who stands
 *     r              grace periods go on until callbacks have run, or wait likewise
 *
 * What of it cannot be followed because the actor waits is noted (that is what EXCLUDED
 * means) and the next part comes. After the last part all run to their ends. What fired
 * tells more than who waited: a run in which both happened is DETECTED.
 */
#pragma once

#include "kernel/base/types.h"

#define RACE_ACTORS 3

struct page;

enum race_verdict {
	RACE_NONE,     /* of the table's end */
	RACE_HARMLESS, /* nothing happened, because ... */
	RACE_DETECTED, /* a recheck fired, and the fallback ran: which one? */
	RACE_EXCLUDED, /* an actor waited for one that stood still: at which wait? */
	RACE_DAMAGED,  /* a claim or an oracle of the machine was broken */
};

/* One row of the table of expected verdicts. `where` restricts axes to values, e.g.
 * "flush=ipi tables=rcu,ipi mutant=gup_pte_recheck"; an axis that is not named may have
 * any value, but for `mutant`: without it the row is about the tree as it is. The first
 * row that fits a cell counts. Axes: flush, tables, reader, rcu, step, fault, fold,
 * machine (x86_64, s390x, and sim's geometries likewise), mutant. `because`: of EXCLUDED
 * the name of the wait (a lock's, "cross-call" or "grace period"). */
struct race_cell {
	const char *where;
	enum race_verdict verdict;
	const char *because;
};

struct race {
	const char *name;
	const char *story; /* one line */
	void (*setup)(void);
	void (*actor[RACE_ACTORS])(void); /* the unused ones are NULL */
	void (*check)(void);              /* NULL: the actors and the oracles see all */
	void (*teardown)(void);
	const char *script;
	const char *sweeps; /* axes whose every value is a cell; of others the default
			       is, or what "axis=value" says here. "machine=C,x86_64":
			       only there; else on all machines but sim's geometry C,
			       whose leaves are four pages */
	const struct race_cell *cells; /* ends with {} */
};

#define RACE(ident)                                                                      \
	static struct race race_##ident;                                                 \
	static struct race *const race_entry_##ident __used __section("race_table") =    \
		&race_##ident;                                                           \
	static struct race race_##ident

extern struct race *const __start_race_table[], *const __stop_race_table[];

/* From anywhere in a race: what must hold. The first claim that is broken makes the
 * verdict DAMAGED, with this text. */
void race_damaged(const char *what, const char *file, int line);

#define RACE_CLAIM(condition, what)                                                      \
	do {                                                                             \
		if (!(condition))                                                        \
			race_damaged(what, __FILE__, __LINE__);                          \
	} while (0)

/* For reuse: the frame, which was freed just now, becomes a stranger's (PAGE_KERNEL).
 * NULL: it is not free. */
struct page *race_take_frame(const struct page *frame);

/* This CPU's hardware walks to the address of its own accord, from the root that it has
 * loaded. On the simulated machine; real ones do as they like. */
void race_speculate(unsigned long address);

/* Until the frames are given back, nobody gets any. */
void race_take_all_frames(void);
void race_give_frames_back(void);

/* "A recheck fired": adds to this count since the race began make the verdict DETECTED
 * (counters gup_recheck_pte, gup_recheck_pmd, gup_refused, gup_over_limit, gup_forked,
 * gup_shared of kernel/base/counters.h count by themselves; of races with the axis fault
 * also why a front end was given up). */
void race_detected(const char *what);
