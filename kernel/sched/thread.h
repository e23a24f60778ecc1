/*
 * kernel/sched/thread.h - threads: what a CPU runs, one at a time each.
 *
 *   NEW --thread_start--> READY <--> RUNNING --thread_exit--> DEAD
 *                           ^           |
 *                           |     wait_* / sleep
 *                           +-- wake -- WAITING
 *
 * Threads are preemptive, also inside the kernel, whenever preemption and interrupts are
 * enabled. Each CPU has its own run queue (round robin, one time slice for all). A woken
 * thread stays near its waker if nobody waits there yet, else goes to its last CPU unless
 * that is busy and another one idles; an idle CPU steals. `allowed` restricts the CPUs.
 *
 * The scheduler lies below mm: it gets thread memory from `thread_memory` (kernel/task),
 * knows an mm only as a pointer, and tells its owner about switches through
 * `sched_switch_mm`.
 *
 * Locks: a thread's state and queue link belong to the run-queue lock of `cpu`. No two of
 * these locks are ever held together: a thread on its way from one queue to another is
 * READY and on no queue, and so left alone by everyone but its carrier.
 */
#pragma once

#include "kernel/base/types.h"
#include "kernel/base/cpu.h"
#include "kernel/base/list.h"
#include "kernel/base/thread_info.h"
#include "kernel/sched/rcu.h"
#include "arch/contract/thread.h"

struct mm;
struct spinlock;
struct task;

enum thread_state {
	THREAD_NEW,
	THREAD_READY,
	THREAD_RUNNING,
	THREAD_WAITING, /* not on a run queue until woken */
	THREAD_DEAD,    /* freed a grace period after its last switch */
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
	bool waiting;            /* (a) has announced a wait; a wake takes it back */
	bool on_cpu;             /* (a) its registers are still in a CPU: see switch.c */
	u64 runtime_ns;          /* (p) up to the last switch or tick */
	void *stack_top;         /* (c) */
	struct mm *mm;           /* (p) user address space or NULL; kernel/task sets it */
	struct task *task;       /* (c) or NULL for kernel threads */
	bool rcu_preempted;      /* (p) is on the list of preempted readers */
	unsigned int rcu_index;  /* (p) rcu=counter: which counter its section uses */
	u64 rcu_period;          /* (l:rcu) first grace period that waits for it */
	struct list rcu_blocked; /* (l:rcu) */
	struct rcu_head rcu;     /* (p) frees it */
	void (*fn)(void *);
	void *arg;
};

static inline struct thread *current(void)
{
	return (struct thread *)arch_current();
}

/* Where thread memory comes from: a zeroed struct thread with `stack_top` set to the end
 * of a guarded kernel stack, or NULL. free is called from a thread, and must not wait for
 * RCU. */
struct thread_memory {
	struct thread *(*alloc)(void);
	void (*free)(struct thread *thread);
};

extern struct thread_memory thread_memory;

/* Called with interrupts off at each switch between different mms (or NULL). */
extern void (*sched_switch_mm)(struct mm *previous, struct mm *next);

/* Makes the boot flow of control CPU 0's idle thread. Before anything else of sched. Like
 * every idle thread it is never preempted and may not sleep; the threads that it starts
 * run on the other CPUs, or when it comes to sched_idle_loop(). */
void sched_init(void);

/* After thread_memory is set, traps and timer work: idle threads for the other CPUs. From
 * here on CPU 0 takes interrupts. */
void sched_init_others(void);

/* A new thread that will run fn(arg) (the return of fn is thread_exit()); NULL: no
 * memory. It does not run before thread_start(); until then the creator may set mm, task,
 * allowed. */
struct thread *thread_create(const char *name, void (*fn)(void *), void *arg);
void thread_start(struct thread *thread);
__noreturn void thread_exit(void);

/* Give the CPU to another ready thread, if any. */
void thread_yield(void);

/* Restrict to `allowed` (at least one online CPU in it, else -EINVAL). The running thread
 * has moved when this returns; another one moves soon, but may have run a little more. */
int thread_set_allowed(struct thread *thread, cpuset_t allowed);

/*
 * Sleeping, the raw form (wait.h has the usual one): announce, test the condition, wait.
 *     thread_wait_prepare();           a wake from now on is not lost
 *     if (condition) thread_wait_cancel(); else thread_wait();
 * Whoever makes the condition true does so before thread_wake().
 */
void thread_wait_prepare(void);
void thread_wait_cancel(void);
void thread_wait(void);

/* End the wait that the thread has announced; harmless if there is none. Any context.
 * True if there was one. The thread must not be freed meanwhile: the caller holds what
 * guarantees that. */
bool thread_wake(struct thread *thread);

/* For who has announced a wait that is ended under `lock`, which it holds: gives the lock
 * up and waits, once it has woken `next` (or NULL). If that sleeps on this CPU, it has it
 * now, before all others. */
void thread_wait_unlock(struct spinlock *lock, struct thread *next);

/* Make a thread that runs, perhaps in user mode, pass through the kernel soon. */
void thread_poke(struct thread *thread);

/* CPU time so far, in ns; of another thread up to its last switch or tick. */
u64 thread_runtime(struct thread *thread);

/* Run another thread if one is ready: interrupts off, preemption on. */
void schedule(void);

/* From the timer interrupt; false: the CPU is idle and needs no tick. */
bool sched_tick(void);

/* What runs on that CPU, for reports. */
void sched_cpu_name(unsigned int cpu, char *to, size_t size);

/* The life of an idle thread; never returns. */
__noreturn void sched_idle_loop(void);
