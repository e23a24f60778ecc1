/*
 * tests/unit/frame_alloc.c - mm/space/frame.c: blocks, lists, exhaustion, poison.
 */
#include "tests/unit/unit.h"
#include "tests/unit/frame_help.h"
#include "arch/contract/irq.h"
#include "arch/contract/page.h"
#include "mm/space/frame.h"
#include "mm/space/internal.h"

static void take_all(struct list *taken, unsigned int order, unsigned int flags)
{
	struct page *page;

	while ((page = frame_alloc(order, PAGE_KERNEL, flags)) != NULL)
		list_append(taken, &page->link);
}

UNIT_TEST(frame_unique)
{
	enum {
		COUNT = 300
	};
	static struct page *pages[COUNT];
	u64 before = frame_count_settled();

	for (unsigned long i = 0; i < COUNT; i++) {
		unsigned long *word;

		pages[i] = frame_alloc(0, PAGE_KERNEL, 0);
		EXPECT(pages[i] != NULL);
		word = page_address(pages[i]);
		for (unsigned int n = 0; n < PAGE_SIZE / sizeof(*word); n++)
			word[n] = i;
	}
	EXPECT_EQ(before - frame_count_free(), COUNT);
	for (unsigned long i = 0; i < COUNT; i++) {
		unsigned long *word = page_address(pages[i]);

		EXPECT_EQ(word[0], i);
		EXPECT_EQ(word[PAGE_SIZE / sizeof(*word) - 1], i);
		EXPECT_EQ(pages[i]->refs, 1);
		EXPECT_EQ(pages[i]->type, PAGE_KERNEL);
		EXPECT(page_of_virt(word) == pages[i]);
		page_put(pages[i]);
	}
	EXPECT_EQ(frame_count_free(), before);
}

UNIT_TEST(frame_blocks_are_aligned)
{
	u64 before = frame_count_settled();

	for (unsigned int order = 0; order <= FRAME_ORDER_MAX; order++) {
		struct page *page = frame_alloc(order, PAGE_KERNEL, FRAME_ZERO);
		unsigned long *last;

		EXPECT(page != NULL);
		if (!page)
			continue;
		EXPECT(IS_ALIGNED(page_phys(page).v, PAGE_SIZE << order));
		last = (unsigned long *)((char *)page_address(page) +
					 (PAGE_SIZE << order)) -
		       1;
		EXPECT_EQ(*last, 0);
		EXPECT_EQ(page->order, order);
		EXPECT_EQ(before - frame_count_free(), 1UL << order);
		frame_free(page);
	}
	EXPECT_EQ(frame_count_free(), before);
}

/* All of memory (but for what is held to save time) in the largest blocks, then in
 * frames, then again: as many blocks as before, so every frame found its buddy. */
UNIT_TEST(frame_exhaustion_and_merging)
{
	struct list held, taken;
	u64 blocks, before;

	rcu_barrier(); /* what is still on its way would arrive in between */
	list_init(&taken);
	frame_hold_all_but(&held, 16UL << 20);
	before = frame_count_free();
	take_all(&taken, FRAME_ORDER_MAX, 0);
	blocks = frame_give_all(&taken);
	EXPECT(blocks > 0);
	take_all(&taken, 0, 0);
	EXPECT(frame_alloc(0, PAGE_KERNEL, 0) == NULL);
	EXPECT_EQ(frame_count_free(), 0);
	EXPECT_EQ(frame_give_all(&taken), before);
	take_all(&taken, FRAME_ORDER_MAX, 0);
	EXPECT_EQ(frame_give_all(&taken), blocks);
	EXPECT_EQ(frame_count_free(), before);
	frame_give_all(&held);
}

UNIT_TEST(frame_users_leave_a_reserve)
{
	struct list held, taken;
	struct page *page;

	list_init(&taken);
	frame_hold_all_but(&held, 16UL << 20);
	take_all(&taken, 0, FRAME_USER);
	EXPECT(frame_count_free() >= 128);
	page = frame_alloc(0, PAGE_KERNEL, 0);
	EXPECT(page != NULL);
	if (page)
		frame_free(page);
	frame_give_all(&taken);
	frame_give_all(&held);
}

UNIT_TEST(frame_zeroed)
{
	for (unsigned int round = 0; round < 40; round++) {
		struct page *page = frame_alloc(0, PAGE_KERNEL, FRAME_ZERO);
		unsigned long *word = page_address(page);
		unsigned long bits = 0;

		for (unsigned int n = 0; n < PAGE_SIZE / sizeof(*word); n++) {
			bits |= word[n];
			word[n] = ~0UL;
		}
		EXPECT_EQ(bits, 0);
		frame_free(page);
	}
}

/* A write through a stale pointer is found, and where. Interrupts off: nobody else may
 * be given the damaged frame. */
UNIT_TEST(frame_poison_finds_writes)
{
	struct page *page = frame_alloc(0, PAGE_KERNEL, 0);
	unsigned long *word = page_address(page);
	u32 generation = page->generation;
	unsigned long irq;

	irq = arch_irq_save();
	frame_free(page);
	EXPECT_EQ(poison_find_damage(page), PAGE_SIZE);
	word[77] = 1;
	EXPECT_EQ(poison_find_damage(page), 77 * sizeof(*word));
	word[77] = FRAME_POISON;
	EXPECT(frame_alloc(0, PAGE_KERNEL, 0) == page);
	arch_irq_restore(irq);
	EXPECT_EQ(page->generation, generation + 1);
	frame_free(page);
}

UNIT_TEST(page_references)
{
	struct page *page = frame_alloc(0, PAGE_KERNEL, 0);
	unsigned long irq = arch_irq_save();

	EXPECT(page_try_get(page, 1));
	page_get(page);
	EXPECT_EQ(page->refs, 3);
	page_put(page);
	page_put(page);
	EXPECT_EQ(page->type, PAGE_KERNEL);
	page_put(page);
	EXPECT_EQ(page->type, PAGE_FREE_CPU);
	EXPECT(!page_try_get(page, 1));
	EXPECT_EQ(page->refs, 0);
	arch_irq_restore(irq);
}
