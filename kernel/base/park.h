/*
 * kernel/base/park.h - scripts for windows (lab builds): "who passes this point stays
 * there until I say so".
 *
 *     park = park_arm(TRACE_wait, thread, PARK_UNTIL_TOLD);
 *     ... spin_until(park_taken(park)); what should happen meanwhile ...
 *     park_release(park);
 *
 * The points are those of TRACE() and TRACE_POINT(). Who is parked spins with its locks
 * and interrupt mask as they are; it obeys the panic stop. So the others of the script
 * must not need its CPU, nor what it holds. What only hardware reorders does not show.
 */
#pragma once

#include "kernel/base/trace.h"

#define PARK_UNTIL_TOLD TRACE_EVENTS

struct park;

/* The next one to pass `at` parks: the thread `who` (an arch_current()), or, if that is
 * NULL, anyone but the caller. It is released when anyone else passes `until`, too. NULL:
 * all places are taken. */
struct park *park_arm(enum trace_event at, const void *who, enum trace_event until);
bool park_taken(const struct park *park);

/* Of who is parked: the thread, and whether its interrupts are on. */
const void *park_who(const struct park *park);
bool park_irqs_on(const struct park *park);

/* Goes on; or, if nobody has come, is not waited for any more. */
void park_release(struct park *park);
void park_release_all(void);

/* For scripts of whole races (tests/races): is called at every point, by whoever passes
 * it, while parks_armed counts the script. NULL: none runs. */
extern void (*park_script)(enum trace_event event);

/* How many are parked now. */
unsigned int park_count(void);
