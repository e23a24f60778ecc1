/*
 * mm/space/page.h - struct page: what the kernel knows about each frame of RAM.
 *
 * One array, indexed by frame number, covers all usable RAM (`page_of_phys`). A frame is
 * free (in a buddy list or a CPU's list), or belongs to exactly one user: anonymous
 * memory, a memory object, a page table (then it is a struct ptdesc, mm/table/ptdesc.h),
 * an object cache, or raw kernel memory. `refs` frees the frame when it drops to zero.
 *
 * ANY frame may have a reference too many for a moment: a lockless walker holds what an
 * old entry points to, looks at the entry again, and lets go. So frames are freed by
 * dropping a reference, never by force.
 *
 * A block is what is mapped as one: a single frame, or 2^order of them whose tails point
 * to the head. References and pins are counted in the head, per page held. Pins
 * (FOLL_PIN: a device may read and write the frame at any time) count PAGE_PIN_BIAS in
 * the refs of a single frame, which has no room for more; and 1 in refs and `pins` of a
 * larger block.
 *
 * User memory is EXCLUSIVE (PAGE_ANON) while one entry at most maps it: only then may
 * that entry allow writing, and only then may the page be pinned, since what is pinned is
 * never replaced by a copy. Fork makes it PAGE_ANON_SHARED, unless somebody has it pinned
 * (mm/space/fork.c); a write makes it, or a copy of it, exclusive again (cow.c).
 */
#pragma once

#include "kernel/base/types.h"
#include "kernel/base/list.h"
#include "kernel/base/atomic.h"
#include "kernel/base/panic.h"
#include "kernel/sched/rcu.h"
#include "arch/contract/page.h"
#include "arch/contract/pgtable.h"

enum page_type {
	PAGE_RESERVED,    /* no RAM, never allocated (kernel image, ramdisk), or inside a
			     block whose first page tells more */
	PAGE_FREE,        /* heads a free block of the buddy allocator */
	PAGE_FREE_CPU,    /* on a CPU's list */
	PAGE_KERNEL,      /* raw memory of the kernel */
	PAGE_CACHE,       /* objects of one cache */
	PAGE_TABLE,       /* a page table: struct ptdesc */
	PAGE_ANON,        /* user memory of one mm: exclusive */
	PAGE_ANON_SHARED, /* the same since a fork: to be copied before it is written */
	PAGE_LAZY,        /* exclusive, and given up until it is written (MADV_FREE): its
			     entry allows no writing, and it may go (reclaim.c) */
	PAGE_OBJECT,      /* of a memory object: whoever maps that may have it */
};

struct page {
	s32 refs;       /* (a) 0 while free */
	u8 type;        /* (a) enum page_type; (l:frame) while free, owner's otherwise */
	u8 order;       /* of the block this page heads */
	u16 cpu;        /* lab: CPU that freed it */
	u32 generation; /* lab: counts allocations of this frame */
	u32 free_objects; /* (l:cache) */
	struct list link; /* owner's */
	union {
		struct {
			struct cache *cache; /* (c) while PAGE_CACHE */
			void *free_list;     /* (l:cache) */
			struct rcu_head rcu; /* a type-safe slab on its way out */
		};
		unsigned long private[4]; /* ptdesc's and later users' */
		struct {
			/* Bit 0 set: a tail, and the rest points to its head. In one
			 * word, because a lockless reader must get both or neither; all
			 * others who use this word keep aligned pointers in it. */
			union {
				unsigned long head;
				struct object
					*object; /* (a) PAGE_OBJECT; NULL: cut off */
				struct anon
					*anon; /* (a) PAGE_ANON, _SHARED, PAGE_LAZY:
						  its family, alive while it is mapped */
			};
			u64 index;  /* in the object or the family, in pages */
			s32 fill;   /* (l:object) PAGE_FILLING, or 0, or why not */
			s32 mapped; /* (a) entries that lead to it, also those that were
				       unhooked and are not flushed yet */
			s32 pins;   /* (a) of a block of several frames */
			u32 state;  /* (a) PAGE_OBJECT: PAGE_DIRTY, PAGE_IN_FLIGHT; of
				       memory of one's own: PAGE_CLEAN */
		};
	};
};

static_assert_size(struct page, 64);

extern struct page *page_array; /* (c) page of frame page_first_frame + i */
extern u64 page_first_frame, page_frame_count; /* (c) */
extern unsigned long page_base; /* (c) where the array would begin with frame 0 */

/* The frame must be RAM that the boot map called usable. */
static inline struct page *page_of_phys(phys_t address)
{
	u64 index = (address.v >> PAGE_SHIFT) - page_first_frame;

	LAB_ASSERT(index < page_frame_count, "no RAM at %lx", address.v);
	return (struct page *)(page_base + (address.v & PAGE_MASK) /
						   (PAGE_SIZE / sizeof(struct page)));
}

static inline phys_t page_phys(const struct page *page)
{
	return phys(
		((unsigned long)page - page_base) * (PAGE_SIZE / sizeof(struct page)));
}

static inline struct page *page_of_virt(const void *address)
{
	return page_of_phys(virt_to_phys(address));
}

