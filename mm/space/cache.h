/*
 * mm/space/cache.h - object caches: many objects of one size, and kmalloc over them.
 *
 * CACHE_TYPE_SAFE: a freed object's memory stays an object of this type for at least one
 * RCU grace period, so that a reader in an RCU section may look at a stale pointer and
 * find SOME object of the type (it must then check identity). Without it, memory may be
 * anything right after cache_free(). Lab builds poison freed objects (not type-safe
 * ones).
 */
#pragma once

#include "kernel/base/types.h"

struct cache;

#define CACHE_TYPE_SAFE 1u

/* Panics if there is no memory: caches are made at boot. `name` must stay. */
struct cache *cache_create(const char *name, size_t size, unsigned int flags);
void *cache_alloc(struct cache *cache); /* zeroed unless type-safe; NULL: no memory */
void *cache_alloc_dirty(struct cache *cache); /* the same, with anything in it */
void cache_free(struct cache *cache, void *object);
u64 cache_objects(const struct cache *cache); /* in use; for leak checks */
void cache_totals(u64 *objects, u64 *frames); /* of all caches; exact when all is quiet */

void *kmalloc(size_t size);       /* zeroed; NULL: no memory; at most 4 MiB */
void *kmalloc_dirty(size_t size); /* the same, with anything in it */
void kfree(void *memory);         /* NULL is allowed */

void cache_init(void);
