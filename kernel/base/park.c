/*
 * kernel/base/park.c - the parking places; see park.h.
 *
 * Data: a few places, each handed on by its state: FREE -> (claimed) -> SET -> TAKEN ->
 * GO. Who makes a step owns the other fields until the next. No locks: any may be held.
 */
#include "kernel/base/park.h"

#ifdef ORIGAMI_LAB

#include "kernel/base/atomic.h"
#include "arch/contract/cpu.h"
#include "arch/contract/irq.h"

enum park_state {
	PARK_FREE,
	PARK_CLAIMED,
	PARK_SET,
	PARK_TAKEN,
	PARK_GO,
};

struct park {
	u32 state; /* (a) enum park_state */
	enum trace_event at, until;
	const void *who, *not_who; /* NULL: anyone, nobody */
	bool irqs_on;
};

static struct park parks[4];
u32 parks_armed; /* (a) places that are not free, and scripts that run */
void (*park_script)(enum trace_event event); /* (a) */

#define for_each_park(park)                                                              \
	for (struct park *park = parks; park < parks + ARRAY_SIZE(parks); park++)

struct park *park_arm(enum trace_event at, const void *who, enum trace_event until)
{
	for_each_park(park)
	{
		if (!atomic_cas(&park->state, PARK_FREE, PARK_CLAIMED))
			continue;
		park->at = at;
		park->until = until;
		park->who = who;
		park->not_who = who ? NULL : arch_current();
		atomic_add(&parks_armed, 1);
		atomic_store(&park->state, PARK_SET);
		return park;
	}
	return NULL;
}

bool park_taken(const struct park *park)
{
	return atomic_load(&park->state) == PARK_TAKEN;
}

const void *park_who(const struct park *park)
{
	return park->who;
}

bool park_irqs_on(const struct park *park)
{
	return park->irqs_on;
}

static void leave(struct park *park)
{
	atomic_store(&park->state, PARK_FREE);
	atomic_sub(&parks_armed, 1);
}

void park_release(struct park *park)
{
	if (atomic_cas(&park->state, PARK_SET, PARK_CLAIMED))
		leave(park);
	else
		(void)atomic_cas(&park->state, PARK_TAKEN, PARK_GO);
}

void park_release_all(void)
{
	for_each_park(park) park_release(park);
}

unsigned int park_count(void)
{
	unsigned int count = 0;

	for_each_park(park) count += park_taken(park);
	return count;
}

static void stay(struct park *park)
{
	while (park_taken(park))
		arch_cpu_relax();
	leave(park);
}

static bool is_meant(const struct park *park, enum trace_event event)
{
	const void *me = arch_current();

	return park->at == event && me != park->not_who &&
	       (!park->who || me == park->who);
}

void park_pass(enum trace_event event)
{
	void (*script)(enum trace_event) = atomic_load(&park_script);

	if (script)
		script(event);
	for_each_park(park)
	{
		u32 state = atomic_load(&park->state);

		if (state == PARK_TAKEN && park->until == event &&
			park->who != arch_current()) {
			park_release(park);
		} else if (state == PARK_SET && is_meant(park, event) &&
			   atomic_cas(&park->state, PARK_SET, PARK_CLAIMED)) {
			park->who = arch_current();
			park->irqs_on = arch_irq_enabled();
			atomic_store(&park->state, PARK_TAKEN);
			stay(park);
		}
	}
}

#endif
