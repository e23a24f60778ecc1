/*
 * tests/unit/cache_objects.c - mm/space/cache.c and kmalloc.c.
 */
#include "tests/unit/frame_help.h"
#include "tests/unit/unit.h"
#include "kernel/base/string.h"
#include "kernel/sched/rcu.h"
#include "mm/space/cache.h"

#define OBJECTS 200

static void *objects[OBJECTS];

static bool all_bytes(const u8 *memory, size_t size, u8 value)
{
	for (size_t i = 0; i < size; i++)
		if (memory[i] != value)
			return false;
	return true;
}

UNIT_TEST(cache_objects_are_own_and_zeroed)
{
	struct cache *cache = cache_create("test", 72, 0);

	for (unsigned int round = 0; round < 2; round++) {
		for (unsigned int i = 0; i < OBJECTS; i++) {
			objects[i] = cache_alloc(cache);
			EXPECT(objects[i] && IS_ALIGNED((unsigned long)objects[i], 16));
			EXPECT(all_bytes(objects[i], 72, 0));
			memset(objects[i], (int)i, 72);
		}
		EXPECT_EQ(cache_objects(cache), OBJECTS);
		for (unsigned int i = 0; i < OBJECTS; i++) {
			EXPECT(all_bytes(objects[i], 72, (u8)i));
			cache_free(cache, objects[i]);
		}
		EXPECT_EQ(cache_objects(cache), 0);
	}
}

UNIT_TEST(cache_gives_frames_back)
{
	struct cache *cache = cache_create("test slabs", 1000, 0);
	u64 before;

	before = frame_count_settled();
	for (unsigned int i = 0; i < OBJECTS; i++)
		objects[i] = cache_alloc(cache);
	EXPECT_EQ(before - frame_count_free(), OBJECTS / 4);
	for (unsigned int i = 0; i < OBJECTS; i++)
		cache_free(cache, objects[i]);
	EXPECT_EQ(before - frame_count_free(), 1); /* one empty slab is kept */
}

/* Freed under a reader's eyes, objects keep their contents and their slab its type until
 * the reader has left; then the slabs go. */
UNIT_TEST(cache_type_safe)
{
	struct cache *cache = cache_create("test type-safe", 504, CACHE_TYPE_SAFE);
	u64 before;

	before = frame_count_settled();
	for (unsigned int i = 0; i < OBJECTS; i++) {
		objects[i] = cache_alloc(cache);
		memset(objects[i], 0x33, 504);
	}
	rcu_read_lock();
	for (unsigned int i = 0; i < OBJECTS; i++)
		cache_free(cache, objects[i]);
	for (unsigned int i = 0; i < OBJECTS; i++) {
		EXPECT_EQ(page_of_virt(objects[i])->type, PAGE_CACHE);
		EXPECT(page_of_virt(objects[i])->cache == cache);
		EXPECT(all_bytes(objects[i], 504, 0x33));
	}
	rcu_read_unlock();
	rcu_barrier();
	EXPECT_EQ(before - frame_count_free(), 1);
	EXPECT_EQ(cache_objects(cache), 0);
}

UNIT_TEST(kmalloc_all_sizes)
{
	static const size_t sizes[] = {
		1, 16, 17, 100, 512, 2048, 2049, 4096, 4097, 70000};

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		objects[i] = kmalloc(sizes[i]);
		EXPECT(objects[i] != NULL);
		EXPECT(all_bytes(objects[i], sizes[i], 0));
		memset(objects[i], (int)i + 1, sizes[i]);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		EXPECT(all_bytes(objects[i], sizes[i], (u8)(i + 1)));
		kfree(objects[i]);
	}
	EXPECT(kmalloc((4UL << 20) + 1) == NULL);
	EXPECT(kmalloc(~0UL) == NULL);
	kfree(NULL);
}
