/*
 * arch/sim/frame.c - the frame source of mm/space/frame.h for the host.
 *
 * Next fit: a cursor goes round and round over all frames. A freed frame, poisoned for
 * ASan, is so not used again before the cursor comes by, so that late accesses are
 * caught. Where interleavings are explored each CPU has a part of the RAM for itself, so
 * that who allocates first makes no difference; and a test that wants to see what reuse
 * does asks for the frame that it means.
 */
#include "arch/sim/me.h"
#include "arch/sim/sim.h"
#include "arch/contract/page.h"
#include "kernel/base/panic.h"
#include "kernel/base/trace.h"
#include "mm/space/frame.h"

#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

char *sim_ram;
u64 sim_frames = SIM_RAM_SIZE / PAGE_SIZE;
unsigned long sim_frames_left = ~0UL;
void (*sim_meanwhile)(void);
long sim_blocks_used;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static u64 frames_used;
static u64 cursors[SIM_CPUS_ALL]; /* index of the frame to look at next, in a part */
u64 sim_frame_parts = 1;
struct page *sim_frame_wanted;
u64 sim_frames_touched;

/* The frames of a block: of one that is handed out, all but the first are PAGE_RESERVED.
 */
static void mark(struct page *first, unsigned int order, enum page_type type)
{
	for (struct page *page = first; page < first + (1UL << order); page++)
		page->type = type;
}

void frame_init(void)
{
	unsigned long alignment = PAGE_SIZE << FRAME_ORDER_MAX;
	char *memory = mmap(NULL, SIM_RAM_SIZE + alignment, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ASSERT(memory != MAP_FAILED, "the host refuses %lu bytes", SIM_RAM_SIZE);
	sim_ram = (char *)ALIGN_UP((unsigned long)memory, alignment);
	ASAN_POISON_MEMORY_REGION(sim_ram, SIM_RAM_SIZE);
	page_frame_count = sim_frames;
	page_array = calloc(page_frame_count, sizeof(struct page));
	page_first_frame = SIM_RAM_BASE >> PAGE_SHIFT;
	page_base = (unsigned long)page_array - page_first_frame * sizeof(struct page);
	for (u64 i = 0; i < page_frame_count; i++)
		page_array[i].type = PAGE_FREE;
}

static bool is_free(const struct page *first, unsigned int order)
{
	for (const struct page *page = first; page < first + (1UL << order); page++)
		if (page->type != PAGE_FREE)
			return false;
	return true;
}

static struct page *take(unsigned int order)
{
	u64 count = 1UL << order, part = sim_me.cpu % sim_frame_parts;
	u64 size = page_frame_count / sim_frame_parts, *cursor = &cursors[part];
	struct page *page = sim_frame_wanted;

	if (page)
		return is_free(page, order) ? page : NULL;
	if (count > size)
		return NULL;
	*cursor = ALIGN_UP(*cursor, count);
	for (u64 tried = 0; tried < size; tried += count) {
		page = &page_array[part * size + *cursor % size];
		*cursor += count;
		if (is_free(page, order))
			return page;
	}
	return NULL;
}

static struct page *take_counted(unsigned int order)
{
	struct page *page;

	pthread_mutex_lock(&lock);
	page = sim_frames_left ? take(order) : NULL;
	if (page) {
		sim_frames_left -= sim_frames_left != ~0UL;
		sim_blocks_used++;
		frames_used += 1UL << order;
		mark(page, order, PAGE_RESERVED);
		sim_frames_touched = max(
			sim_frames_touched, (u64)(page - page_array) + (1UL << order));
	}
	pthread_mutex_unlock(&lock);
	return page;
}

struct page *frame_alloc(unsigned int order, enum page_type type, unsigned int flags)
{
	void (*meanwhile)(void) = sim_meanwhile;
	struct page *page;

	sim_hardware(HARDWARE_ALLOC,
		sim_frame_wanted ? (unsigned long)page_address(sim_frame_wanted) : 0,
		PAGE_SIZE << order);
	page = take_counted(order);
	if (meanwhile) {
		sim_meanwhile = NULL;
		meanwhile();
	}
	if (!page)
		return NULL;
	page->type = type;
	page->order = order;
	atomic_store_relaxed(&page->refs, 1);
	page->generation++;
	list_init(&page->link);
	ASAN_UNPOISON_MEMORY_REGION(page_address(page), PAGE_SIZE << order);
	memset(page_address(page), flags & FRAME_ZERO ? 0 : 0xa5, PAGE_SIZE << order);
	return page;
}

void frame_release(struct page *page)
{
	unsigned long bytes = PAGE_SIZE << page->order;

	/* First of all: whether it was freed before is a matter of which step comes
	 * first. */
	sim_hardware(HARDWARE_FREE, (unsigned long)page_address(page), bytes);
	ASSERT(page->type > PAGE_FREE_CPU && !page->refs, "frame type %u refs %d",
		page->type, page->refs);
	sim_tlb_forbid(page_phys(page), bytes);
	TRACE(frame_free, page_phys(page).v, page->order);
	memset(page_address(page), 0x5a, bytes); /* a late access races with this */
	ASAN_POISON_MEMORY_REGION(page_address(page), bytes);
	pthread_mutex_lock(&lock);
	sim_blocks_used--;
	frames_used -= 1UL << page->order;
	mark(page, page->order, PAGE_FREE);
	pthread_mutex_unlock(&lock);
}

void frame_release_singles(struct page **pages, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		frame_release(pages[i]);
}

void frame_stats(struct frame_stats *stats)
{
	stats->total = page_frame_count;
	stats->free = page_frame_count - frames_used;
}

void clear_page(void *page)
{
	memset(page, 0, PAGE_SIZE);
}

void fill_page(void *page, u64 word)
{
	for (size_t i = 0; i < PAGE_SIZE / sizeof(word); i++)
		((u64 *)page)[i] = word;
}

void copy_page(void *to, const void *from)
{
	sim_hardware(HARDWARE_COPY, (unsigned long)from, PAGE_SIZE);
	memcpy(to, from, PAGE_SIZE);
}
