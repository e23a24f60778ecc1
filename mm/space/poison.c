/*
 * mm/space/poison.c - catching writes to freed frames, in lab builds.
 *
 * A frame is filled with poison when it becomes free. A word that has changed when it is
 * allocated again was written by somebody who had no right to: the check panics with the
 * frame, the offset and the CPU that freed it. Frames that were never allocated
 * (generation 0) hold no poison yet, so that a boot need not touch all memory.
 *
 * No lock: the frames belong to the caller, on their way in or out of the allocator.
 */
#include "mm/space/internal.h"
#include "arch/contract/cpu.h"
#include "kernel/base/panic.h"

#ifdef ORIGAMI_LAB

#define FRAME_WORDS (PAGE_SIZE / sizeof(unsigned long))

void poison_fill(struct page *page, unsigned int order)
{
	for (unsigned int i = 0; i < 1U << order; i++) {
		unsigned long *word = page_address(page + i);

		page[i].cpu = arch_cpu_id();
		for (unsigned int n = 0; n < FRAME_WORDS; n++)
			word[n] = FRAME_POISON;
	}
}

unsigned long poison_find_damage(const struct page *page)
{
	const unsigned long *word = page_address(page);

	for (unsigned int n = 0; n < FRAME_WORDS; n++)
		if (word[n] != FRAME_POISON)
			return n * sizeof(*word);
	return PAGE_SIZE;
}

/* SAFE(frame_poison): a stale pointer or translation that outlives its frame would write
 * into the next owner's memory unseen; pairs with poison_fill() in frame_free() */
void poison_check(struct page *page, unsigned int order)
{
	for (unsigned int i = 0; i < 1U << order; i++) {
		struct page *one = page + i;
		unsigned long at = one->generation ? poison_find_damage(one) : PAGE_SIZE;

		if (at != PAGE_SIZE)
			panic("frame %lx was written after it was freed: offset %lx "
			      "holds %lx "
			      "(freed by CPU %u, generation %u)",
				page_phys(one).v, at,
				((unsigned long *)page_address(one))[at / sizeof(long)],
				one->cpu, one->generation);
		one->generation++;
	}
}

#endif
