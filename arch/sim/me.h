/*
 * arch/sim/me.h - who the running host code is, and what the three builds do differently.
 *
 * The machine (frames, TLBs, traces) is the same in all builds; who runs when is not:
 *
 *   arch/sim/one/      (asan)     one thread plays every CPU, one after the other
 *   arch/sim/threads/  (threads)  a host thread for each CPU, real locks
 *   arch/sim/spec/     (explore)  coroutines, switched at every shared access by
 *   arch/sim/explore/             a scheduler; locks and RCU are specifications
 */
#pragma once

#include "kernel/sched/thread.h"

/* The CPU and thread whose part is played; explore/ swaps it when it switches actors. */
struct sim_me {
	unsigned int cpu;
	struct thread *thread;
	bool irqs_on;
	bool in_irq;
	bool in_hardware; /* one instruction's work: nobody else may step */
};

extern __thread struct sim_me sim_me;

/* Each build's own. Interrupts just went off; they are on again: what waits may come. */
void sim_irqs_closed(void);
void sim_irqs_opened(void);

/* Weak: explore has its own. Preemption may be on again; the end, after a message, or of
 * a run; memory for objects. */
void sim_preempt_opened(void);
__noreturn void sim_failed(const char *text);
void *sim_alloc(size_t size); /* zeroed, or NULL */
void sim_free(void *object);

/* Say it, with a backtrace, and end the program. */
__noreturn void sim_abort(const char *text);

/* Called when a thread starts to play a CPU, after sim_init() on CPU 0 too. */
void sim_build_init(void);
