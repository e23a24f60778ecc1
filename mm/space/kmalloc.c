/*
 * mm/space/kmalloc.c - memory of any size for the kernel: a cache per power of two, whole
 * frames above half a page.
 */
#include "mm/space/cache.h"
#include "kernel/base/panic.h"
#include "kernel/base/string.h"
#include "mm/space/frame.h"

#define CLASS_MIN_SHIFT 4
#define CLASS_MAX_SHIFT (PAGE_SHIFT - 1)
#define CLASSES         (CLASS_MAX_SHIFT - CLASS_MIN_SHIFT + 1)

static struct cache *classes[CLASSES]; /* (c) */

void cache_init(void)
{
	for (unsigned int i = 0; i < CLASSES; i++)
		classes[i] = cache_create("kmalloc", BIT(CLASS_MIN_SHIFT + i), 0);
}

/* log2 of size, rounded up. */
static unsigned int size_shift(size_t size)
{
	return size <= 1 ? 0 : 64 - __builtin_clzl(size - 1);
}

static void *allocate(size_t size, unsigned int frame_flags)
{
	unsigned int shift = max(size_shift(size), (unsigned int)CLASS_MIN_SHIFT);
	unsigned int order = shift > PAGE_SHIFT ? shift - PAGE_SHIFT : 0;
	struct page *page;

	if (shift <= CLASS_MAX_SHIFT)
		return cache_alloc_dirty(classes[shift - CLASS_MIN_SHIFT]);
	if (order > FRAME_ORDER_MAX)
		return NULL;
	page = frame_alloc(order, PAGE_KERNEL, frame_flags);
	return page ? page_address(page) : NULL;
}

void *kmalloc(size_t size)
{
	void *memory = allocate(size, FRAME_ZERO);

	if (memory && size_shift(size) <= CLASS_MAX_SHIFT)
		memset(memory, 0, size);
	return memory;
}

void *kmalloc_dirty(size_t size)
{
	return allocate(size, 0);
}

void kfree(void *memory)
{
	struct page *page;

	if (!memory)
		return;
	page = page_of_virt(memory);
	if (page->type == PAGE_CACHE)
		return cache_free(page->cache, memory);
	ASSERT(page->type == PAGE_KERNEL && page_address(page) == memory,
		"%p is not from kmalloc()", memory);
	frame_free(page);
}
