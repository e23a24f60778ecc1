/*
 * arch/sim/explore/memory.c - which accesses are mistakes, which are nobody's business,
 * and how everything is put back.
 *
 * Frames are checked by their type, objects by a map with a byte for each granule; a
 * freed object's memory is not used again, so a touch of it is always seen. Everything
 * that mm and the machine keep lies in four places: section `simdata` (the build renames
 * the .data and .bss of all objects but the explorer's own to it), the per-CPU areas,
 * RAM, objects.
 */
#include "arch/sim/explore/explore.h"
#include "kernel/base/counters.h"
#include "kernel/base/panic.h"
#include "mm/space/frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define OBJECTS (1UL << 30) /* address space for objects */
#define GRANULE 16UL

extern char __start_simdata[], __stop_simdata[], __percpu_start[], __percpu_end[];
extern char __start_policy_words[], __stop_policy_words[];

static char *objects, *live; /* live[g]: granule g is in use */
static unsigned long objects_end;

static void *reserve(unsigned long bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ASSERT(memory != MAP_FAILED, "the host refuses %lu bytes", bytes);
	return memory;
}

/* The granule before the object has its size. */
void *sim_alloc(size_t size)
{
	unsigned long at, granules = (size + GRANULE - 1) / GRANULE;

	if (!objects) {
		objects = reserve(OBJECTS);
		live = reserve(OBJECTS / GRANULE);
	}
	at = objects_end + GRANULE;
	objects_end = at + granules * GRANULE;
	ASSERT(objects_end < OBJECTS, "%lu bytes of objects", objects_end);
	*(unsigned long *)(objects + at - GRANULE) = granules;
	memset(live + at / GRANULE, 1, granules);
	memset(objects + at, 0, size);
	return objects + at;
}

void sim_free(void *object)
{
	unsigned long at = (unsigned long)((char *)object - objects);

	if (!object)
		return;
	ASSERT(live[at / GRANULE], "freed twice");
	memset(live + at / GRANULE, 0, *(unsigned long *)(objects + at - GRANULE));
}

static bool inside(unsigned long address, const char *start, unsigned long size)
{
	return address - (unsigned long)start < size;
}

static void mistake(const char *what, unsigned long address)
{
	char text[100];

	snprintf(text, sizeof(text), "cpu %u touches a freed %s at %lx", sim_me.cpu, what,
		address);
	explore_fail(text);
}

void memory_check(unsigned long address, unsigned int size)
{
	if (inside(address, sim_ram, SIM_RAM_SIZE) &&
		page_of_virt((void *)address)->type == PAGE_FREE)
		mistake("frame", address);
	if (objects && inside(address, objects, OBJECTS) &&
		!live[(address - (unsigned long)objects) / GRANULE])
		mistake("object", address);
}

static bool is_counter(unsigned long address)
{
	for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
		if (inside(address, (char *)&per_cpu(counters, cpu), sizeof(counters)))
			return true;
	return false;
}

bool memory_is_private(unsigned long address)
{
	return !running || sim_me.in_hardware || inside(address, running->stack, STACK) ||
	       inside(address, __start_policy_words,
		       (unsigned long)(__stop_policy_words - __start_policy_words)) ||
	       is_counter(address);
}

/* --- save and restore -----------------------------------------------------------------
 */

struct copy {
	char *at, *kept;
	unsigned long size;
};

static struct copy simdata, percpu_first, object_bytes, object_map;
static unsigned long saved_end;
static char *saved_frames; /* those in use, one after the other */

static void keep(struct copy *copy, char *at, unsigned long size)
{
	*copy = (struct copy){at, realloc(copy->kept, size + 1), size};
	ASSERT(copy->kept, "no memory for %lu bytes", size);
	memcpy(copy->kept, at, size);
}

static void put_back(const struct copy *copy)
{
	memcpy(copy->at, copy->kept, copy->size);
}

/* Of each frame in use, in order: one way to save them, the other to restore them. */
static unsigned long copy_frames(bool save)
{
	unsigned long done = 0;

	for (u64 i = 0; i < page_frame_count; i++) {
		char *frame = sim_ram + i * PAGE_SIZE;

		if (page_array[i].type == PAGE_FREE)
			continue;
		if (saved_frames && save)
			memcpy(saved_frames + done, frame, PAGE_SIZE);
		else if (saved_frames)
			memcpy(frame, saved_frames + done, PAGE_SIZE);
		done += PAGE_SIZE;
	}
	return done;
}

void explore_save(void)
{
	ASSERT(!running, "saved in the middle of a run");
	keep(&simdata, __start_simdata,
		(unsigned long)(__stop_simdata - __start_simdata));
	keep(&percpu_first, __percpu_start,
		(unsigned long)(__percpu_end - __percpu_start));
	keep(&object_bytes, objects, objects_end);
	keep(&object_map, live, objects_end / GRANULE);
	saved_end = objects_end;
	free(saved_frames);
	saved_frames = NULL;
	saved_frames = malloc(copy_frames(true) + 1);
	(void)copy_frames(true);
}

/* struct page lies in simdata: put back first, it tells which frames were in use. */
void explore_restore(void)
{
	ASSERT(!running && saved_frames, "nothing was saved");
	put_back(&simdata);
	put_back(&percpu_first);
	memset(live + saved_end / GRANULE, 0, (objects_end - saved_end) / GRANULE);
	objects_end = saved_end;
	put_back(&object_bytes);
	put_back(&object_map);
	(void)copy_frames(false);
}
