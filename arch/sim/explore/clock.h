/*
 * arch/sim/explore/clock.h - what has happened in this run, and what of it had to happen
 * before what: events with vector clocks.
 *
 * Event i HAPPENS BEFORE j if i's actor had made i when j's clock says so. Two dependent
 * events that nothing else orders are a RACE: the other order is possible, too, and the
 * search has to try it.
 */
#pragma once

#include "arch/sim/explore/explore.h"

#define EVENTS_MAX 8192 /* of a run */

struct clock {
	u16 of[16]; /* by actor: its events up to this many; ACTORS of them are used */
};

struct event {
	u8 actor;
	u16 index; /* of its actor, from 1 */
	struct clock clock;
	struct clock
		synced; /* the same, by what the code itself orders; see datarace.c */
	struct op op;
};

extern struct event events[EVENTS_MAX];

void clock_reset(void); /* the run begins anew */

/* Event `n` is the actor's op. race(i, n) is called for every event i that races with it,
 * the latest first; NULL: it is a repetition, whose clock is known. */
void clock_event(u32 n, unsigned int actor, void (*race)(u32 i, u32 n));

static inline bool happens_before(u32 i, u32 j)
{
	return events[j].clock.of[events[i].actor] >= events[i].index;
}

/* Would the actor's pending op compete with `op`, which is about to happen? */
bool op_dependent(const struct op *pending, const struct op *op);

/* datarace.c: does the code order event n, a plain access or beside one, after the rivals
 * that it conflicts with? NULL, or the sentence that says which it does not. */
struct sync {
	struct clock released; /* by who stored there last */
};
void sync_reset(void);
void sync_after(u32 n, u32 before);                    /* event n comes after that one */
void sync_event(u32 n, struct sync *word, bool known); /* known: a repetition */
const char *sync_race(u32 n, u32 rival);

void clock_join(struct clock *clock, const struct clock *other);

/* What a CAS is, as memory stands: a write, or, where it would fail, a read. */
enum touch_mode op_mode(const struct op *op, unsigned int touch);
