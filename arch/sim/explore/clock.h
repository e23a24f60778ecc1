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
	struct op op;
};

extern struct event events[EVENTS_MAX];
extern u32 explore_event; /* the number of the event under way */

/* The run begins anew. */
void clock_reset(void);

/* Event `n` is the actor's op. race(i, n) is called for every event i that races with it,
 * the latest first; NULL: it is a repetition, whose clock is known. */
void clock_event(u32 n, unsigned int actor, void (*race)(u32 i, u32 n));

static inline bool happens_before(u32 i, u32 j)
{
	return events[j].clock.of[events[i].actor] >= events[i].index;
}

/* Would the actor's pending op compete with `op`, which is about to happen? */
bool op_dependent(const struct op *pending, const struct op *op);

/* What a CAS is, as memory stands: a write, or, where it would fail, a read. */
enum touch_mode op_mode(const struct op *op, unsigned int touch);
