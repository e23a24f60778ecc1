/*
 * arch/sim/keep/memory.c - which accesses are mistakes, which are nobody's business,
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

#define ARENA   (64UL << 20) /* address space for the objects of one CPU */
#define OBJECTS (SIM_CPUS_ALL * ARENA)
#define GRANULE 16UL

extern char __start_simdata[], __stop_simdata[], __percpu_start[], __percpu_end[];
extern char __start_policy_words[], __stop_policy_words[];

static char *objects, *live;                    /* live[g]: granule g is in use */
static unsigned long objects_end[SIM_CPUS_ALL]; /* of each arena */

static void *reserve(unsigned long bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ASSERT(memory != MAP_FAILED, "the host refuses %lu bytes", bytes);
	return memory;
}

/* The granule before the object has its size. Each CPU allocates from an arena of its
 * own: who comes first makes no difference. */
void *sim_alloc(size_t size)
{
	unsigned long at, granules = (size + GRANULE - 1) / GRANULE;
	unsigned long *end = &objects_end[sim_me.cpu];

	if (!objects) {
		objects = reserve(OBJECTS);
		live = reserve(OBJECTS / GRANULE);
	}
	ASSERT(*end + size + 2 * GRANULE < ARENA, "%lu bytes of objects", *end);
	at = sim_me.cpu * ARENA + *end + GRANULE;
	*end += (granules + 1) * GRANULE;
	*(unsigned long *)(objects + at - GRANULE) = granules;
	memset(live + at / GRANULE, 1, granules);
	memset(objects + at, 0, size);
	return objects + at;
}

void sim_free(void *object)
{
	unsigned long at = (unsigned long)((char *)object - objects), granules;

	if (!object)
		return;
	granules = *(unsigned long *)(objects + at - GRANULE);
	op_set(OP_FREE, "an object");
	op_touch((unsigned long)object, granules * GRANULE, TOUCH_WRITE);
	op_drains();
	actor_stop();
	ASSERT(live[at / GRANULE], "freed twice");
	memset(live + at / GRANULE, 0, granules);
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
	if (sim_ram && inside(address, sim_ram, SIM_RAM_SIZE) &&
		page_of_virt((void *)address)->type == PAGE_FREE)
		mistake("frame", address);
	if (objects && inside(address, objects, OBJECTS) &&
		!live[(address - (unsigned long)objects) / GRANULE])
		mistake("object", address);
}

/* Its own stack and thread, words that are constant or only counted. */
bool memory_is_private(unsigned long address)
{
	return !running || sim_me.in_hardware || inside(address, running->stack, STACK) ||
	       inside(address, (char *)sim_me.thread, sizeof(struct thread)) ||
	       inside(address, (char *)&per_cpu(counters, sim_me.cpu),
		       sizeof(counters)) ||
	       inside(address, __start_policy_words,
		       (unsigned long)(__stop_policy_words - __start_policy_words));
}

bool memory_is_judged(unsigned long address)
{
	return inside(address, sim_ram, SIM_RAM_SIZE) ||
	       inside(address, objects, OBJECTS) ||
	       inside(address, (char *)page_array,
		       page_frame_count * sizeof(struct page));
}

/* --- save and restore -----------------------------------------------------------------
 */

struct copy {
	char *at, *kept;
	unsigned long size;
};

static struct copy simdata, percpu_first, frame_array;
static struct copy object_bytes[SIM_CPUS_ALL], object_map[SIM_CPUS_ALL];
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

	for (u64 i = 0; i < frame_array.size / sizeof(struct page); i++) {
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
	keep(&frame_array, (char *)page_array, sim_frames_touched * sizeof(struct page));
	for (unsigned int i = 0; i < SIM_CPUS_ALL; i++) {
		keep(&object_bytes[i], objects + i * ARENA, objects_end[i]);
		keep(&object_map[i], live + i * ARENA / GRANULE,
			objects_end[i] / GRANULE);
	}
	free(saved_frames);
	saved_frames = NULL;
	saved_frames = malloc(copy_frames(true) + 1);
	(void)copy_frames(true);
}

static void restore_objects(unsigned int i)
{
	unsigned long saved = object_bytes[i].size;

	memset(object_map[i].at + saved / GRANULE, 0, (objects_end[i] - saved) / GRANULE);
	objects_end[i] = saved;
	put_back(&object_bytes[i]);
	put_back(&object_map[i]);
}

/* The array of struct page first: it tells which frames were in use. */
void explore_restore(void)
{
	u64 touched = sim_frames_touched;

	ASSERT(!running && saved_frames, "nothing was saved");
	put_back(&simdata);
	put_back(&percpu_first);
	for (u64 i = frame_array.size / sizeof(struct page); i < touched; i++)
		page_array[i] = (struct page){.type = PAGE_FREE};
	put_back(&frame_array);
	for (unsigned int i = 0; i < SIM_CPUS_ALL; i++)
		restore_objects(i);
	(void)copy_frames(false);
}
