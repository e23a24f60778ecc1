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
 * what was freed last is still in the cache; lists trade in batches with `singles`,
 * frames that belong to no CPU and are not merged yet, and get more from the blocks.
 * Merging waits until somebody needs it: an allocation that finds nothing takes back what
 * all lists hold, merges, and tries again; then reclaim has its turn (reclaim.c).
 *
 * Locks, with interrupts off: each list's own, nearly always uncontended; below it,
 * frame_lock for the blocks.
 */
#include "mm/space/frame.h"
#include "arch/contract/irq.h"
#include "arch/contract/page.h"
#include "kernel/base/cpu.h"
#include "kernel/base/panic.h"
#include "kernel/base/percpu.h"
#include "kernel/base/options.h"
#include "kernel/base/print.h"
#include "kernel/base/spin.h"
#include "kernel/base/string.h"
#include "kernel/base/trace.h"
#include "mm/oracle/ledger.h"
#include "mm/space/fail.h"
#include "mm/space/cache.h"
#include "mm/space/internal.h"

#define FRAME_BATCH_ORDER                                                                \
	4 /* log2 of the frames that a list takes from the blocks at once */
#define FRAME_LIST_MAX  32           /* a longer list gives half back */
#define FRAME_BYTES_MIN (4UL << 20)  /* left after boot; less cannot run a program */
#define CONTIG_LEAVES   (64UL << 20) /* contig= takes no more than leaves this */
#define CONTIG_MAX      32

struct frame_list {
	struct spinlock lock;
	struct list pages;  /* (l:lock) PAGE_FREE_CPU */
	unsigned int count; /* (l:lock); read without it for statistics */
} __aligned(64);

static struct frame_list lists[NR_CPUS];

static struct spinlock frame_lock = SPINLOCK_INIT("frames", RANK_FRAME);
static struct list blocks[FRAME_ORDER_MAX + 1];  /* (l:frame_lock) PAGE_FREE, by order */
static struct list singles = LIST_INIT(singles); /* (l:frame_lock) PAGE_FREE_CPU */
static u64 block_frames; /* (l:frame_lock) in both; read without it for statistics */
static u64 total_frames; /* (c) */
static u64 reserve;      /* (c) blocks that FRAME_USER must leave */
phys_t frame_contig;
u64 frame_contig_size;

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

/* list->lock and frame_lock held: single frames if there are any, else all frames of one
 * block, a small one rather than part of a large one. */
static bool list_add(struct frame_list *list)
{
	unsigned int count, order = 0;
	struct page *page;

	count = list_splice_some(&list->pages, &singles, 1U << FRAME_BATCH_ORDER);
	list->count += count;
	block_frames -= count;
	if (count)
		return true;
	while (order < FRAME_BATCH_ORDER && list_empty(&blocks[order]))
		order++;
	page = block_take(order);
	if (!page)
		return false;
	for (unsigned int i = 0; i < 1U << order; i++) {
		page[i].type = PAGE_FREE_CPU;
		list_append(&list->pages, &page[i].link);
	}
	list->count += 1U << order;
	return true;
}

/* list->lock held: trade with the others until the list has about `count` frames, giving
 * away those that have been on it for longest. */
static void list_trade(struct frame_list *list, unsigned int count)
{
	struct list *oldest;

	spin_lock(&frame_lock);
	while (list->count < count && list_add(list))
		continue;
	for (; list->count > count; list->count--) {
		oldest = list->pages.prev;
		list_remove(oldest);
		list_push(&singles, oldest);
		block_frames++;
	}
	spin_unlock(&frame_lock);
}

/* Which CPU's list is a matter of speed only, so the thread may migrate in between. */
static struct page *list_take(bool refill)
{
	struct frame_list *list = &lists[arch_cpu_id()];
	unsigned long irq = spin_lock_irqsave(&list->lock);
	struct list *item;

	if (!list->count && refill)
		list_trade(list, 1U << FRAME_BATCH_ORDER);
	item = list_pop(&list->pages);
	if (item)
		list->count--;
	spin_unlock_irqrestore(&list->lock, irq);
	return item ? list_entry(item, struct page, link) : NULL;
}

static void list_put(struct page *page)
{
	struct frame_list *list = &lists[arch_cpu_id()];
	unsigned long irq = spin_lock_irqsave(&list->lock);

	page->type = PAGE_FREE_CPU;
	list_push(&list->pages, &page->link);
	if (++list->count > FRAME_LIST_MAX)
		list_trade(list, FRAME_LIST_MAX / 2);
	spin_unlock_irqrestore(&list->lock, irq);
}

static void singles_put(struct list *pages, unsigned int count)
{
	unsigned long irq = spin_lock_irqsave(&frame_lock);

	list_splice(&singles, pages);
	block_frames += count;
	spin_unlock_irqrestore(&frame_lock, irq);
}

/* Merge in portions, so that interrupts are not off for long. */
static void merge_singles(void)
{
	struct list *item;

	do {
		unsigned long irq = spin_lock_irqsave(&frame_lock);

		for (int n = 0; n < 64 && (item = list_pop(&singles)); n++) {
			block_frames--;
			block_put(list_entry(item, struct page, link), 0);
		}
		spin_unlock_irqrestore(&frame_lock, irq);
	} while (item);
}

