/*
 * arch/sim/spec/rcu.c - RCU as a specification: a callback may run as soon as every
 * read section has ended that was open when it was queued, and not before; one actor,
 * RCU, runs them. With rcu=merged interrupts off is a section, too, with rcu=counter only
 * rcu_read_lock() is. Preemption off is none here, though merged RCU takes it for one: to
 * promise less finds more.
 */
#include "arch/sim/explore/explore.h"
#include "arch/contract/irq.h"
#include "kernel/base/options.h"
#include "kernel/base/panic.h"
#include "kernel/base/trace.h"

#define BATCHES      64
#define READERS      BUFFER(0) /* actors that may be in a section */
#define SECTIONS_MAX 100000    /* of one actor in a run */

/* Callbacks that wait for the same sections. */
struct batch {
	struct rcu_head *first, **end;
	bool open[READERS];
	u64 section[READERS];
	u32 queued; /* by this event */
};

static struct batch batches[BATCHES];
static unsigned int first, count; /* of the ring in use */
static bool busy;                 /* the actor is inside a callback */
static struct thread rcu_thread;
static unsigned int mode __section("policy_words"); /* 1: counter */

/* The event that ended each section of an actor; rcu_joins() tells it. */
static u32 ends[READERS][SECTIONS_MAX] __section("sim_log");

static const char *const modes[] = {"merged", "counter"};

static bool parse_rcu(const char *value)
{
	return option_choice(value, modes, ARRAY_SIZE(modes), &mode);
}

static const char *rcu_value(void)
{
	return modes[mode];
}
POLICY(rcu, "rcu", "merged or counter: is interrupts-off a read section?", parse_rcu,
	rcu_value);

bool rcu_counts_readers(void)
{
	return mode == 1;
}

void sim_rcu_choose(bool counts)
{
	mode = counts;
}

bool section_open(const struct actor *actor)
{
	const struct sim_me *me = actor == running ? &sim_me : &actor->me;

	return actor->alive && (me->thread->info.rcu_nesting || (!mode && !me->irqs_on));
}

static unsigned int number_of(const struct actor *actor)
{
	return (unsigned int)(actor - actors);
}

static void section_ended(void)
{
	ASSERT(running->sections < SECTIONS_MAX, "%lu read sections", running->sections);
	ends[number_of(running)][running->sections++] = explore_event;
}

/* A section that begins or ends here competes with who looks which are open. */
static void touch_section(void)
{
	if (running && number_of(running) < READERS)
		op_touch(OBJECT_READER(number_of(running)), 4, TOUCH_WRITE);
}

void sim_irqs_closing(void)
{
	op_set(OP_IRQ_OFF, NULL);
	op_touch(OBJECT_IRQ(sim_me.cpu), 4, TOUCH_WRITE);
	if (running && !mode && !section_open(running))
		touch_section();
	ipi_stop_unhandled();
}

void sim_irqs_closed(void)
{
}

void sim_irqs_opening(void)
{
	op_set(OP_IRQ_ON, NULL);
	op_touch(OBJECT_IRQ(sim_me.cpu), 4, TOUCH_ENABLE);
	if (running && !mode && !current_info()->rcu_nesting)
		touch_section();
	actor_stop();
}

void sim_irqs_opened(void)
{
	if (running && !mode && !section_open(running))
		section_ended();
}

void rcu_read_lock(void)
{
	if (running && !section_open(running)) {
		op_set(OP_RCU_LOCK, NULL);
		touch_section();
		actor_stop();
	}
	current_info()->rcu_nesting++;
}

void rcu_read_unlock(void)
{
	bool ends = current_info()->rcu_nesting == 1 && (mode || sim_me.irqs_on);

	if (running && ends) {
		op_set(OP_RCU_UNLOCK, NULL);
		touch_section();
		actor_stop();
	}
	current_info()->rcu_nesting--;
	if (running && ends)
		section_ended();
}

