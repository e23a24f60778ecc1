/*
 * arch/sim/explore/search.c - the search; see search.h.
 *
 * A FRAME for each step of the current execution: who was chosen, who else could have
 * been, who still has to be (`todo`), who has been (`done`), and who need not be
 * (`asleep`: explored from an earlier frame, and nothing since was dependent on what it
 * would do). After an execution the deepest frame with something to do gets it,
 * everything is put back, and the steps up to there are repeated.
 *
 * What to do is added when a race shows (source-DPOR, Abdulla et al., POPL 2014): from
 * the frame of the first of the two steps somebody has to go on who leads to the second
 * one without it.
 */
#include "arch/sim/explore/search.h"
#include "arch/sim/explore/clock.h"
#include "kernel/base/panic.h"

#include <string.h>

struct frame {
	u16 enabled, todo, done, asleep;
	u8 chosen, choice, choices;
	u8 preemptions; /* up to here */
};

static struct frame frames[EVENTS_MAX];
static u32 depth, repeated; /* steps made; of those that repeat the last execution */
static struct search *now;
static bool blocked;
static u64 random_state;
static double weight;
static u64 seen[1U << 20]; /* hashes of classes */

static u16 who_can(void)
{
	u16 mask = 0;

	for (unsigned int i = 0; i < ACTORS; i++)
		if (actors[i].alive && actor_can_step(i))
			mask |= BIT(i);
	return mask;
}

/* --- what has to be tried --- */

/* Of the events after i that do not need it, and n: the actors whose first one needs no
 * other of them. */
static u16 initials(u32 i, u32 n)
{
	u16 first[ACTORS] = {0}, result = 0, have = 0;

	for (u32 k = i + 1; k <= n; k++) {
		unsigned int actor = events[k].actor;
		bool needs = false;

		if ((have & BIT(actor)) || (k < n && happens_before(i, k)))
			continue;
		for (u16 left = have; left; left &= left - 1) {
			unsigned int other = __builtin_ctz(left);

			needs |= events[k].clock.of[other] >= first[other];
		}
		have |= BIT(actor);
		first[actor] = events[k].index;
		if (!needs)
			result |= BIT(actor);
	}
	return result;
}

/* Somebody of `who`, or, if none of them can step there, everybody. */
static void try_from(u32 i, u16 who)
{
	u16 able = who & frames[i].enabled;

	frames[i].todo |= able ? able & -able : frames[i].enabled;
}

/* The clock of n is not whole yet, but what it lacks is of no event after i. */
static void race(u32 i, u32 n)
{
	u16 who;

	if (now->kind != SEARCH_CLASSES)
		return;
	who = initials(i, n);
	if (!(frames[i].todo & who))
		try_from(i, who & BIT(events[n].actor) & frames[i].enabled
				    ? BIT(events[n].actor)
				    : who);
}

/* --- one execution --- */

static unsigned int prefer(u16 mask)
{
	unsigned int last = depth ? frames[depth - 1].chosen : 0;

	return mask & BIT(last) ? last : (unsigned int)__builtin_ctz(mask);
}

static unsigned int draw(u16 mask)
{
	int skip;

	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	for (skip = (int)(random_state % (unsigned int)__builtin_popcount(mask)); skip;
		skip--)
		mask &= mask - 1;
	return (unsigned int)__builtin_ctz(mask);
}

/* Who went to sleep above, and has not been woken by the step that was made since. */
static u16 still_asleep(const struct frame *above)
{
	u16 asleep = 0, before = (above->asleep | above->done) & ~BIT(above->chosen);

	for (; before; before &= before - 1) {
		unsigned int actor = __builtin_ctz(before);

		if (!op_dependent(&actors[actor].op, &events[depth - 1].op))
			asleep |= BIT(actor);
	}
	return asleep;
}

/* A step may change what a sleeper's CAS would do: looked at before it happens. */
static u16 sleepers; /* of the next frame */

static void bound_todo(struct frame *frame)
{
	unsigned int last = depth ? frames[depth - 1].chosen : ACTORS;
	bool stops = depth && (frame->enabled & BIT(last));

	frame->todo = stops && frames[depth - 1].preemptions == now->bound
			      ? BIT(last)
			      : frame->enabled;
}

static bool new_frame(struct frame *frame, u16 can)
{
	*frame = (struct frame){.enabled = can, .asleep = sleepers};
	if (!(can & ~frame->asleep)) {
		blocked = true;
		return false;
	}
	switch (now->kind) {
	case SEARCH_CLASSES:
		frame->todo = BIT(prefer(can & ~frame->asleep));
		break;
	case SEARCH_PREEMPTIONS:
		bound_todo(frame);
		break;
	default:
		frame->todo = can;
	}
	if (now->kind == SEARCH_RANDOM) {
		frame->chosen = draw(can);
		weight *= __builtin_popcount(can);
	} else {
		frame->chosen = prefer(frame->todo & ~frame->asleep);
	}
	return true;
}

static void count_preemption(struct frame *frame)
{
	unsigned int last = depth ? frames[depth - 1].chosen : frame->chosen;

	frame->preemptions = depth ? frames[depth - 1].preemptions : 0;
	if (frame->chosen != last && (frame->enabled & BIT(last)))
		frame->preemptions++;
}

