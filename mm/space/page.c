/*
 * mm/space/page.c - the array of struct page, and reference counts.
 *
 * The array lies in the direct map and covers everything between the lowest and the
 * highest usable frame; entries of holes stay PAGE_RESERVED for ever. References are
 * atomic; nothing here takes a lock (the last page_put() calls the frame allocator).
 */
#include "mm/space/page.h"
#include "mm/space/frame.h"

struct page *page_array;
u64 page_first_frame, page_frame_count;

void page_get(struct page *page)
{
	s32 refs = atomic_add(&page->refs, 1);

	LAB_ASSERT(refs > 1, "page_get() of a page that is being freed");
}

bool page_try_get(struct page *page)
{
	for (;;) {
		s32 refs = atomic_load_relaxed(&page->refs);

		if (refs <= 0)
			return false;
		/* SAFE(page_try_get): a plain increment would revive a frame whose last
		 * reference is gone and which somebody may own anew at any moment; pairs
		 * with the decrement in page_put() */
		if (atomic_cas(&page->refs, refs, refs + 1))
			return true;
	}
}

void page_put(struct page *page)
{
	s32 refs = atomic_sub(&page->refs, 1);

	LAB_ASSERT(refs >= 0, "one page_put() too many");
	if (refs == 0)
		frame_free(page);
}
