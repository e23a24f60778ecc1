/*
 * arch/sim/explore/datarace.c - data races: two accesses of one word, one of them plain
 * and one a store, which nothing in the code orders.
 *
 * What the compiler makes of a plain access is its own business: it may be torn,
 * repeated, or left out. Then what was explored is not what another compiler's binary
 * does. So it has to be ordered: by locks, interrupts and grace periods, or by a store
 * that releases (or any atomic that writes) and a marked load that sees it. The clocks
 * here count those orders only; whoever just happened to come later is not ordered.
 */
#include "arch/sim/explore/clock.h"

#include <stdio.h>
#include <string.h>

static struct clock synced[ACTORS];

void sync_reset(void)
{
	memset(synced, 0, sizeof(synced));
}

static bool is_access(const struct op *op)
{
	return op->kind >= OP_LOAD && op->kind <= OP_CAS;
}

void sync_after(u32 n, u32 before)
{
	clock_join(&synced[events[n].actor], &events[before].synced);
}

void sync_event(u32 n, struct sync *word, bool known)
{
	struct event *event = &events[n];
	struct clock *clock = &synced[event->actor];
	bool writes = event->op.touches && event->op.touch[0].mode == TOUCH_WRITE;
	bool rmw = event->op.kind == OP_RMW || event->op.kind == OP_CAS;

	if (known)
		*clock = event->synced;
	if (word && !event->op.plain && event->op.kind != OP_STORE)
		clock_join(clock, &word->released);
	clock->of[event->actor] = event->index;
	event->synced = *clock;
	if (!word || !writes)
		return;
	if (!rmw)
		memset(&word->released, 0, sizeof(word->released));
	if (rmw || event->op.releases)
		clock_join(&word->released, clock);
}

const char *sync_race(u32 n, u32 rival)
{
	static char text[120];
	const struct event *now = &events[n], *then = &events[rival];

	if (explore_tso || !is_access(&now->op) || !is_access(&then->op) ||
		(!now->op.plain && !then->op.plain) ||
		!memory_is_judged(now->op.touch[0].address) ||
		synced[now->actor].of[then->actor] >= then->index)
		return NULL;
	snprintf(text, sizeof(text), "a data race: at %p%s, and before at %p%s",
		now->op.pc, now->op.plain ? " (plain)" : "", then->op.pc,
		then->op.plain ? " (plain)" : "");
	return text;
}
