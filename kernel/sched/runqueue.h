/*
 * kernel/sched/runqueue.h - inside kernel/sched only: one CPU's run queue.
 *
 * A READY thread is on the queue of its `cpu`, or in flight: on no queue, in the hands of
 * the one who made it READY, who calls runqueue_deliver(). The running thread is on no
 * queue either. `cpus_idle` names the CPUs that look for work or wait for it.
 */
#pragma once

#include "kernel/base/panic.h"
#include "kernel/base/percpu.h"
#include "kernel/base/spin.h"
#include "kernel/base/string.h"
#include "kernel/base/trace.h"
#include "kernel/sched/rcu.h"
#include "kernel/sched/timer.h"
#include "kernel/sched/wait.h"
#include "arch/contract/irq.h"

struct runqueue {
	struct spinlock lock;
	struct list ready;       /* (l:lock) first come, first served */
	struct thread *current;  /* (l:lock) runs, or has been chosen to */
	struct thread *idle;     /* (c) runs when there is nothing else; never queued */
	struct thread *previous; /* (p) whom the switch under way leaves */
	bool previous_must_move; /* (p) it is in flight and may not run here any more */
	bool in_idle;            /* (p) waiting for an interrupt */
	bool need_resched;       /* (a) call schedule() at the next chance */
	u64 since;               /* (p) up to when CPU time has been accounted */
};

DECLARE_PERCPU(struct runqueue, runqueue);
extern cpuset_t cpus_idle; /* (a) */

/* The queue that `thread` belongs to, locked; interrupts are off. */
struct runqueue *runqueue_lock_of(struct thread *thread);

/* The CPU that a thread in flight should go to. Its queue's lock is held. */
unsigned int runqueue_place(const struct thread *thread);
unsigned int runqueue_place_woken(const struct thread *thread);

/* Lands a READY thread in flight on thread->cpu. The thread may run, and be gone, before
 * this returns. */
void runqueue_deliver(struct thread *thread);

/* Have the CPU call schedule() at its next chance, even if it idles. */
void runqueue_poke(unsigned int cpu);

/* Takes a ready thread from another CPU for this one: in flight, or NULL. */
struct thread *runqueue_steal(unsigned int thief);

/* Leave the CPU in `state`: READY, WAITING (does nothing if the announced wait has been
 * ended already) or DEAD. Interrupts off. In switch.c, like the next two. */
void switch_away(enum thread_state state);
/* What a thread does first after each switch to it. */
void switch_finish(void);
void account_runtime(struct runqueue *rq);

static inline bool allowed_on(const struct thread *thread, unsigned int cpu)
{
	return READ_ONCE(thread->allowed) & 1U << cpu;
}

static inline unsigned int first_cpu(cpuset_t set)
{
	return (unsigned int)__builtin_ctz(set);
}

static inline bool need_resched(void)
{
	return atomic_load_relaxed(&this_cpu(runqueue).need_resched);
}
