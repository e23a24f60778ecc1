/*
 * arch/sim/explore/explore.h - the machine whose every step is chosen.
 *
 * Actors are coroutines: one for each CPU that a test uses, one for each CPU's interrupt,
 * one that ends grace periods and runs callbacks. mm's shared accesses pass hooks
 * (hooks.c). and before each of them the actor stops: a step is the access it stopped at
 * and everything up to the next. Locks, RCU and cross-calls are specifications
 * (arch/sim/spec) built on one thing: an actor that waits is not chosen before its
 * condition holds. A schedule says who steps when:
 *
 *     0x5 1x9 i0x2 rx1    five steps of CPU 0, nine of CPU 1, two of CPU 0's interrupt,
 *                         one of RCU
 *
 * After its end, or without one, an actor runs until it waits, spins, is done or has made
 * very many steps. Without actors (a plain unit test) nothing is ever chosen: the hooks
 * only look for accesses to freed memory.
 */
#pragma once

#include "arch/sim/me.h"
#include "arch/sim/sim.h"

#define IRQ(cpu)  (SIM_CPUS + (cpu)) /* actors by number: 0.. are CPUs */
#define RCU       (2 * SIM_CPUS)
#define ACTORS    (RCU + 1)
#define STACK     (256UL << 10)
#define SCHEDULES 4096 /* bytes of a schedule's text */

struct actor {
	bool alive;            /* started and not done */
	bool (*ready)(void *); /* what it waits for, or NULL */
	void *wait_arg;
	bool spins;       /* waits for anybody else's step ... */
	u64 others;       /* ... since this many */
	u64 steps;        /* it has made */
	u64 section;      /* moves when a read section ends */
	struct sim_me me; /* who it is, while another one runs */
	void *sp;
	char *stack;
	void (*fn)(unsigned long);
	unsigned long arg;
	struct thread thread;
};

extern struct actor actors[ACTORS];
extern struct actor *running; /* NULL: the test itself */

/* An actor that starts at fn(arg) on `cpu`, when it is chosen. */
void actor_start(unsigned int number, unsigned int cpu, struct thread *thread,
	void (*fn)(unsigned long), unsigned long arg);

/* From inside an actor: stop here; go on when chosen, and not before ready(arg) if given.
 * Nothing happens if no actor runs, but then the condition must hold. */
void actor_stop(void);
void actor_wait(const char *what, bool (*ready)(void *), void *arg);
void actor_spin(void);

/* switch.c: a coroutine runs on a stack of its own. */
void coroutine_make(struct actor *actor);
void coroutine_switch(void **save, void *load);

/* Steps until every CPU's actor is done: NULL, or what went wrong. */
const char *explore_run(const char *schedule);

/* One preemption: `steps` of CPU `first`, then CPU `then` until it waits or is done. */
const char *explore_preempt(unsigned int first, unsigned int steps, unsigned int then);
extern char explore_taken[SCHEDULES]; /* the schedule of the last run, to replay it */

/* Ends the run that is going on with a violation; without one, ends the program. */
__noreturn void explore_fail(const char *text);

/* memory.c: is the access allowed? And all state of mm and machine: kept, put back. */
void memory_check(unsigned long address, unsigned int size);
bool memory_is_private(unsigned long address);
void explore_save(void);
void explore_restore(void);

/* Read sections of an actor, for rcu.c: did one that it was in end? */
bool section_open(const struct actor *actor);
void rcu_start(void);
bool rcu_idle(void);
/* ipi.c */
bool ipi_on_top(unsigned int cpu); /* the CPU's interrupt handler has begun */
