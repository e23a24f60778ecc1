/*
 * mm/table/gup_fast.h - finding and holding the pages behind user addresses without a
 * lock.
 *
 * gup_fast() walks the page table of the CURRENT mm in a lockless section (policy.h:
 * interrupts off) while other CPUs fault, unmap and grow it. It never faults, never
 * waits, and stops at the first doubt; gup() (mm/space/gup.h) does the rest the slow way.
 *
 * Safe because: tables that it can reach are not freed before it leaves its section; each
 * entry is read once; a frame is held only if its count was not zero, and only if the
 * entries that led to it still say so afterwards.
 */
#pragma once

#include "mm/space/mm.h"
#include "mm/space/page.h"

#define FOLL_WRITE    1u  /* the page will be written: the entry must allow it */
#define FOLL_GET      2u  /* hold by a reference: gup_put() */
#define FOLL_PIN      4u  /* hold by a pin, for DMA: gup_unpin() */
#define FOLL_LONGTERM 8u  /* with FOLL_PIN: for long; refused where that would do harm */
#define FOLL_FORCE    32u /* gup_slow() only: whatever the VMA's rights, as ptrace */
#define FOLL_UNSHARE  16u /* set by gup itself: a page to be pinned must be exclusive */

/* For pins. A page that is to be written is exclusive if its entry allows that. */
static inline unsigned int gup_unshares(unsigned int flags)
{
	return (flags & (FOLL_PIN | FOLL_WRITE)) == FOLL_PIN ? FOLL_UNSHARE : 0;
}

/* The two ways of gup_fast(). */
unsigned long gup_fast_get(unsigned long start, unsigned long count, unsigned int flags,
	struct page **pages);
unsigned long gup_fast_pin(unsigned long start, unsigned long count, unsigned int flags,
	struct page **pages);

/*
 * Holds the pages of [start, start + count pages), in order, until the first one that it
 * cannot have without help: returns how many, 0..count, with pages[0..n) filled. One of
 * FOLL_GET and FOLL_PIN is set. The range ends below 2^64 and is page-aligned. Any
 * context that runs a thread of the current mm; sleeps never.
 *
 * Does not promise: that a page is still mapped when this returns; that a page it did not
 * return is not mapped.
 */
static inline unsigned long gup_fast(
	unsigned long start, unsigned long count, unsigned int flags, struct page **pages)
{
	if (flags & FOLL_PIN)
		return gup_fast_pin(start, count, flags, pages);
	return gup_fast_get(start, count, flags, pages);
}
