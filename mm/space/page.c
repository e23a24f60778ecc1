/*
 * mm/space/page.c - from frames to struct page and back, and reference counts.
 *
 * The array lies in the direct map and covers everything between the lowest and the
 * highest usable frame; entries of holes stay PAGE_RESERVED for ever. References are
 * atomic; nothing here takes a lock (the last page_put() calls the frame allocator).
 */
#include "mm/space/page.h"
#include "arch/contract/page.h"
#include "kernel/base/panic.h"
#include "mm/space/frame.h"

struct page *page_array;
u64 page_first_frame, page_frame_count;

struct page *page_of_phys(phys_t address)
{
	u64 index = (address.v >> PAGE_SHIFT) - page_first_frame;

	LAB_ASSERT(index < page_frame_count, "no RAM at %lx", (unsigned long)address.v);
	return &page_array[index];
}

struct page *page_of_virt(const void *address)
{
	return page_of_phys(virt_to_phys(address));
}

phys_t page_phys(const struct page *page)
{
	return phys((page_first_frame + (u64)(page - page_array)) << PAGE_SHIFT);
}

void *page_address(const struct page *page)
{
	return phys_to_virt(page_phys(page));
}

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
