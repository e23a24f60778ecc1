/*
 * mm/space/gup.h - getting user pages: the frames behind user addresses, held.
 *
 *     held = gup(start, count, FOLL_PIN | FOLL_WRITE, pages);
 *     ... a device reads and writes them, whatever becomes of the mapping ...
 *     gup_unpin(pages, held);
 *
 * A held frame is not freed or given to anybody else before it is let go. It may be
 * unmapped meanwhile: then user space does not see it any more.
 *
 * Results: how many pages are held, in order, from the first: 1..count. None: 0 if count
 * is 0, -EFAULT (no such mapping, or not allowed), -ENOMEM (no memory to fault one in, or
 * too many references), -EINTR (the thread is to end), -EINVAL (flags). `start` is
 * rounded down to a page. May sleep; no lock of an mm is held.
 */
#pragma once

#include "mm/table/gup_fast.h"

/* Of the running thread's mm: without a lock as far as that goes, then the slow way. */
long gup(unsigned long start, unsigned long count, unsigned int flags,
	struct page **pages);

/* Of any mm whose user the caller is, or has: under its lock, faulting in what is not
 * there. */
long gup_slow(struct mm *mm, unsigned long start, unsigned long count, unsigned int flags,
	struct page **pages);

/* Let go of pages held with FOLL_GET, FOLL_PIN. Any context. */
void gup_put(struct page **pages, unsigned long count);
void gup_unpin(struct page **pages, unsigned long count);

/* Pages held and not let go: zero when nobody uses any of this. Exact only then. */
s64 gup_held(void);

/* Set by kernel/task: the running thread is to end, so long work is not worth it. */
extern bool (*gup_killed)(void);