static int pick(void)
{
	struct frame *frame = &frames[depth];
	struct actor *actor;

	if (depth >= repeated) {
		u16 can = who_can();

		if (!can && !explore_done())
			explore_deadlock();
		ASSERT(depth < EVENTS_MAX - 1, "%u steps in one run", depth);
		if (!can || !new_frame(frame, can))
			return -1;
	}
	actor = &actors[frame->chosen];
	ASSERT(actor_can_step(frame->chosen), "step %u does not repeat", depth);
	count_preemption(frame);
	actor->op.chosen = frame->choice;
	frame->choices = actor->op.choices;
	if (actor->op.kind == OP_RCU_RUN || actor->op.kind == OP_GRACE_OVER)
		rcu_joins(actor);
	clock_event(depth, frame->chosen, depth + 1 >= repeated ? race : NULL);
	explore_event = depth;
	depth++;
	now->steps++;
	sleepers = 0;
	if (now->kind == SEARCH_CLASSES && depth >= repeated)
		sleepers = still_asleep(frame);
	return frame->chosen;
}

/* The last run came to its end: what was wrong then is the result of all that it did. */
static bool ended;

static void execute(void)
{
	depth = 0;
	blocked = false;
	sleepers = 0;
	weight = 1;
	clock_reset();
	explore_restore();
	now->start();
	(void)explore_with(pick);
	ended = !explore_wrong && !blocked;
	if (ended && now->end)
		now->end();
	if (depth > now->longest)
		now->longest = depth;
}

/* Goes back to the deepest frame that has something to do. False: there is none. */
static bool go_back(void)
{
	while (depth--) {
		struct frame *frame = &frames[depth];
		u16 left;

		if (frame->choice + 1 < frame->choices) {
			frame->choice++;
			repeated = depth + 1;
			return true;
		}
		frame->done |= BIT(frame->chosen);
		left = frame->todo & ~(frame->done | frame->asleep);
		if (left) {
			frame->chosen = __builtin_ctz(left);
			frame->choice = 0;
			repeated = depth + 1;
			return true;
		}
	}
	return false;
}

/* --- classes --- */

static u64 mix(u64 hash, u64 value)
{
	hash = (hash ^ value) * 0xff51afd7ed558ccdUL;
	return hash ^ hash >> 32;
}

/* The same for all orders of the same events with the same happens-before. */
static u64 class_hash(void)
{
	u64 sum = 1;

	for (u32 i = 0; i < depth; i++) {
		u64 hash = mix(events[i].actor, events[i].op.chosen);

		for (int a = 0; a < ACTORS; a++)
			hash = mix(hash, events[i].clock.of[a]);
		sum += hash;
	}
	return sum;
}

static bool is_new(u64 hash)
{
	u64 slot = hash % ARRAY_SIZE(seen);

	ASSERT(now->classes < ARRAY_SIZE(seen) / 2, "%lu classes", now->classes);
	for (; seen[slot]; slot = (slot + 1) % ARRAY_SIZE(seen))
		if (seen[slot] == hash)
			return false;
	seen[slot] = hash;
	return true;
}

static bool counts_classes(void)
{
	return now->kind == SEARCH_EVERYTHING || now->kind == SEARCH_PREEMPTIONS;
}

/* True: the search goes on. */
static bool account(void)
{
	if (blocked)
		now->blocked++;
	else
		now->executions++;
	if (counts_classes() && !blocked)
		now->classes += is_new(class_hash());
	now->naive += weight;
	if (explore_wrong && !now->violations++)
		now->first = now->executions;
	return !explore_wrong || now->go_on;
}

static void say_schedule(void)
{
	schedule_begin();
	for (u32 i = 0; i < depth; i++)
		schedule_add(frames[i].chosen);
}

void search_run(struct search *search)
{
	bool more = true;

	now = search;
	search->executions = search->blocked = search->steps = search->classes = 0;
	search->violations = search->first = search->longest = 0;
	search->cut = false;
	search->naive = 0;
	random_state = search->seed * 2 + 1;
	repeated = 0;
	if (counts_classes())
		memset(seen, 0, sizeof(seen));
	while (more) {
		execute();
		more = account();
		if (explore_wrong && !more)
			say_schedule();
		if (more && search->kind != SEARCH_RANDOM)
			more = go_back();
		if (more && search->most && search->executions >= search->most) {
			search->cut = search->kind != SEARCH_RANDOM;
			more = false;
		}
	}
	if (search->kind == SEARCH_RANDOM)
		search->naive /= (double)search->executions;
	explore_restore();
}

/* --- showing it --- */

/* Can event i stand here: has all that happens before it been placed? */
static bool may_follow(u32 i, const struct clock *placed)
{
	for (unsigned int a = 0; a < ACTORS; a++)
		if (a != events[i].actor && events[i].clock.of[a] > placed->of[a])
			return false;
	return events[i].index == placed->of[events[i].actor] + 1;
}

u32 search_straighten(u32 last, u32 *order)
{
	struct clock placed = {{0}};
	unsigned int actor = events[0].actor;
	u32 count = 0, i;
	bool found = true;

	while (found) {
		found = false;
		for (unsigned int turn = 0; turn < ACTORS && !found; turn++) {
			for (i = 0; i <= last && !found; i++)
				found = events[i].actor == actor &&
					(ended || happens_before(i, last)) &&
					may_follow(i, &placed);
			if (!found)
				actor = (actor + 1) % ACTORS;
		}
		if (found) {
			order[count++] = --i;
			placed.of[actor]++;
		}
	}
	return count;
}

unsigned int sim_choose(unsigned int n)
{
	if (!running)
		return 0;
	op_set(OP_CHOOSE, NULL);
	running->op.choices = (u8)n;
	actor_stop();
	return running->op.chosen;
}
