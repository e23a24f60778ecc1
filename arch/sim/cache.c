/*
 * arch/sim/cache.c - object caches of mm/space/cache.h: the host's allocator, so that
 * ASan watches each object. A type-safe object goes back a grace period later; but the
 * last one that a CPU has freed is the next one that it gets, with what it had in it: as
 * who holds it without a lock has to expect.
 */
#include "arch/sim/me.h"
#include "arch/sim/sim.h"
#include "kernel/base/atomic.h"
#include "kernel/base/panic.h"
#include "kernel/sched/rcu.h"
#include "mm/space/cache.h"

#include <stdlib.h>

struct block;

struct cache {
	const char *name;
	size_t size;
	unsigned int flags;
	u64 objects;
	struct block *spare[SIM_CPUS_ALL]; /* type-safe ones, freed last */
};

struct block {
	struct rcu_head rcu;
	char object[];
};

struct cache *cache_create(const char *name, size_t size, unsigned int flags)
{
	struct cache *cache = sim_alloc(sizeof(*cache));

	ASSERT(cache, "cache %s", name);
	*cache = (struct cache){.name = name, .size = size, .flags = flags};
	return cache;
}

unsigned long sim_objects_left = ~0UL;

__weak void *sim_alloc(size_t size)
{
	return calloc(1, size);
}

__weak void sim_free(void *object)
{
	free(object);
}

static bool may_allocate(void)
{
	if (!sim_objects_left)
		return false;
	if (sim_objects_left != ~0UL)
		sim_objects_left--;
	return true;
}

static void *allocate(size_t size)
{
	return may_allocate() ? sim_alloc(size) : NULL;
}

void *cache_alloc(struct cache *cache)
{
	struct block **spare = &cache->spare[sim_me.cpu], *block = *spare;

	if (!may_allocate())
		return NULL;
	*spare = NULL;
	if (!block)
		block = sim_alloc(sizeof(*block) + cache->size);
	if (!block)
		return NULL;
	atomic_add(&cache->objects, 1);
	return block->object;
}

static void free_block(struct rcu_head *head)
{
	sim_free(container_of(head, struct block, rcu));
}

void cache_free(struct cache *cache, void *object)
{
	struct block *block = container_of(object, struct block, object), *old;

	atomic_sub(&cache->objects, 1);
	if (!(cache->flags & CACHE_TYPE_SAFE)) {
		sim_free(block);
		return;
	}
	old = cache->spare[sim_me.cpu];
	cache->spare[sim_me.cpu] = block;
	if (old)
		call_rcu(&old->rcu, free_block);
}

u64 cache_objects(const struct cache *cache)
{
	return cache->objects;
}

void *kmalloc(size_t size)
{
	return allocate(size);
}

void *kmalloc_dirty(size_t size)
{
	return allocate(size);
}

void kfree(void *memory)
{
	sim_free(memory);
}
