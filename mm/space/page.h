/*
 * mm/space/page.h - struct page: what the kernel knows about each frame of RAM.
 *
 * One array, indexed by frame number, covers all usable RAM (`page_of_phys`). A frame is
 * free (in a buddy list or a CPU's list), or belongs to exactly one user: anonymous
 * memory, a page table (then it is a struct ptdesc, mm/table/ptdesc.h), an object cache,
 * or raw kernel memory. `refs` frees the frame when it drops to zero.
 */
#pragma once

#include "kernel/base/types.h"
#include "kernel/base/list.h"
#include "kernel/base/atomic.h"
#include "kernel/base/panic.h"
#include "kernel/sched/rcu.h"
#include "arch/contract/page.h"

enum page_type {
	PAGE_RESERVED, /* no RAM, never allocated (kernel image, ramdisk), or inside a
			  block whose first page tells more */
	PAGE_FREE,     /* heads a free block of the buddy allocator */
	PAGE_FREE_CPU, /* on a CPU's list */
	PAGE_KERNEL,   /* raw memory of the kernel */
	PAGE_CACHE,    /* objects of one cache */
	PAGE_TABLE,    /* a page table: struct ptdesc */
	PAGE_ANON,     /* user memory */
};

struct page {
	u8 type;          /* enum page_type; (l:frame) while free, owner's otherwise */
	u8 order;         /* of the block this page heads */
	u16 cpu;          /* lab: CPU that freed it */
	s32 refs;         /* (a) 0 while free */
	u32 generation;   /* lab: counts allocations of this frame */
	u32 free_objects; /* (l:cache) */
	struct list link; /* owner's */
	union {
		struct {
			struct cache *cache; /* (c) while PAGE_CACHE */
			void *free_list;     /* (l:cache) */
			struct rcu_head rcu; /* a type-safe slab on its way out */
		};
		unsigned long private[4]; /* ptdesc's and later users' */
	};
};

static_assert_size(struct page, 64);

extern struct page *page_array; /* (c) page of frame page_first_frame + i */
extern u64 page_first_frame, page_frame_count; /* (c) */

/* The frame must be RAM that the boot map called usable. */
static inline struct page *page_of_phys(phys_t address)
{
	u64 index = (address.v >> PAGE_SHIFT) - page_first_frame;

	LAB_ASSERT(index < page_frame_count, "no RAM at %lx", address.v);
	return &page_array[index];
}

static inline phys_t page_phys(const struct page *page)
{
	return phys((page_first_frame + (u64)(page - page_array)) << PAGE_SHIFT);
}

static inline struct page *page_of_virt(const void *address)
{
	return page_of_phys(virt_to_phys(address));
}

static inline void *page_address(const struct page *page)
{
	return phys_to_virt(page_phys(page));
}

/* page_put() frees the frame at zero. page_try_get() refuses a frame whose count is zero
 * (being freed): what a lockless walker uses. */
void page_get(struct page *page);
void page_put(struct page *page);
bool page_try_get(struct page *page);