/* The last frames may lie on other CPUs' lists, or keep buddies from merging. */
static void drain_lists(void)
{
	for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
		unsigned long irq = spin_lock_irqsave(&lists[cpu].lock);

		list_trade(&lists[cpu], 0);
		spin_unlock_irqrestore(&lists[cpu].lock, irq);
	}
	merge_singles();
}

static __noinline struct page *block_take_locked(unsigned int order)
{
	unsigned long irq = spin_lock_irqsave(&frame_lock);
	struct page *page = block_take(order);

	spin_unlock_irqrestore(&frame_lock, irq);
	return page;
}

static struct page *take(unsigned int order, unsigned int flags)
{
	/* A program that touches all memory must not get the last of it: the kernel
	 * needs some to end the program. */
	bool blocks = !(flags & FRAME_USER) || READ_ONCE(block_frames) >= reserve;

	if (order == 0)
		return list_take(blocks);
	return blocks ? block_take_locked(order) : NULL;
}

/* Nothing is free. Before a program has to end for it, who may wait takes pages back. */
static struct page *take_last(unsigned int order, unsigned int flags)
{
	bool may_wait = !(flags & FRAME_NO_RECLAIM) && arch_irq_enabled() &&
			!current_info()->preempt_count;
	struct page *page;

	do {
		drain_lists();
		page = take(order, flags);
	} while (!page && may_wait && mm_reclaim(FRAME_LIST_MAX));
	return page;
}

struct page *frame_alloc(unsigned int order, enum page_type type, unsigned int flags)
{
	struct page *page;

	LAB_ASSERT(order <= FRAME_ORDER_MAX, "order %u", order);
	if (IS_LAB && fail_now())
		return NULL;
	page = take(order, flags);
	if (unlikely(!page))
		page = take_last(order, flags);
	if (unlikely(!page))
		return NULL;
	if (IS_LAB)
		poison_check(page, order);
	page->type = type;
	page->order = order;
	atomic_store_relaxed(&page->refs, 1);
	if (flags & FRAME_ZERO)
		clear_pages(page_address(page), BIT(order));
	return page;
}

static void check_release(struct page *page)
{
	ASSERT(page->type > PAGE_FREE_CPU, "frame %lx freed twice: type %u",
		page_phys(page).v, page->type);
	if (IS_LAB) {
		TRACE(frame_free, page_phys(page).v, page->order);
		ledger_freed(page);
		poison_fill(page, page->order);
	}
}

void frame_release(struct page *page)
{
	unsigned long irq;

	check_release(page);
	if (page->order == 0)
		return list_put(page);
	irq = spin_lock_irqsave(&frame_lock);
	block_put(page, page->order);
	spin_unlock_irqrestore(&frame_lock, irq);
}

/* Few go to this CPU's list, many past it. */
void frame_release_singles(struct page **pages, unsigned int count)
{
	struct list released;

	if (count <= FRAME_LIST_MAX) {
		while (count--)
			frame_release(pages[count]);
		return;
	}
	list_init(&released);
	for (unsigned int i = 0; i < count; i++) {
		check_release(pages[i]);
		pages[i]->type = PAGE_FREE_CPU;
		list_push(&released, &pages[i]->link);
	}
	singles_put(&released, count);
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
	page_base = (unsigned long)page_array - page_first_frame * sizeof(struct page);
	ledger_init();
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

static bool parse_contig(const char *value)
{
	u64 areas = 0;

	if (!string_to_u64(value, &areas) || areas > CONTIG_MAX)
		return false;
	frame_contig_size = areas << ARCH_LEVEL_SHIFT(LEVEL_PUD);
	return true;
}
OPTION(contig, "contig", "N: set aside memory for N pud leaves (/dev/contig)",
	parse_contig);

/* Before there are struct pages: it needs none. */
static void reserve_contig(void)
{
	u64 wanted = frame_contig_size;

	if (!wanted)
		return;
	frame_contig = boot_map_take_highest(
		wanted, BIT(ARCH_LEVEL_SHIFT(LEVEL_PUD)), CONTIG_LEAVES);
	if (!frame_contig.v) {
		frame_contig_size = 0;
		print("contig: no %lu MiB in one piece beside %lu MiB for the rest\n",
			wanted >> 20, CONTIG_LEAVES >> 20);
	}
	clear_pages(phys_to_virt(frame_contig), frame_contig_size / PAGE_SIZE);
}

void frame_init(void)
{
	u64 start, end;

	for (unsigned int order = 0; order <= FRAME_ORDER_MAX; order++)
		list_init(&blocks[order]);
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++) {
		spin_init(&lists[cpu].lock, "frame list", RANK_FRAME_LIST);
		list_init(&lists[cpu].pages);
	}
	reserve_contig();
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
	void *areas = size ? kmalloc(size) : NULL;

	if (size && !areas)
		boot_map_too_small(size);
	percpu_init(cpu_count, areas);
}
