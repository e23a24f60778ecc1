/*
 * arch/sim/explore/clock.c - dependence, clocks and races; see clock.h.
 *
 * For every four bytes of memory that somebody touches there is a cell with the last
 * event of each actor that read, wrote or enabled there: earlier ones come before it.
 */
#include "arch/sim/explore/clock.h"
#include "kernel/base/panic.h"

#include <string.h>

#define CELLS  8192
#define SLOTS  16384 /* a power of two, above CELLS */
#define MODES  3     /* read, write, enable: a join leaves nothing behind */
#define OTHERS 256   /* candidates for a race with one event */

struct cell {
	unsigned long key;
	u16 last[MODES][ACTORS]; /* event number + 1, or 0 */
	struct sync sync;
};

struct event events[EVENTS_MAX];
u32 explore_event;

static struct cell cells[CELLS];
static u32 cells_used;
static struct {
	u32 run, cell;
} slots[SLOTS];
static u32 run = 1;
static struct clock now[ACTORS];

void clock_reset(void)
{
	run++;
	cells_used = 0;
	memset(now, 0, sizeof(now));
	sync_reset();
}

static struct cell *cell_at(unsigned long key)
{
	u32 slot = (u32)(key * 0x9e3779b97f4a7c15UL >> 40) % SLOTS;

	for (; slots[slot].run == run; slot = (slot + 1) % SLOTS)
		if (cells[slots[slot].cell].key == key)
			return &cells[slots[slot].cell];
	ASSERT(cells_used < CELLS, "%u words touched in one run", cells_used);
	slots[slot].run = run;
	slots[slot].cell = cells_used;
	cells[cells_used] = (struct cell){.key = key};
	return &cells[cells_used++];
}

#define for_each_key(key, touch)                                                         \
	for (unsigned long key = (touch)->address / 4;                                   \
		key < ((touch)->address + (touch)->size + 3) / 4; key++)

static unsigned long value_at(const struct touch *touch)
{
	unsigned long value = 0;

	memcpy(&value, (const void *)touch->address, touch->size);
	return value;
}

enum touch_mode op_mode(const struct op *op, unsigned int touch)
{
	if (op->kind == OP_CAS && !touch && value_at(op->touch) != op->expected)
		return TOUCH_READ;
	return op->touch[touch].mode;
}

static bool overlap(const struct touch *a, const struct touch *b)
{
	return a->address / 4 < (b->address + b->size + 3) / 4 &&
	       b->address / 4 < (a->address + a->size + 3) / 4;
}

bool op_dependent(const struct op *pending, const struct op *op)
{
	for (unsigned int i = 0; i < pending->touches; i++)
		for (unsigned int j = 0; j < op->touches; j++) {
			enum touch_mode a = op_mode(pending, i), b = op_mode(op, j);

			if (a <= TOUCH_WRITE && b <= TOUCH_WRITE &&
				(a == TOUCH_WRITE || b == TOUCH_WRITE) &&
				overlap(&pending->touch[i], &op->touch[j]))
				return true;
		}
	return false;
}

void clock_join(struct clock *clock, const struct clock *other)
{
	for (int i = 0; i < 16; i++)
		if (clock->of[i] < other->of[i])
			clock->of[i] = other->of[i];
}

/* --- what an event comes after --- */

static u16 rivals[OTHERS], enablers[OTHERS];
static unsigned int rival_count, enabler_count;

static void note(u16 *list, unsigned int *count, const u16 *last, unsigned int actor)
{
	for (unsigned int other = 0; other < ACTORS; other++)
		if (last[other] && other != actor) {
			ASSERT(*count < OTHERS, "%u candidates", *count);
			list[(*count)++] = last[other] - 1;
		}
}

static void look_at(const struct cell *cell, enum touch_mode mode, unsigned int actor)
{
	if (mode != TOUCH_ENABLE)
		note(enablers, &enabler_count, cell->last[TOUCH_ENABLE], actor);
	if (mode == TOUCH_READ || mode == TOUCH_WRITE)
		note(rivals, &rival_count, cell->last[TOUCH_WRITE], actor);
	if (mode == TOUCH_WRITE)
		note(rivals, &rival_count, cell->last[TOUCH_READ], actor);
}

/* The latest that is left; -1: none. */
static int take_latest(void)
{
	unsigned int best = 0;
	int event;

	if (!rival_count)
		return -1;
	for (unsigned int i = 1; i < rival_count; i++)
		if (rivals[i] > rivals[best])
			best = i;
	event = rivals[best];
	rivals[best] = rivals[--rival_count];
	return event;
}

static void find(const struct op *op, unsigned int actor)
{
	rival_count = enabler_count = 0;
	for (unsigned int i = 0; i < op->touches; i++)
		for_each_key(key, &op->touch[i])
			look_at(cell_at(key), op->touch[i].mode, actor);
}

static void comes_after(u32 n, u32 before)
{
	clock_join(&events[n].clock, &events[before].clock);
	sync_after(n, before);
}

/* A rival that a later one has to come after, or that this actor knew of already, is no
 * race: turning it round alone is impossible. */
static void order(u32 n, unsigned int actor, void (*race)(u32 i, u32 n))
{
	struct event *event = &events[n];
	struct clock known = now[actor]; /* without what enabled it */
	int i;

	event->clock = known;
	event->clock.of[actor] = event->index;
	for (unsigned int k = 0; k < enabler_count; k++)
		comes_after(n, enablers[k]);
	for (unsigned int k = 0; k < event->op.joins; k++)
		comes_after(n, event->op.join[k]);
	for (unsigned int k = 0; k < rival_count && !explore_wrong; k++)
		explore_wrong = sync_race(n, rivals[k]);
	while ((i = take_latest()) >= 0) {
		if (known.of[events[i].actor] >= events[i].index)
			continue;
		clock_join(&known, &events[i].clock);
		race((u32)i, n);
		clock_join(&event->clock, &events[i].clock);
	}
}

static void leave_traces(u32 n, unsigned int actor)
{
	const struct op *op = &events[n].op;

	for (unsigned int i = 0; i < op->touches; i++)
		if (op->touch[i].mode != TOUCH_JOIN)
			for_each_key(key, &op->touch[i]) cell_at(key)
				->last[op->touch[i].mode][actor] = n + 1;
}

void clock_event(u32 n, unsigned int actor, void (*race)(u32 i, u32 n))
{
	struct event *event = &events[n];

	if (race) {
		event->actor = actor;
		event->index = now[actor].of[actor] + 1;
		event->op = actors[actor].op;
		for (unsigned int i = 0; i < event->op.touches; i++)
			event->op.touch[i].mode = op_mode(&actors[actor].op, i);
		if (explore_tso && event->op.drains && actors[actor].me.cpu < SIM_CPUS)
			event->op.touch[event->op.touches++] = (struct touch){
				OBJECT_BUFFER(actors[actor].me.cpu), 4, TOUCH_JOIN};
		find(&event->op, actor);
		order(n, actor, race);
	}
	leave_traces(n, actor);
	sync_event(n,
		event->op.touches ? &cell_at(event->op.touch[0].address / 4)->sync : NULL,
		!race);
	now[actor] = event->clock;
}
