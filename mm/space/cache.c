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
#include "kernel/base/panic.h"
#include "kernel/base/spin.h"
#include "kernel/base/string.h"
#include "kernel/sched/rcu.h"
#include "mm/space/frame.h"

#define CACHES_MAX   32
#define CACHE_ALIGN  16
#define CACHE_POISON 0x5afe0b1ec7f4ee5dUL

struct cache {
	const char *name;     /* (c) */
	size_t size;          /* (c) what users see */
	size_t stride;        /* (c) from object to object */
	size_t link;          /* (c) offset of the free link */
	unsigned int order;   /* (c) of a slab */
	unsigned int objects; /* (c) per slab */
	unsigned int flags;   /* (c) */
	struct spinlock lock;
	struct list partial; /* (l:lock) slabs with free objects */
	u64 in_use;          /* (l:lock) */
};

static struct cache caches[CACHES_MAX];
static unsigned int cache_count;

struct cache *cache_create(const char *name, size_t size, unsigned int flags)
{
	struct cache *cache = &caches[cache_count++];

	ASSERT(cache_count <= CACHES_MAX, "too many caches: %s", name);
	cache->name = name;
	cache->flags = flags;
	cache->size = ALIGN_UP(size, sizeof(void *));
	cache->link = flags & CACHE_TYPE_SAFE ? cache->size : 0;
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

/* The words that are poisoned: all but the link, which comes first. */
static bool poison_intact(const struct cache *cache, void *object)
{
	unsigned long *word = object;

	for (size_t n = 1; n < cache->size / sizeof(*word); n++)
		if (word[n] != CACHE_POISON)
			return false;
	return cache->size > sizeof(*word);
}

static bool is_poisoned(const struct cache *cache)
{
	return IS_LAB && !(cache->flags & CACHE_TYPE_SAFE);
}

static void poison(const struct cache *cache, void *object)
{
	unsigned long *word = object;

	if (!is_poisoned(cache))
		return;
	/* SAFE(cache_double_free): an object that is on the free list twice would get
	 * two owners; pairs with the poison left by the first cache_free() */
	ASSERT(!poison_intact(cache, object), "%s %p freed twice", cache->name, object);
	for (size_t n = 1; n < cache->size / sizeof(*word); n++)
		word[n] = CACHE_POISON;
}

static void check_poison(const struct cache *cache, void *object)
{
	if (is_poisoned(cache) && cache->size > sizeof(void *))
		ASSERT(poison_intact(cache, object),
			"%s %p was written after it was freed", cache->name, object);
}

static struct page *slab_create(struct cache *cache)
{
	struct page *slab = frame_alloc(cache->order, PAGE_CACHE, FRAME_ZERO);
	void *next = NULL;

	if (!slab)
		return NULL;
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

static void slab_free_rcu(struct rcu_head *head)
{
	frame_free(container_of(head, struct page, rcu));
}

static void slab_free(struct cache *cache, struct page *slab)
{
	/* SAFE(cache_type_safe): a reader that found an object before it was freed would
	 * look at another type's memory; pairs with the reader's rcu_read_lock() */
	if (cache->flags & CACHE_TYPE_SAFE)
		call_rcu(&slab->rcu, slab_free_rcu);
	else
		frame_free(slab);
}

/* Lock held. NULL: no slab has a free object. */
static void *take(struct cache *cache)
{
	struct page *slab = list_first(&cache->partial, struct page, link);
	void *object;

	if (list_empty(&cache->partial))
		return NULL;
	object = slab->free_list;
	slab->free_list = *link_of(cache, object);
	if (--slab->free_objects == 0)
		list_remove(&slab->link);
	cache->in_use++;
	return object;
}

void *cache_alloc(struct cache *cache)
{
	struct page *slab;
	void *object;

	spin_lock(&cache->lock);
	object = take(cache);
	spin_unlock(&cache->lock);
	if (!object) {
		slab = slab_create(cache);
		if (!slab)
			return NULL;
		spin_lock(&cache->lock);
		list_push(&cache->partial, &slab->link);
		object = take(cache);
		spin_unlock(&cache->lock);
	}
	check_poison(cache, object);
	if (!(cache->flags & CACHE_TYPE_SAFE))
		memset(object, 0, cache->size);
	return object;
}

void cache_free(struct cache *cache, void *object)
{
	struct page *slab = page_of_virt(object);
	bool give_up;

	ASSERT(slab->type == PAGE_CACHE && slab->cache == cache, "%p is no %s", object,
		cache->name);
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
	if (give_up)
		slab_free(cache, slab);
}

u64 cache_objects(const struct cache *cache)
{
	return READ_ONCE(cache->in_use);
}
