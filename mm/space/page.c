/*
 * mm/space/page.c - the array of struct page, and reference counts.
 *
 * The array lies in the direct map and covers everything between the lowest and the
 * highest usable frame; entries of holes stay PAGE_RESERVED for ever. References are
 * atomic; nothing here takes a lock (the last page_put() calls the frame allocator).
 */
#include "mm/space/page.h"
#include "kernel/base/options.h"
#include "mm/space/frame.h"

struct page *page_array;
u64 page_first_frame, page_frame_count;
unsigned long page_base;

#ifdef ORIGAMI_LAB
s32 page_refs_max = PAGE_REFS_MAX;
#endif

void page_get(struct page *page)
{
	s32 refs = atomic_add(&page->refs, 1);

	ASSERT(refs > 1, "%d references: the page is being freed, or has far too many",
		refs);
}

void page_make_block(struct page *head)
{
	const struct page *end = head + BIT(head->order);

	/* Most of what a huge page costs beside its contents: so one store for each. */
#pragma GCC unroll 16
	for (struct page *page = head + 1; page < end; page++)
		WRITE_ONCE(page->head, (unsigned long)head + 1);
	WRITE_ONCE(head->pins, 0);
}

/* Nobody can reach the block any more. */
static void unmake_block(struct page *head)
{
	const struct page *end = head + BIT(head->order);

	LAB_ASSERT(!head->pins, "%d pins of a block that nobody holds", head->pins);
#pragma GCC unroll 16
	for (struct page *page = head + 1; page < end; page++)
		WRITE_ONCE(page->head, 0);
}

void page_gone(struct page *head)
{
	ASSERT(!READ_ONCE(head->refs), "%d references left: frame freed twice",
		head->refs);
	if (head->order && head[1].head & 1) /* it has tails */
		unmake_block(head);
	frame_release(head);
}

void page_unmap_all(struct page **pages, unsigned int count)
{
	unsigned int gone = 0;

	for (unsigned int i = 0; i < count; i++) {
		struct page *page = pages[i];
		s32 refs;

		page_unmap(page);
		if (page->order) {
			page_put(page);
			continue;
		}
		refs = atomic_sub(&page->refs, 1);
		ASSERT(refs >= 0, "one reference too many dropped");
		if (!refs)
			pages[gone++] = page;
	}
	frame_release_singles(pages, gone);
}
