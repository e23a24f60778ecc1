/*
 * mm/space/frame.h - the frame source: buddy allocator over the boot map.
 *
 * Blocks of 2^order frames, order 0..FRAME_ORDER_MAX; single frames go through per-CPU
 * lists. In lab builds freed frames are filled with a poison that is checked at
 * allocation, and carry a generation. Callable with interrupts off. Sim implements the
 * same functions in arch/sim.
 */
#pragma once

#include "mm/space/page.h"

#define FRAME_ORDER_MAX 10
#define FRAME_POISON    0x0f0e0e0df2a3e5d9UL

#define FRAME_ZERO       1u /* cleared */
#define FRAME_USER       2u /* on behalf of a user: leaves a reserve to the kernel */
#define FRAME_NO_RECLAIM 4u /* one can do without: nothing is taken back for it */

/* NULL if there is no block; refs is 1, type as given. Never sleeps; with interrupts on
 * and no spinlock held it may wait for other CPUs. */
struct page *frame_alloc(unsigned int order, enum page_type type, unsigned int flags);

/* The owner's reference goes: free now, or when a lockless walker that got hold of the
 * frame by mistake has let go of it. */
static inline void frame_free(struct page *page)
{
	page_put(page);
}

/* page_put() found that refs is 0 now. The block has the order it was allocated with. */
void frame_release(struct page *page);

/* The same for many blocks of order 0 at once. */
void frame_release_singles(struct page **pages, unsigned int count);

struct frame_stats {
	u64 total, free; /* frames */
};
void frame_stats(struct frame_stats *stats);

/* Take usable regions from boot_info, minus kernel, ramdisk and what frame_boot_alloc()
 * took. Panics with a clear message if too little is left. After arch_kernel_map_init().
 */
void frame_init(void);

/* What `contig=N` has set aside, zeroed: N adjacent, aligned areas of what a pud leaf
 * maps; size 0: nothing. (c) from frame_init() on. It is never freed, nor counted. */
extern phys_t frame_contig;
extern u64 frame_contig_size;

/* Per-CPU areas for all `cpu_count` CPUs (kernel/base/percpu.h), out of fresh frames. */
void frame_init_percpu(void);
