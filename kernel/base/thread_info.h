/*
 * kernel/base/thread_info.h - the part of the running thread that lies below the
 * scheduler: preemption count, RCU nesting, held sleeping locks. `struct thread`
 * (kernel/sched) begins with it; arch_current() finds it with one instruction, so it is
 * right even if the thread migrates between two instructions. Fields without a key: (p)
 * the thread itself.
 */
#pragma once

#include "kernel/base/atomic.h"
#include "kernel/base/types.h"
#include "arch/contract/cpu.h"

#define HELD_LOCKS_MAX 8

struct held_lock {
	const void *lock;
	const char *name;
	int rank;
};

struct thread_info {
	int preempt_count; /* > 0: this thread stays on this CPU and runs on */
	int rcu_nesting;   /* rcu_read_lock() depth */
	int irq_depth;     /* between irq_enter() and irq_exit(), on top of this thread */
	u32 work;          /* (a) what to do before user mode; bits of kernel/task */
#ifdef ORIGAMI_LAB
	int held_count; /* sleeping and spin locks held by this thread */
	struct held_lock held[HELD_LOCKS_MAX];
#endif
};

static inline struct thread_info *current_info(void)
{
	return (struct thread_info *)arch_current();
}

/* On the way to user mode, interrupts off: must trap_ops.return_to_user() be called? Lab
 * builds always do: scripts stop threads there. */
static inline bool user_work(void)
{
	return IS_LAB || atomic_load_relaxed(&current_info()->work);
}

static inline void preempt_disable(void)
{
	current_info()->preempt_count++;
	barrier();
}

/* May reschedule, if interrupts are on and something asked for it meanwhile. */
void preempt_enable(void);

/* For the scheduler's own use: counts down without looking. */
static inline void preempt_enable_no_resched(void)
{
	barrier();
	current_info()->preempt_count--;
}