static void capture(struct batch *batch)
{
	for (unsigned int i = 0; i < READERS; i++) {
		batch->open[i] = section_open(&actors[i]);
		batch->section[i] = actors[i].sections;
	}
}

static bool elapsed(void *arg)
{
	const struct batch *batch = arg;

	for (unsigned int i = 0; i < READERS; i++)
		if (batch->open[i] && batch->section[i] == actors[i].sections &&
			section_open(&actors[i]))
			return false;
	return true;
}

static void touch_readers(enum op_kind kind)
{
	op_set(kind, NULL);
	op_touch(OBJECT_READER(0), 4 * READERS, TOUCH_READ);
	op_drains();
}

/* With all batches in use the last one waits for the sections of now as well. */
void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *))
{
	struct batch *batch;

	touch_readers(OP_CALL_RCU);
	op_touch(OBJECT_CALLBACKS, 4, TOUCH_WRITE);
	actor_stop();
	if (count < BATCHES) {
		batch = &batches[(first + count++) % BATCHES];
		batch->end = &batch->first;
	} else {
		batch = &batches[(first + count - 1) % BATCHES];
	}
	capture(batch);
	batch->queued = explore_event;
	*head = (struct rcu_head){.fn = fn};
	*batch->end = head;
	batch->end = &head->next;
}

static unsigned int run_batch(void)
{
	struct rcu_head *head = batches[first].first, *next;
	unsigned int ran = 0;

	first = (first + 1) % BATCHES;
	count--;
	for (; head; head = next, ran++) {
		next = head->next;
		head->fn(head);
	}
	return ran;
}

static bool batch_ready(void *none)
{
	return count && elapsed(&batches[first]);
}

static void announce_batch(void)
{
	op_set(OP_RCU_RUN, "grace period");
	op_drains();
}

/* What the actor that waits for a grace period had to wait for. */
void rcu_joins(struct actor *actor)
{
	struct op *op = &actor->op;
	bool runs = op->kind == OP_RCU_RUN;
	const struct batch *batch = runs ? &batches[first] : actor->wait_arg;

	if (runs)
		op->join[op->joins++] = batch->queued;
	for (unsigned int i = 0; i < READERS; i++)
		if (batch->open[i] && batch->section[i] < actors[i].sections)
			op->join[op->joins++] = ends[i][batch->section[i]];
}

static void reclaim(unsigned long none)
{
	for (;;) {
		busy = true;
		(void)run_batch();
		busy = false;
		announce_batch();
		actor_wait("grace period", batch_ready, NULL);
	}
}

void rcu_start(void)
{
	busy = false;
	actor_start(RCU, SIM_CPUS, &rcu_thread, reclaim, 0);
	running = &actors[RCU];
	announce_batch();
	running->ready = batch_ready;
	running->wait_name = "grace period";
	running = NULL;
}

bool rcu_pending(void)
{
	return count;
}

bool rcu_idle(void)
{
	return !busy;
}

void synchronize_rcu(void)
{
	struct batch now;

	ASSERT(!current_info()->rcu_nesting, "waiting inside a read section");
	if (!running) {
		(void)sim_rcu_run();
		return;
	}
	touch_readers(OP_GRACE);
	actor_stop();
	capture(&now);
	op_set(OP_GRACE_OVER, "grace period");
	actor_wait("grace period", elapsed, &now);
}

static bool all_ran(void *none)
{
	return !count && !busy;
}

void rcu_barrier(void)
{
	if (running)
		actor_wait("callbacks", all_ran, NULL);
	else
		(void)sim_rcu_run();
}

/* Only what was queued before: callbacks may queue more. */
unsigned int sim_rcu_run(void)
{
	unsigned int ran = 0;

	ASSERT(!running && !current_info()->rcu_nesting, "waiting inside a read section");
	for (unsigned int left = count; left; left--)
		ran += run_batch();
	return ran;
}