static inline void *page_address(const struct page *page)
{
	return phys_to_virt(page_phys(page));
}

#define PAGE_FILLING   1  /* page->fill: its source is being asked */
#define PAGE_DIRTY     1u /* page->state: its source has not got what was written */
#define PAGE_IN_FLIGHT 2u /* a copy is on its way to the source */
#define PAGE_CLEAN     4u /* while no entry allows writing: none was since soft_dirty.c */

#define PAGE_PIN_BIAS 1024
#define PAGE_REFS_MAX (INT32_MAX - PAGE_PIN_BIAS)

/* Lab: a smaller limit makes a count overflow in time for a lesson. */
#ifdef ORIGAMI_LAB
extern s32 page_refs_max;
#else
#define page_refs_max PAGE_REFS_MAX
#endif

/* The frame that counts for `page`; of any frame, at any time. */
static inline struct page *page_head(struct page *page)
{
	unsigned long head = READ_ONCE(page->head);

	if (likely(!(head & 1)))
		return page;
	barrier(); /* a branch that is rarely taken, not a computation for all */
	return (struct page *)(head - 1);
}

/* The frame that counts for what a leaf maps. */
static __always_inline struct page *leaf_page(const int level, pxd_t leaf)
{
	return page_head(page_of_phys(arch_pxd_phys(level, leaf)));
}

/* A fresh block of 2^order frames is going to be mapped as one: types its tails. Undone
 * when the block is freed. */
void page_make_block(struct page *head);

void page_get(struct page *page);

/* No reference is left: frees the block. */
void page_gone(struct page *head);

/* Drops n references; the last one frees the block. */
static inline void page_put_many(struct page *head, s32 n)
{
	if (unlikely(atomic_sub(&head->refs, n) <= 0))
		page_gone(head);
}

/* Each has one entry less that leads to it, and loses its reference; the array is used
 * up. */
void page_unmap_all(struct page **pages, unsigned int count);

static inline void page_put(struct page *page)
{
	page_put_many(page, 1);
}

/*
 * n more references, unless there is none (the frame is free, or being freed, or a tail)
 * or there would be too many. What a lockless walker uses: the frame may have changed
 * hands before, so look again at what led here. A full barrier if it succeeds.
 */
static __always_inline bool page_try_get(struct page *head, s32 n)
{
	s32 refs = atomic_load_relaxed(&head->refs);

	for (;;) {
		/* SAFE(grab_from_zero): a plain increment would revive a frame whose last
		 * reference is gone and which somebody may own anew at any moment; pairs
		 * with the decrement in page_put_many(). */
		if (unlikely(refs <= 0))
			return false;
		/* SAFE(refs_overflow): a count that wraps reaches zero while it is still
		 * held, and the frame is freed under its users; pairs with the check in
		 * page_get(). */
		if (unlikely(refs > page_refs_max - n))
			return false;
		if (likely(atomic_cas_value(&head->refs, &refs, refs + n)))
			return true;
	}
}

/* What holding n pages of the block adds to its refs. */
static __always_inline s32 page_weight(const struct page *head, s32 n, bool pin)
{
	return pin && !READ_ONCE(head->order) ? n * PAGE_PIN_BIAS : n;
}

/* Hold n pages of a block that stays what it is: by references, or by pins. False:
 * refused. And let go of them. */
static inline bool page_try_hold(struct page *head, s32 n, bool pin)
{
	if (!page_try_get(head, page_weight(head, n, pin)))
		return false;
	if (pin && head->order)
		atomic_add(&head->pins, n);
	return true;
}

static inline void page_drop(struct page *head, s32 n, bool pin)
{
	if (pin && head->order)
		atomic_sub(&head->pins, n);
	page_put_many(head, page_weight(head, n, pin));
}

/* An entry leads to it now, and has a reference; an entry does not any more, and no CPU
 * remembers it: the reference is the caller's. */
static inline void page_map(struct page *page)
{
	atomic_add(&page->mapped, 1);
}

static inline void page_unmap(struct page *page)
{
	atomic_sub(&page->mapped, 1);
}

/* May it be written where it is?
 *
 * SAFE(cow_exclusive): that it may is written down, not guessed from how many have it: a
 * page with a pin, which is a reference more, would be copied when its owner writes, and
 * a device and its process go on with different pages. Pairs with SAFE(fork_pinned) and
 * SAFE(gup_exclusive) (only exclusive pages are pinned, and they stay exclusive). */
static inline bool page_is_exclusive(const struct page *page)
{
	return READ_ONCE(page->type) == PAGE_ANON;
}

/* It is to be copied before it is written. */
static inline bool page_is_shared(const struct page *page)
{
	return READ_ONCE(page->type) == PAGE_ANON_SHARED;
}

/* Is somebody doing DMA to it, perhaps? Never a false no while the caller's entry is
 * cleared and flushed; a false yes for a single frame with very many references. */
static inline bool page_maybe_pinned(const struct page *head)
{
	if (head->order)
		return atomic_load(&head->pins) > 0;
	return atomic_load(&head->refs) >= PAGE_PIN_BIAS;
}
