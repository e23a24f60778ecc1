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

enum sim_hardware {
	HARDWARE_LOAD_ROOT,
	HARDWARE_FLUSH,      /* this CPU's TLB */
	HARDWARE_FLUSH_ALL,  /* every CPU's: it waits for instructions under way */
	HARDWARE_USER_BEGIN, /* an instruction that accesses user memory */
	HARDWARE_WALK,       /* it reads a word of a table */
	HARDWARE_USER_LOAD,  /* it reads, and remembers the translation */
	HARDWARE_USER_STORE,
	HARDWARE_USER_END,
	HARDWARE_COPY,  /* of a page, as if at one moment */
	HARDWARE_ALLOC, /* of frames; after that they are known */
	HARDWARE_FREE,
};

/* Each build's own. Interrupts just went off; they are on again: what waits may come. */
void sim_irqs_closed(void);
void sim_irqs_opened(void);

/* Weak: explore has its own. Interrupts are about to go off, or on; what the hardware or
 * the frame source is about to do; the end, after a message, or of a run; memory for
 * objects. */
void sim_irqs_closing(void);
void sim_irqs_opening(void);
void sim_point(int event); /* a TRACE() was passed */
void sim_mmu_lock(void);
void sim_mmu_unlock(void);
void sim_hardware(enum sim_hardware what, unsigned long address, unsigned long bytes);
__noreturn void sim_failed(const char *text);
void *sim_alloc(size_t size); /* zeroed, or NULL */
void sim_free(void *object);

/* Say it, with a backtrace, and end the program. */
__noreturn void sim_abort(const char *text);

/* Called when a thread starts to play a CPU, after sim_init() on CPU 0 too. */
void sim_build_init(void);
