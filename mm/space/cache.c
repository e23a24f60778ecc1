/*
 * mm/space/cache.c - object caches: slabs, each a block of frames cut into objects.
 *
 * A slab's first struct page knows its cache and its first free object; a free object
 * holds the pointer to the next one. Slabs with free objects are on the cache's list; a
 * slab whose last object comes back is given up unless it is the only one there.
 *
 * Type-safe caches promise stale readers that memory stays of its type for a grace
 * period: the link lies behind the object, contents are never touched, and an empty slab
 * is freed by RCU. In lab builds all others are poisoned while free.
 *
 * Locks: the cache's. Not from interrupts. Frames are taken and given outside the lock.
 */
#include "mm/space/cache.h"
#include "kernel/base/atomic.h"
#include "kernel/base/panic.h"
#include "kernel/base/spin.h"
#include "kernel/base/string.h"
#include "kernel/sched/rcu.h"
#include "mm/space/fail.h"
#include "mm/space/frame.h"

#define CACHES_MAX   32
#define CACHE_ALIGN  16
#define CACHE_POISON 0x5afe0b1ec7f4ee5dUL

struct cache {
	const char *name;   /* (c) */
	size_t size;        /* (c) what users see */
	size_t stride;      /* (c) from object to object */
	size_t link;        /* (c) offset of the free link */
	size_t poison;      /* (c) words that are poisoned while free, behind the link */
	unsigned int order; /* (c) of a slab */
	unsigned int objects; /* (c) per slab */
	unsigned int flags;   /* (c) */
	struct spinlock lock;
	struct list partial; /* (l:lock) slabs with free objects */
	u64 in_use;          /* (l:lock) */
};

static struct cache caches[CACHES_MAX];
static unsigned int cache_count;
static s64 slab_frames; /* (a) */

struct cache *cache_create(const char *name, size_t size, unsigned int flags)
{
	struct cache *cache = &caches[cache_count++];

	ASSERT(cache_count <= CACHES_MAX, "too many caches: %s", name);
	cache->name = name;
	cache->flags = flags;
	cache->size = ALIGN_UP(size, sizeof(void *));
	cache->link = flags & CACHE_TYPE_SAFE ? cache->size : 0;
	cache->poison = IS_LAB && !cache->link ? cache->size / sizeof(long) - 1 : 0;
	cache->stride =
		ALIGN_UP(max(cache->size, cache->link + sizeof(void *)), CACHE_ALIGN);
	/* Several objects per frame, or one object per block: either way an object's
	 * struct page, found by its address, is the slab's first. */
	while (PAGE_SIZE << cache->order < cache->stride)
		cache->order++;
	cache->objects = cache->order ? 1 : PAGE_SIZE / cache->stride;
	spin_init(&cache->lock, name, RANK_CACHE);
	list_init(&cache->partial);
	return cache;
}

static void **link_of(const struct cache *cache, void *object)
{
	return (void **)((char *)object + cache->link);
}

static void poison(const struct cache *cache, void *object)
{
	for (size_t n = 1; IS_LAB && n <= cache->poison; n++)
		((unsigned long *)object)[n] = CACHE_POISON;
}

/* How many words of the poison are as they should be. */
static size_t poison_left(const struct cache *cache, const void *object)
{
	size_t n = 0;

	while (n < cache->poison &&
		((const unsigned long *)object)[n + 1] == CACHE_POISON)
		n++;
	return n;
}

static struct page *slab_create(struct cache *cache)
{
	struct page *slab = frame_alloc(cache->order, PAGE_CACHE, FRAME_ZERO);
	void *next = NULL;

	if (!slab)
		return NULL;
	atomic_add_relaxed(&slab_frames, 1L << cache->order);
	slab->cache = cache;
	slab->free_objects = cache->objects;
	for (unsigned int i = cache->objects; i-- > 0;) {
		void *object = (char *)page_address(slab) + i * cache->stride;

		poison(cache, object);
		*link_of(cache, object) = next;
		next = object;
	}
	slab->free_list = next;
	return slab;
}

static void slab_free(struct page *slab)
{
	atomic_add_relaxed(&slab_frames, -(1L << slab->order));
	frame_free(slab);
}

static void slab_free_rcu(struct rcu_head *head)
{
	slab_free(container_of(head, struct page, rcu));
}

/* A free object, of the new `slab` if there is one; NULL: no slab has any. */
static void *take(struct cache *cache, struct page *slab)
{
	void *object = NULL;

	spin_lock(&cache->lock);
	if (slab)
		list_push(&cache->partial, &slab->link);
	if (!list_empty(&cache->partial)) {
		slab = list_first(&cache->partial, struct page, link);
		object = slab->free_list;
		slab->free_list = *link_of(cache, object);
		if (--slab->free_objects == 0)
			list_remove(&slab->link);
		cache->in_use++;
	}
	spin_unlock(&cache->lock);
	return object;
}

void *cache_alloc_dirty(struct cache *cache)
{
	void *object;

	if (IS_LAB && fail_now())
		return NULL;
	object = take(cache, NULL);
	if (!object) {
		struct page *slab = slab_create(cache);

		if (!slab)
			return NULL;
		object = take(cache, slab);
	}
	LAB_ASSERT(poison_left(cache, object) == cache->poison,
		"%s of %lu bytes at %p was written after it was freed", cache->name,
		cache->size, object);
	if (IS_LAB && cache->poison)
		((unsigned long *)object)[1] = 0; /* it no longer looks free */
	return object;
}

void *cache_alloc(struct cache *cache)
{
	void *object = cache_alloc_dirty(cache);

	if (object && !(cache->flags & CACHE_TYPE_SAFE))
		memset(object, 0, cache->size);
	return object;
}

void cache_free(struct cache *cache, void *object)
{
	struct page *slab = page_of_virt(object);
	bool give_up;

	ASSERT(slab->type == PAGE_CACHE && slab->cache == cache, "%p is no %s", object,
		cache->name);
	/* SAFE(cache_double_free): an object that is on the free list twice gets two
	 * owners; pairs with the poison left by the first cache_free() */
	LAB_ASSERT(!cache->poison || poison_left(cache, object) < cache->poison,
		"%s of %lu bytes at %p freed twice", cache->name, cache->size, object);
	poison(cache, object);
	spin_lock(&cache->lock);
	*link_of(cache, object) = slab->free_list;
	slab->free_list = object;
	cache->in_use--;
	if (slab->free_objects++ == 0)
		list_push(&cache->partial, &slab->link);
	give_up = slab->free_objects == cache->objects &&
		  cache->partial.next != cache->partial.prev;
	if (give_up)
		list_remove(&slab->link);
	spin_unlock(&cache->lock);
	/* SAFE(cache_type_safe): a reader that found an object before it was freed would
	 * look at another type's memory; pairs with the reader's rcu_read_lock() */
	if (give_up && (cache->flags & CACHE_TYPE_SAFE))
		call_rcu(&slab->rcu, slab_free_rcu);
	else if (give_up)
		slab_free(slab);
}

u64 cache_objects(const struct cache *cache)
{
	return READ_ONCE(cache->in_use);
}

void cache_totals(u64 *objects, u64 *frames)
{
	*objects = 0;
	*frames = READ_ONCE(slab_frames);
	for (unsigned int i = 0; i < cache_count; i++)
		*objects += cache_objects(&caches[i]);
}
