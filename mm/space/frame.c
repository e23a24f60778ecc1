/*
 * mm/space/frame.c - the frame source: a buddy allocator below per-CPU lists.
 *
 * A free block of 2^order frames is aligned to its size, so its buddy, the other half of
 * the next larger block, differs in one bit of the frame number. Freeing merges buddies
 * upwards, allocating splits downwards. What the buddy allocator knows about a block is
 * in its first struct page; all others of the block say PAGE_RESERVED, which is also what
 * a zeroed array says: a boot touches one struct page per block, not per frame.
 *
 * Single frames, nearly all there are, come from and go to a list per CPU, LIFO, because
 * what was freed last is still in the cache; lists trade with the buddy allocator in
 * batches. An allocation that finds nothing takes back what all lists hold and tries
 * again, so "no memory" is told only when there is none.
 *
 * Locks: each list has its own, nearly always uncontended; frame_lock guards the blocks.
 * Neither is taken under the other. Both are taken with interrupts off.
 */
#include "mm/space/frame.h"
#include "boot/info.h"
#include "arch/contract/page.h"
#include "kernel/base/cpu.h"
#include "kernel/base/panic.h"
#include "kernel/base/percpu.h"
#include "kernel/base/print.h"
#include "kernel/base/spin.h"
#include "kernel/base/trace.h"
#include "mm/space/boot_map.h"
#include "mm/space/poison.h"

#define FRAME_BATCH     16 /* moved between a CPU's list and the blocks at once */
#define FRAME_LIST_MAX  32 /* a longer list gives a batch back */
#define FRAME_BYTES_MIN (4UL << 20) /* left after boot; less cannot run a program */

struct frame_list {
	struct spinlock lock;
	struct list pages;  /* (l:lock) PAGE_FREE_CPU */
	unsigned int count; /* (l:lock); read without it for statistics */
} __aligned(64);

static struct frame_list lists[NR_CPUS];

static struct spinlock frame_lock = SPINLOCK_INIT("frames", RANK_FRAME);
static struct list blocks[FRAME_ORDER_MAX + 1]; /* (l:frame_lock) PAGE_FREE, by order */
static u64 block_frames; /* (l:frame_lock) in blocks; read without it for statistics */
static u64 total_frames; /* (c) */
static u64 reserve;      /* (c) blocks that FRAME_USER must leave */

static struct page *buddy_of(const struct page *page, unsigned int order)
{
	u64 frame = page_first_frame + (u64)(page - page_array);
	u64 index = (frame ^ (1UL << order)) - page_first_frame;

	return index < page_frame_count ? &page_array[index] : NULL;
}

/* frame_lock held. A buddy's type may be changing under its owner's hands, but only here
 * does a page become, or cease to be, PAGE_FREE. */
static void block_put(struct page *page, unsigned int order)
{
	block_frames += 1UL << order;
	page->type = PAGE_RESERVED;
	for (; order < FRAME_ORDER_MAX; order++) {
		struct page *buddy = buddy_of(page, order);

		if (!buddy || READ_ONCE(buddy->type) != PAGE_FREE ||
			buddy->order != order)
			break;
		list_remove(&buddy->link);
		buddy->type = PAGE_RESERVED;
		page = min(page, buddy);
	}
	page->type = PAGE_FREE;
	page->order = order;
	list_push(&blocks[order], &page->link);
}

/* frame_lock held. The result is PAGE_RESERVED until its taker says what it is. */
static struct page *block_take(unsigned int order)
{
	unsigned int from = order;
	struct page *page;

	while (from <= FRAME_ORDER_MAX && list_empty(&blocks[from]))
		from++;
	if (from > FRAME_ORDER_MAX)
		return NULL;
	page = list_entry(list_pop(&blocks[from]), struct page, link);
	while (from-- > order) {
		struct page *half = page + (1UL << from);

		half->type = PAGE_FREE;
		half->order = from;
		list_push(&blocks[from], &half->link);
	}
	page->type = PAGE_RESERVED;
	block_frames -= 1UL << order;
	return page;
}

/* Up to `count` single frames out of the blocks, on the caller's own list. */
static void blocks_to_batch(struct list *batch, unsigned int count)
{
	unsigned long flags = spin_lock_irqsave(&frame_lock);
	struct page *page;

	while (count-- && (page = block_take(0)) != NULL) {
		page->type = PAGE_FREE_CPU;
		list_append(batch, &page->link);
	}
	spin_unlock_irqrestore(&frame_lock, flags);
}

static void batch_to_blocks(struct list *batch)
{
	unsigned long flags = spin_lock_irqsave(&frame_lock);
	struct list *item;

	while ((item = list_pop(batch)) != NULL)
		block_put(list_entry(item, struct page, link), 0);
	spin_unlock_irqrestore(&frame_lock, flags);
}

/* Which CPU's list is a matter of speed only, so the thread may migrate in between. */
static struct frame_list *this_list(void)
{
	return &lists[arch_cpu_id()];
}

static struct page *list_refill(void)
{
	struct frame_list *list = this_list();
	struct list batch, *first, *item;
	unsigned long flags;

	list_init(&batch);
	blocks_to_batch(&batch, FRAME_BATCH);
	first = list_pop(&batch);
	flags = spin_lock_irqsave(&list->lock);
	while ((item = list_pop(&batch)) != NULL) {
		list_append(&list->pages, item);
		list->count++;
	}
	spin_unlock_irqrestore(&list->lock, flags);
	return first ? list_entry(first, struct page, link) : NULL;
}

static struct page *list_take(void)
{
	struct frame_list *list = this_list();
	unsigned long flags = spin_lock_irqsave(&list->lock);
	struct list *item = list_pop(&list->pages);

