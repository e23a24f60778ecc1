/*
 * arch/sim/explore/explore.h - the machine whose every step is chosen.
 *
 * Actors are coroutines: one for each CPU that a test uses, one for each CPU's interrupt,
 * one that ends grace periods and runs callbacks, and, with memory=tso, one for each
 * CPU's store buffer. mm's shared accesses pass hooks (hooks.c), and before each of them
 * the actor stops and says what it is about to do (op.h): a step is that, and everything
 * up to the next stop. Locks, RCU and cross-calls are specifications (arch/sim/spec)
 * built on one thing: an actor that waits is not chosen before its condition holds.
 *
 * Who steps next, the PICKER says: one that follows a schedule (schedule.c), a script of
 * points (tests/races/script.c), or the search that tries everything (search.c). Without
 * actors (a plain unit test) nothing is ever chosen: the hooks only look for accesses to
 * freed memory.
 *
 * A schedule says who steps how often; after its end, or without one, an actor runs until
 * it waits, spins, is done or has made very many steps:
 *
 *     0x5 1x9 i0x2 rx1    five steps of CPU 0, nine of CPU 1, two of CPU 0's interrupt,
 *                         one of RCU (s0: the store buffer of CPU 0)
 */
#pragma once

#include "arch/sim/explore/op.h"
#include "arch/sim/me.h"
#include "arch/sim/sim.h"

#define IRQ(cpu)    (SIM_CPUS + (cpu)) /* actors by number: 0.. are CPUs */
#define BUFFER(cpu) (2 * SIM_CPUS + (cpu))
#define RCU         (3 * SIM_CPUS)
#define ACTORS      (RCU + 1)
#define STACK       (256UL << 10)
#define SCHEDULES   4096 /* bytes of a schedule's text */

struct actor {
	bool alive;            /* started and not done */
	bool waited;           /* it was looked at, and could not step */
	bool (*ready)(void *); /* what it waits for, or NULL */
	void *wait_arg;
	const char *wait_name;
	bool spins;       /* waits for anybody else's step ... */
	u64 others;       /* ... since this many */
	u64 steps;        /* it has made */
	u64 sections;     /* read sections that it has ended */
	struct op op;     /* what it does when it is chosen */
	struct sim_me me; /* who it is, while another one runs */
	void *sp;
	char *stack;
	void (*fn)(unsigned long);
	unsigned long arg;
	struct thread thread;
};

extern struct actor actors[ACTORS];
extern struct actor *running;     /* NULL: the test itself */
extern const char *explore_wrong; /* in this run; NULL: nothing yet */

/* An actor that starts at fn(arg) on `cpu`, when it is chosen. */
void actor_start(unsigned int number, unsigned int cpu, struct thread *thread,
	void (*fn)(unsigned long), unsigned long arg);

/* From inside an actor, after op_set(): stop here; go on when chosen, and not before
 * ready(arg) if given. Nothing happens if no actor runs, but then the condition must
 * hold.
 */
void actor_stop(void);
void actor_wait(const char *what, bool (*ready)(void *), void *arg);
void actor_spin(void);

bool actor_can_step(unsigned int number);
void actor_name(unsigned int number, char name[8]);

/* Chooses from those who can step: a number, or -1 to end the run. It is called on
 * whatever stack is there, before each step. */
typedef int picker_fn(void);

/* Runs the actors that were started, until the picker ends it or something is wrong:
 * NULL, or what. All actors are gone then. */
const char *explore_with(picker_fn *picker);

/* Nobody can step, and not all are done: says who waits for what. */
void explore_deadlock(void);

/* All CPUs are done, no handler and no callback is under way. */
bool explore_done(void);

/* switch.c: a coroutine runs on a stack of its own. */
void coroutine_make(struct actor *actor);
void coroutine_switch(void **save, void *load);

/* Steps until every CPU's actor is done: NULL, or what went wrong. */
const char *explore_run(const char *schedule);

/* One preemption: `steps` of CPU `first`, then CPU `then` until it waits or is done. */
const char *explore_preempt(unsigned int first, unsigned int steps, unsigned int then);
extern char explore_taken[SCHEDULES]; /* the schedule of the last run, to replay it */
extern char crew_schedule[SCHEDULES]; /* option schedule=, blanks for its commas */

/* A schedule's text, made step by step. */
void schedule_begin(void);
void schedule_add(unsigned int number);

/* Ends the run that is going on with a violation; without one, ends the program. */
__noreturn void explore_fail(const char *text);

/* memory.c: is the access allowed? And all state of mm and machine: kept, put back. */
void memory_check(unsigned long address, unsigned int size);
bool memory_is_private(unsigned long address);
bool memory_is_judged(unsigned long address); /* mm's: what tests keep is their own */
void explore_save(void);
void explore_restore(void);

/* buffer.c: memory=tso. Is what a CPU has stored visible to all? */
extern bool explore_tso;
bool buffer_store(unsigned long address, unsigned int size); /* true: it will be later */
bool buffer_is_empty(unsigned int cpu);
void buffer_leave(void); /* another actor runs now, and sees memory without ... */
void buffer_enter(void); /* ... and this one, with what its CPU has stored */
void buffer_reset(void);

/* rcu.c: is the actor in a read section? Which events a batch of callbacks waited for. */
bool section_open(const struct actor *actor);
void rcu_start(void);
bool rcu_idle(void);
bool rcu_pending(void);           /* callbacks wait */
void sim_rcu_choose(bool counts); /* rcu=counter */
void rcu_joins(struct actor *actor);

/* ipi.c: a step that no handler of this CPU may lie over: waits for its end. */
void ipi_stop_unhandled(void);

extern u32 explore_event; /* the number of the event under way (clock.h) */
