/*
 * arch/sim/sim.h - the simulated machine, as tests see it.
 *
 * A machine of SIM_CPUS CPUs with 256 MiB of RAM, played by one host thread: the test
 * says which CPU acts, cross-calls run their function as each target in turn. Every CPU
 * has a TLB that really caches: what a CPU has touched it goes on reaching until it is
 * told to forget, and freeing a frame that any CPU can still reach ends the test. Freed
 * frames are poisoned for ASan, so a late access to a table is caught at its source line.
 */
#pragma once

#include "kernel/base/types.h"
#include "arch/contract/pgtable.h"

#define SIM_CPUS     4
#define SIM_CPUS_ALL 5 /* the last one runs the callbacks of call_rcu(), in `threads` */

void sim_init(enum fold_kind fold, int levels); /* a test may choose others */
void sim_on_cpu(unsigned int cpu);              /* from now on we are that CPU */

/* A user access on this CPU, as the hardware makes it: through the TLB, else a walk of
 * the loaded root, which fills the TLB. False: a page fault. */
bool sim_user_store(unsigned long address, u64 value);
bool sim_user_load(unsigned long address, u64 *value);

/* This CPU walks of its own accord, and remembers what it finds; and does it, at times,
 * forget a translation of its own accord (where interleavings are explored)? */
void sim_speculate(unsigned long address);
extern bool sim_tlb_evicts;

/* A choice of the machine, 0 .. n - 1: a search tries every one; otherwise 0. */
unsigned int sim_choose(unsigned int n);

/* How many translations this CPU holds. */
unsigned int sim_tlb_entries(void);

/* Panics if some CPU can still reach the block through its TLB, or has it loaded. */
void sim_tlb_forbid(phys_t frame, unsigned long bytes);

/* How many frames there are, before sim_init(); in how many parts, one for each CPU's
 * allocations; the frame that the next allocation gets, or nothing, if it is not free. */
extern u64 sim_frames, sim_frame_parts;
extern struct page *sim_frame_wanted;
extern u64 sim_frames_touched; /* no frame from this one on was ever used */

/* The next `successes` frame allocations work, later ones fail; ~0: no limit. */
extern unsigned long sim_frames_left;

/* The same for cache_alloc() and kmalloc(). */
extern unsigned long sim_objects_left;

/* Called, once, inside the next frame allocation: what another CPU does meanwhile. */
extern void (*sim_meanwhile)(void);

/* Called, once, at the next TRACE() of `event`: what another CPU, with a thread of its
 * own and interrupts on, does at that moment. */
void sim_at(int event, void (*fn)(void));

/* One host thread plays all CPUs: a cross-call reaches even a CPU that waits for us. */
extern const bool sim_plays_all_cpus;

/* Blocks handed out and not freed. */
extern long sim_blocks_used;

/* Run the callbacks of call_rcu(); the number that ran. */
unsigned int sim_rcu_run(void);

/* What happened, in order: the trace of TRACE(). Position of the first record of `event`
 * at or after `from`, or -1. */
int sim_trace_find(int event, int from);
void sim_trace_reset(void);
