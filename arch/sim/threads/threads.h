/*
 * arch/sim/threads/threads.h - what the files of this build share.
 *
 * A simulated CPU is a mutex: whoever holds it runs there. So a CPU does one thing at a
 * time, and what one of its threads did happened before what the next one does.
 */
#pragma once

#include "arch/sim/me.h"
#include "arch/sim/sim.h"

#define RECLAIMER_CPU SIM_CPUS       /* runs the callbacks of call_rcu() */
#define READERS       (SIM_CPUS + 1) /* host threads that may read: the test, its crew */

/* Run as `thread` on the CPU, once nobody else does; leave it again. */
void cpu_enter(unsigned int cpu, struct thread *thread);
void cpu_leave(void);

/* This host thread's number, 0..READERS - 1: whose read sections it counts. */
void reader_set(unsigned int number);

/* Read sections nest; interrupts off is one too. */
void section_enter(void);
void section_leave(void);

/* While a crew runs a host thread of its own runs callbacks, as they get ready. */
void reclaimer_start(void);
void reclaimer_stop(void);