	if (item)
		list->count--;
	spin_unlock_irqrestore(&list->lock, flags);
	return item ? list_entry(item, struct page, link) : NULL;
}

/* The `count` frames that have been longest on the list, to the blocks. */
static void list_drain(struct frame_list *list, unsigned int count)
{
	struct list batch;
	unsigned long flags;

	list_init(&batch);
	flags = spin_lock_irqsave(&list->lock);
	for (; count && list->count; count--, list->count--) {
		struct list *last = list->pages.prev;

		list_remove(last);
		list_push(&batch, last);
	}
	spin_unlock_irqrestore(&list->lock, flags);
	batch_to_blocks(&batch);
}

static void list_put(struct page *page)
{
	struct frame_list *list = this_list();
	unsigned long flags;
	bool full;

	page->type = PAGE_FREE_CPU;
	flags = spin_lock_irqsave(&list->lock);
	list_push(&list->pages, &page->link);
	full = ++list->count > FRAME_LIST_MAX;
	spin_unlock_irqrestore(&list->lock, flags);
	if (full)
		list_drain(list, FRAME_BATCH);
}

static struct page *take(unsigned int order, unsigned int flags)
{
	unsigned long irq;
	struct page *page;

	if (order == 0) {
		page = list_take();
		if (page)
			return page;
	}
	/* A program that touches all memory must not take the last of it: the kernel
	 * needs some to end the program. */
	if ((flags & FRAME_USER) && READ_ONCE(block_frames) < reserve)
		return NULL;
	if (order == 0)
		return list_refill();
	irq = spin_lock_irqsave(&frame_lock);
	page = block_take(order);
	spin_unlock_irqrestore(&frame_lock, irq);
	return page;
}

/* The last frames may lie on other CPUs' lists, or keep buddies from merging. */
static struct page *take_after_draining(unsigned int order, unsigned int flags)
{
	for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
		list_drain(&lists[cpu], ~0U);
	return take(order, flags);
}

struct page *frame_alloc(unsigned int order, enum page_type type, unsigned int flags)
{
	struct page *page;

	LAB_ASSERT(order <= FRAME_ORDER_MAX, "order %u", order);
	page = take(order, flags);
	if (unlikely(!page))
		page = take_after_draining(order, flags);
	if (unlikely(!page))
		return NULL;
	poison_check(page, order);
	page->type = type;
	page->order = order;
	atomic_store_relaxed(&page->refs, 1);
	if (flags & FRAME_ZERO)
		for (unsigned int i = 0; i < 1U << order; i++)
			clear_page(page_address(page + i));
	return page;
}

void frame_free(struct page *page)
{
	unsigned int order = page->order;
	unsigned long flags;

	ASSERT(page->type > PAGE_FREE_CPU && page->refs <= 1,
		"frame %lx freed twice, or in use: type %u, %d references",
		page_phys(page).v, page->type, page->refs);
	TRACE(frame_free, page_phys(page).v, order);
	atomic_store_relaxed(&page->refs, 0);
	poison_fill(page, order);
	if (order == 0)
		return list_put(page);
	flags = spin_lock_irqsave(&frame_lock);
	block_put(page, order);
	spin_unlock_irqrestore(&frame_lock, flags);
}

void frame_stats(struct frame_stats *stats)
{
	stats->total = total_frames;
	stats->free = READ_ONCE(block_frames);
	for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
		stats->free += READ_ONCE(lists[cpu].count);
}

/* struct pages for all frames between the lowest and the highest free one. */
static void make_page_array(void)
{
	u64 start, end, first = ~0UL, last = 0;

	for (u64 from = 0; boot_map_next(from, &start, &end); from = end) {
		first = min(first, start);
		last = max(last, end);
	}
	if (first >= last)
		boot_map_too_small(FRAME_BYTES_MIN);
	page_first_frame = first >> PAGE_SHIFT;
	page_frame_count = (last - first) >> PAGE_SHIFT;
	page_array =
		phys_to_virt(frame_boot_alloc(page_frame_count * sizeof(struct page)));
}

/* Cut a free range into the largest aligned blocks. */
static void add_range(u64 start, u64 end)
{
	while (start < end) {
		unsigned int order = FRAME_ORDER_MAX;

		while (!IS_ALIGNED(start, PAGE_SIZE << order) ||
			end - start < PAGE_SIZE << order)
			order--;
		block_put(page_of_phys(phys(start)), order);
		start += PAGE_SIZE << order;
	}
}

void frame_init(void)
{
	u64 start, end;

	for (unsigned int order = 0; order <= FRAME_ORDER_MAX; order++)
		list_init(&blocks[order]);
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++) {
		spin_init(&lists[cpu].lock, "frame list", RANK_FRAME);
		list_init(&lists[cpu].pages);
	}
	make_page_array();
	for (u64 from = 0; boot_map_next(from, &start, &end); from = end)
		add_range(start, end);
	total_frames = block_frames;
	reserve = max(total_frames / 64, 256UL);
	if (total_frames < FRAME_BYTES_MIN >> PAGE_SHIFT)
		boot_map_too_small(FRAME_BYTES_MIN);
	print("memory: %lu MiB free, %lu KiB for struct page\n",
		total_frames >> (20 - PAGE_SHIFT),
		(page_frame_count * sizeof(struct page)) >> 10);
}

void frame_init_percpu(void)
{
	size_t size = percpu_size() * (cpu_count - 1);
	unsigned int order = 0;
	struct page *page = NULL;

	while (size && PAGE_SIZE << order < size)
		order++;
	if (size) {
		page = frame_alloc(order, PAGE_KERNEL, FRAME_ZERO);
		if (!page)
			boot_map_too_small(size);
	}
	percpu_init(cpu_count, page ? page_address(page) : NULL);
}
