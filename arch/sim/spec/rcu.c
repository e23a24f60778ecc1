/*
 * arch/sim/spec/rcu.c - RCU as a specification: a callback may run as soon as every
 * read section has ended that was open when it was queued, and not before; one actor,
 * RCU, runs them. Interrupts or preemption off is a section, too.
 */
#include "arch/sim/explore/explore.h"
#include "arch/contract/irq.h"
#include "kernel/base/panic.h"

#define BATCHES 64

/* Callbacks that wait for the same sections. */
struct batch {
	struct rcu_head *first, **end;
	bool open[ACTORS];
	u64 section[ACTORS];
};

static struct batch batches[BATCHES];
static unsigned int first, count; /* of the ring in use */
static bool busy;                 /* the actor is inside a callback */
static struct thread rcu_thread;

bool section_open(const struct actor *actor)
{
	const struct sim_me *me = actor == running ? &sim_me : &actor->me;

	return actor->alive && (!me->irqs_on || me->thread->info.rcu_nesting ||
				       me->thread->info.preempt_count);
}

static void may_have_ended(void)
{
	if (running && !section_open(running))
		running->section++;
}

void sim_irqs_closed(void)
{
}

/* Each is a step: interrupts, grace periods may come right here. */
void sim_irqs_opened(void)
{
	may_have_ended();
	actor_stop();
}

void sim_preempt_opened(void)
{
	may_have_ended();
}

void rcu_read_lock(void)
{
	actor_stop();
	current_info()->rcu_nesting++;
}

void rcu_read_unlock(void)
{
	current_info()->rcu_nesting--;
	may_have_ended();
	actor_stop();
}

static void capture(struct batch *batch)
{
	for (int i = 0; i < ACTORS; i++) {
		batch->open[i] = section_open(&actors[i]);
		batch->section[i] = actors[i].section;
	}
}

static bool elapsed(void *arg)
{
	const struct batch *batch = arg;

	for (int i = 0; i < ACTORS; i++)
		if (batch->open[i] && batch->section[i] == actors[i].section &&
			section_open(&actors[i]))
			return false;
	return true;
}

/* With all batches in use the last one waits for the sections of now as well. */
void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *))
{
	struct batch *batch;

	if (count < BATCHES) {
		batch = &batches[(first + count++) % BATCHES];
		batch->end = &batch->first;
	} else {
		batch = &batches[(first + count - 1) % BATCHES];
	}
	capture(batch);
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

static void reclaim(unsigned long none)
{
	for (;;) {
		actor_wait("callbacks", batch_ready, NULL);
		busy = true;
		(void)run_batch();
		busy = false;
	}
}

void rcu_start(void)
{
	busy = false;
	actor_start(RCU, SIM_CPUS, &rcu_thread, reclaim, 0);
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
	capture(&now);
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
