/*
 * kernel/sched/thread.h - threads: what a CPU runs, one at a time each.
 *
 *   NEW --thread_start--> READY <--> RUNNING --thread_exit--> DEAD
 *                           ^           |
 *                           |     wait_* / sleep
 *                           +-- wake -- WAITING
 *
 * Threads are preemptive, also inside the kernel, whenever preemption and interrupts are
 * enabled. Each CPU has its own run queue (round robin, one time slice for all); waking
 * prefers the thread's last CPU, an idle CPU steals. `allowed` restricts the CPUs.
 *
 * The scheduler lies below mm: it gets thread memory from `thread_memory` (kernel/task),
 * knows an mm only as a pointer, and tells its owner about switches through
 * `sched_switch_mm`.
 *
 * Locks: a thread's state and queue links belong to its CPU's run-queue lock.
 */
#pragma once

#include "kernel/base/types.h"
#include "kernel/base/cpu.h"
#include "kernel/base/list.h"
#include "kernel/base/thread_info.h"
#include "arch/contract/thread.h"

struct mm;
struct task;

enum thread_state {
	THREAD_NEW,
	THREAD_READY,
	THREAD_RUNNING,
	THREAD_WAITING, /* not on a run queue until woken */
	THREAD_DEAD,    /* reaped (memory given back) after its last switch */
};

struct thread {
	struct thread_info info; /* must be first: arch_current() points here */
	struct arch_thread arch;
	u64 id; /* (c) never reused */
	char name[16];
	enum thread_state state; /* (l:runqueue) */
	unsigned int cpu;        /* (l:runqueue) where it runs or ran last */
	cpuset_t allowed;        /* (l:runqueue) */
	struct list queue;       /* (l:runqueue) */
	bool wake_pending;       /* (a) woken while still switching out */
	u64 runtime_ns;          /* (p) */
	void *stack_top;         /* (c) */
	struct mm *mm;           /* (p) user address space or NULL; kernel/task sets it */
	struct task *task;       /* (c) or NULL for kernel threads */
	int rcu_nesting_seen;    /* (l:rcu) used by kernel/sched/rcu.c */
	struct list rcu_blocked; /* (l:rcu) */
	void (*fn)(void *);
	void *arg;
};

static inline struct thread *current(void)
{
	return (struct thread *)arch_current();
}

/* Where thread memory comes from: a zeroed struct thread with `stack_top` set to the end
 * of a guarded kernel stack; NULL if there is none. free is called from a thread context.
 */
struct thread_memory {
	struct thread *(*alloc)(void);
	void (*free)(struct thread *thread);
};

extern struct thread_memory thread_memory;

/* Called with interrupts off at each switch between different mms (either may be NULL).
 */
extern void (*sched_switch_mm)(struct mm *previous, struct mm *next);

/* Makes the boot flow of control CPU 0's idle thread. Before anything else of sched. */
void sched_init(void);

/* After thread_memory is set: idle threads for CPUs 1..cpu_count-1, the reaper. */
void sched_init_others(void);

/* A new thread that will run fn(arg) (the return of fn is thread_exit()); NULL: no
 * memory. It does not run before thread_start(); until then the creator may set mm, task,
 * allowed. */
struct thread *thread_create(const char *name, void (*fn)(void *), void *arg);
void thread_start(struct thread *thread);
__noreturn void thread_exit(void);

/* Give the CPU to another ready thread, if any. May sleep context. */
void thread_yield(void);

/* Restrict to `allowed` (at least one online CPU in it, else -EINVAL); the running thread
 * has moved when this returns; another thread moves at its next switch. */
int thread_set_allowed(struct thread *thread, cpuset_t allowed);

/*
 * Sleeping, the raw form (wait.h has the usual one): announce, test the condition, wait.
 *     thread_wait_prepare();           state WAITING; a wake from now on is not lost
 *     if (condition) thread_wait_cancel(); else thread_wait();
 */
void thread_wait_prepare(void);
void thread_wait_cancel(void);
void thread_wait(void);

/* Make a waiting thread ready; harmless if it is not waiting. Any context. True if it was
 * waiting. The thread must not be freed meanwhile: the caller holds what guarantees that.
 */
bool thread_wake(struct thread *thread);

/* The scheduler proper: interrupts off; the timer tick. */
void schedule(void);
void sched_tick(void);
void sched_set_need_resched(unsigned int cpu);

/* Start of a CPU's idle loop; never returns. */
__noreturn void sched_idle_loop(void);
