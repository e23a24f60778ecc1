/*
 * mm/space/internal.h - what the files of mm/space share among themselves.
 */
#pragma once

#include "mm/space/frame.h"
#include "mm/space/mm.h"

/*
 * boot_map.c: the lowest free range [*start, *end) that begins at or above `from`,
 * frame-aligned; false: there is none. Free is what a usable region holds, minus reserved
 * regions, the kernel, the ramdisk, frame 0 and what frame_boot_alloc() took.
 */
bool boot_map_next(u64 from, u64 *start, u64 *end);

/* Takes the highest free range of this size and alignment, if so much more is free:
 * phys(0): it is not. */
phys_t boot_map_take_highest(u64 size, u64 alignment, u64 leave);

/* Ends the boot with a message that says how much RAM there is, and that `needed` bytes
 * of it were to be free. */
__noreturn void boot_map_too_small(u64 needed);

/* poison.c: a block becomes free; it is allocated again; where a free frame was damaged
 * (PAGE_SIZE: nowhere). Lab builds only. */
void poison_fill(struct page *page, unsigned int order);
void poison_check(struct page *page, unsigned int order);
unsigned long poison_find_damage(const struct page *page);

#define PROT_ALL (PROT_READ | PROT_WRITE | PROT_EXEC)

/* In a write section: remove all mappings in [start, end); holes are fine. */
int unmap_locked(struct mm *mm, unsigned long start, unsigned long end);

/*
 * object.c, for its neighbours. object_enter: the page with this index, with a reference;
 * 1: it was put there just now, zeroed and with `fill`; 0: it was there; -EIO, -ENOMEM.
 * object_cut (lock held): takes [index, end) out of the object and into the list, which
 * has the object's references to them; of blocks those that lie in it wholly;
 * object_drop_pages drops those.
 */
struct object;
int object_enter(struct object *object, u64 index, s32 fill, struct page **page);
void object_cut(struct object *object, u64 index, u64 end, struct list *list);
void object_drop_pages(struct list *list);

/* lock held. The page with this index if it is there, filled or not; where it stands
 * (NULL: there is no node, or none to be had; a block's slots lie side by side; without
 * `make`, under RCU is enough); the first one from *index on, below `end`, and its index.
 */
struct page *object_peek(struct object *object, u64 index);
struct page **object_slot(struct object *object, u64 index, bool make);
struct page *object_next(struct object *object, u64 *index, u64 end);

/* Nobody gets a page of this part just now (mm/huge/object_block.c). */
bool object_is_frozen(const struct object *object, u64 index);

/* It is not frozen any more; or -EINTR. Sleeps. */
int object_await_thaw(struct object *object, u64 index);

/* resizing held. A block of which this page is not the first becomes pages, if nobody
 * holds it. */
void object_split_around(struct object *object, u64 index);

/* fill.c: what is believed of a source's answer; is nobody to wait for one any more? */
int object_believed(int answer);
bool object_gives_up(void);

/* dirty.c: no copy of the page is on its way any more; or -EINTR. */
int object_await_flight(struct object *object, struct page *page);

/* object_copy.c: zeros what of [start, end) of an object lies in this page of it, or in
 * this block, whose first page it is. */
void object_clear(struct page *page, u64 start, u64 end);

/* reclaim.c, mm->lock held: what the mm has of its own in the range may go until it is
 * written again; and such pages do go, unless they are held. */
void lazy_free(struct mm *mm, unsigned long start, unsigned long end);
void lazy_reclaim(struct mm *mm, unsigned long start, unsigned long end);

/* So do clean pages, with these indexes, of an object that tracks that: how many. */
u64 object_reclaim(struct object *object, u64 index, u64 end);

struct vma_kind;

/* In a write section: promise this in [start, end), in place of what is. */
int map_locked(struct mm *mm, unsigned long start, unsigned long end,
	const struct vma_kind *kind);

/* In a write section: where a mapping with these flags of mm_map() goes; *address is its
 * wish. 0 and *address, or an error. */
int map_place(struct mm *mm, unsigned long *address, size_t length, unsigned int flags);

/* The page-aligned end of a range of addresses that some mm may have; false: none. */
bool user_range_end(unsigned long start, size_t length, unsigned long *end);

/* A promise of `length` writable bytes that could never be kept: more than all RAM. */
bool map_exceeds_memory(size_t length);

void anon_init(void); /* once, at boot */

/* The core of a fault (fault.h), whose VMA is known, and stays: back the address. 0,
 * -ENOMEM; of an object also what shared_fault() says. */
struct fault;
int anon_fault(struct fault *fault);

/* Map the frame there, unless something is mapped. True: it is mapped now. */
bool anon_install(struct fault *fault, struct page *page);

/* The same where nothing is mapped, of a VMA's object: the entry leads to the object's
 * page afterwards, or is empty because that was cut off just now. Also -EIO: beyond the
 * end; -EAGAIN: let go of what keeps the VMA, and have the page filled.
 */
int shared_fault(struct fault *fault);

/* The same where a page is mapped that is shared, or only for reading: make it, or a
 * copy, one that may be written, or pinned. */
int cow_fault(struct fault *fault);

/* The same where a shared VMA maps a page that is clean: it may be written if it is dirty
 * by now; else -EAGAIN. */
int shared_write(struct fault *fault);

/*
 * cow.c, of an entry that maps something. Does it allow the access already? And with
 * table_lock held: is the page it leads to the mm's own, or can it be made so? It allows
 * all that the VMA does.
 */
bool cow_satisfies(const struct vma *vma, int level, pxd_t entry, unsigned int access);
bool cow_is_mine(struct page *page);
void cow_allow_all(
	const struct vma *vma, int level, pxd_t *ptr, pxd_t entry, unsigned long address);

/* What an entry may allow under a VMA that allows `prot`: for a page that is to be copied
 * before it is written (any right includes reading); and for this page. */
static inline unsigned int cow_prot_shared(unsigned int prot)
{
	return prot & PROT_WRITE ? (prot & ~(unsigned int)PROT_WRITE) | PROT_READ : prot;
}

/* shared.c: the same in a shared VMA; table_lock held. */
unsigned int shared_prot(const struct vma *vma, const struct page *page);

static inline unsigned int cow_prot(const struct vma *vma, const struct page *page)
{
	if (vma->flags & VMA_SHARED)
		return shared_prot(vma, page);
	if (page_is_exclusive(page))
		return vma->prot;
	return cow_prot_shared(vma->prot);
}
