/*
 * arch/sim/explore/actor.c - actors, and how they take turns; see explore.h.
 *
 * There is no scheduler to switch to: whoever stops asks the picker on its own stack, and
 * switches straight to the next one. If that is itself, as in most steps, it just
 * returns. An actor can step if it is alive, its condition holds, its store buffer is as
 * empty as its op wants, and no interrupt handler lies on top of it. If nobody can and
 * CPUs are not done, they wait for each other: a violation, too.
 */
#include "arch/sim/explore/explore.h"
#include "kernel/base/panic.h"

#include <execinfo.h>
#include <sanitizer/common_interface_defs.h>
#include <stdio.h>
#include <string.h>

struct actor actors[ACTORS];
struct actor *running;
const char *explore_wrong;

static picker_fn *pick;
static void *outside;            /* the stack pointer of who runs the actors ... */
static struct sim_me outside_me; /* ... and who that is */
static u64 steps;                /* of all actors */
static char wrong_text[300];
static struct op nobodys; /* where no actor runs */

void actor_start(unsigned int number, unsigned int cpu, struct thread *thread,
	void (*fn)(unsigned long), unsigned long arg)
{
	struct actor *actor = &actors[number];

	ASSERT(!actor->alive, "actor %u runs already", number);
	actor->alive = true;
	actor->spins = false;
	actor->ready = NULL;
	actor->op = (struct op){.kind = OP_BEGIN};
	actor->me = (struct sim_me){.cpu = cpu, .thread = thread, .irqs_on = true};
	actor->fn = fn;
	actor->arg = arg;
	coroutine_make(actor);
}

/* --- what it will do next --- */

void op_set(enum op_kind kind, const char *name)
{
	struct op *op = running ? &running->op : &nobodys;

	op->kind = kind;
	op->drains = op->plain = op->releases = false;
	op->touches = op->joins = op->choices = op->chosen = 0;
	op->name = name;
	op->frame = op->pc = NULL;
	if (kind > OP_FENCE) /* those know where they are */
		op->frame = __builtin_frame_address(0);
}

void op_touch(unsigned long address, unsigned int size, enum touch_mode mode)
{
	struct op *op = running ? &running->op : &nobodys;

	ASSERT(op->touches < OP_TOUCHES, "%u things touched at once", op->touches);
	op->touch[op->touches++] = (struct touch){address, size, mode};
}

void op_drains(void)
{
	(running ? &running->op : &nobodys)->drains = true;
}

/* --- taking turns --- */

bool actor_can_step(unsigned int number)
{
	struct actor *actor = &actors[number];

	if (!actor->alive)
		return false;
	if (actor->spins && steps - actor->steps == actor->others)
		return false;
	if (actor->op.drains && !buffer_is_empty(actor->me.cpu))
		return false;
	return !actor->ready || actor->ready(actor->wait_arg);
}

bool explore_done(void)
{
	for (unsigned int number = 0; number < BUFFER(0); number++)
		if (actors[number].alive)
			return false;
	for (unsigned int cpu = 0; cpu < SIM_CPUS; cpu++)
		if (!buffer_is_empty(cpu))
			return false;
	return rcu_idle();
}

void explore_deadlock(void)
{
	size_t length = 0;

	for (unsigned int number = 0; number < ACTORS; number++) {
		const struct actor *actor = &actors[number];
		char name[8];

		if (!actor->alive || number >= BUFFER(0))
			continue;
		actor_name(number, name);
		length += snprintf(wrong_text + length, sizeof(wrong_text) - length,
			"%s%s waits: %s", length ? ", " : "", name,
			actor->ready ? actor->wait_name : "for its turn");
	}
	explore_wrong = wrong_text;
}

/* The next one to step, or NULL: the run is over. */
static struct actor *next(void)
{
	int number = explore_wrong ? -1 : pick();

	if (number < 0)
		return NULL;
	steps++;
	actors[number].steps++;
	actors[number].spins = false;
	actors[number].ready = NULL;
	return &actors[number];
}

static void turn(void)
{
	struct actor *me = running, *to;

	if (me)
		me->me = sim_me; /* others look at it to see whether they can step */
	if (explore_tso)
		buffer_leave();
	to = next();
	if (to == me) {
		if (explore_tso)
			buffer_enter();
		return;
	}
	if (!me)
		outside_me = sim_me;
	running = to;
	sim_me = to ? to->me : outside_me;
	if (explore_tso)
		buffer_enter();
	coroutine_switch(me ? &me->sp : &outside, to ? to->sp : outside);
}

void actor_stop(void)
{
	if (running)
		turn();
}

void actor_wait(const char *what, bool (*ready)(void *), void *arg)
{
	if (!running) {
		ASSERT(ready(arg), "%s: waiting for ever", what);
		return;
	}
	running->ready = ready;
	running->wait_arg = arg;
	running->wait_name = what;
	turn();
}

void actor_spin(void)
{
	ASSERT(running, "waiting for another cpu, but nobody else runs");
	running->spins = true;
	running->others = steps - running->steps;
	op_set(OP_SPIN, NULL);
	turn();
}

const char *explore_with(picker_fn *picker)
{
	pick = picker;
	explore_wrong = NULL;
	for (unsigned int number = 0; number < ACTORS; number++)
		actors[number].sections = 0;
	rcu_start();
	turn();
	buffer_reset();
	for (unsigned int number = 0; number < ACTORS; number++)
		actors[number].alive = false;
	return explore_wrong;
}

/* --- the end of a run --- */

void explore_fail(const char *text)
{
	if (!running)
		sim_abort(text);
	snprintf(wrong_text, sizeof(wrong_text), "%s", text);
	explore_wrong = wrong_text;
	running->alive = false;
	turn();
	__builtin_unreachable();
}

void sim_failed(const char *text)
{
	explore_fail(text);
}

void actor_name(unsigned int number, char name[8])
{
	static const char kinds[] = {'\0', 'i', 's'};

	if (number == RCU)
		strcpy(name, "r");
	else if (number < SIM_CPUS)
		snprintf(name, 8, "%u", number);
	else
		snprintf(name, 8, "%c%u", kinds[number / SIM_CPUS], number % SIM_CPUS);
}

/* There is no sanitizer to do it. */
void __sanitizer_print_stack_trace(void)
{
	void *frames[40];

	backtrace_symbols_fd(frames, backtrace(frames, ARRAY_SIZE(frames)), 1);
}
