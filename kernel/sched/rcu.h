/*
 * kernel/sched/rcu.h - readers that never wait, and freers that wait for them.
 *
 * A read section is rcu_read_lock() ... rcu_read_unlock(): a per-thread counter, nests,
 * may be preempted, must not sleep. In `rcu=merged` (default) any stretch with interrupts
 * or preemption off is one too; in `rcu=counter` (lab) only the counter counts.
 *
 * call_rcu(): fn runs, in a kernel thread, after every read section that had begun before
 * the call has ended; synchronize_rcu() waits for that (may sleep). Neither promises
 * anything about sections that begin later. A grace period that lasts longer than
 * `rcu_stall=SECONDS` (default 10) is reported with the CPUs and threads it waits for.
 */
#pragma once

#include "kernel/base/types.h"
#include "kernel/base/thread_info.h"

struct thread;

struct rcu_head {
	struct rcu_head *next;
	void (*fn)(struct rcu_head *);
};

void rcu_read_lock(void);
void rcu_read_unlock(void);
void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *));
void synchronize_rcu(void);

/* Waits until every callback queued before the call has run. */
void rcu_barrier(void);

/* The two accesses of RCU-protected pointers: publish after initialising; read once. */
#define rcu_assign_pointer(p, v) __atomic_store_n(&(p), (v), __ATOMIC_RELEASE)
#define rcu_dereference(p)       __atomic_load_n(&(p), __ATOMIC_CONSUME)

void rcu_init(void);         /* before threads */
void rcu_start_thread(void); /* after sched_init_others() */

bool rcu_counts_readers(void); /* rcu=counter */

/* From the scheduler, interrupts off: the running thread leaves the CPU; this CPU passes
 * a point where it is no reader (an interrupt that found it preemptible); it is about to
 * wait in idle; it is not any more (an interrupt, or the end of the wait). */
void rcu_note_switch(struct thread *previous);
void rcu_note_preemptible(void);
void rcu_idle_enter(void);
void rcu_idle_exit(void);

/* Lab, for scripts: the running grace period cannot end before `reader` goes on, which
 * stands still. keeps_cpu: with interrupts or preemption off. */
bool rcu_awaits(const struct thread *reader, bool keeps_cpu);
bool rcu_counter_awaits(const struct thread *reader);

/* rcu=counter, in rcu_counter.c: the readers' side, and the wait for them. */
void rcu_counter_lock(struct thread *me);
void rcu_counter_unlock(struct thread *me);
void rcu_counter_wait(void);
