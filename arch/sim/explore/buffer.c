/*
 * arch/sim/explore/buffer.c - memory=tso: stores wait in a buffer of their CPU, in order,
 * until an actor of its own, the buffer, writes the oldest one to memory.
 *
 * mm's code is not changed for that. It stores where it always does; before another actor
 * runs, what is still in the buffer is taken out of memory again, and put back when the
 * CPU goes on: so it sees its own stores, and nobody else does. Atomics, fences, locks
 * and whatever else drains the buffer on real machines waits until it is empty.
 */
#include "arch/contract/page.h"
#include "arch/sim/explore/explore.h"

#include <string.h>

#define DEEP 8 /* stores in one buffer; one more has to wait */

struct entry {
	unsigned long address;
	unsigned int size;
	bool harvested;      /* `value` is known: the store itself follows the hook */
	u64 value, replaced; /* what memory has instead */
	u32 event;           /* in which it was made */
};

static struct buffer {
	struct entry entries[DEEP];
	unsigned int count;
} buffers[SIM_CPUS];

bool explore_tso;

bool buffer_is_empty(unsigned int cpu)
{
	return !explore_tso || cpu >= SIM_CPUS || !buffers[cpu].count;
}

static bool has_room(void *buffer)
{
	return ((struct buffer *)buffer)->count < DEEP;
}

static bool has_stores(void *buffer)
{
	return ((struct buffer *)buffer)->count;
}

/* The one whose stores lie over memory: a CPU's thread or interrupt handler. */
static struct buffer *mine(void)
{
	return running && running < &actors[BUFFER(0)] ? &buffers[running->me.cpu] : NULL;
}

static void harvest(struct buffer *buffer)
{
	struct entry *newest = &buffer->entries[buffer->count - 1];

	if (!buffer->count || newest->harvested)
		return;
	memcpy(&newest->value, (void *)newest->address, newest->size);
	newest->harvested = true;
}

/* What the buffer's actor will do is to write the oldest one. */
static void announce_drain(unsigned int cpu)
{
	const struct entry *oldest = &buffers[cpu].entries[0];
	struct actor *me = running;
	unsigned long in_ram = oldest->address - (unsigned long)sim_ram;

	running = &actors[BUFFER(cpu)];
	op_set(OP_DRAIN, NULL);
	op_touch(oldest->address, oldest->size, TOUCH_WRITE);
	op_touch(OBJECT_BUFFER(cpu), 4, TOUCH_ENABLE);
	if (in_ram < SIM_RAM_SIZE)
		op_touch(OBJECT_FRAME(in_ram / PAGE_SIZE), 4, TOUCH_READ);
	running->op.join[running->op.joins++] = oldest->event;
	running->ready = has_stores;
	running->wait_arg = &buffers[cpu];
	running = me;
}

static void drain(unsigned long cpu)
{
	struct buffer *buffer = &buffers[cpu];

	for (;;) {
		memory_check(buffer->entries[0].address, buffer->entries[0].size);
		memcpy((void *)buffer->entries[0].address, &buffer->entries[0].value,
			buffer->entries[0].size);
		buffer->count--;
		memmove(buffer->entries, buffer->entries + 1,
			buffer->count * sizeof(buffer->entries[0]));
		announce_drain(cpu);
		actor_wait("stores", has_stores, buffer);
	}
}

/* An interrupt begins only when the buffer is empty: so it makes a difference whether it
 * comes before a store or after, and that a store enters is a step, which waits while a
 * handler lies on top. With interrupts off nobody but the CPU itself could tell, and the
 * store is part of the step before it. */
static void enter(unsigned int cpu)
{
	if (!sim_me.irqs_on)
		return;
	running->op.kind = OP_ENTER;
	running->op.plain = running->op.releases = false;
	running->op.touches = 0;
	op_touch(OBJECT_ENTERED(cpu), 4, TOUCH_WRITE);
	op_touch(OBJECT_IRQ(cpu), 4, TOUCH_JOIN);
	ipi_stop_unhandled();
}

bool buffer_store(unsigned long address, unsigned int size)
{
	struct buffer *buffer = explore_tso ? mine() : NULL;
	unsigned int cpu = sim_me.cpu;

	if (!buffer)
		return false;
	harvest(buffer);
	enter(cpu);
	if (buffer->count == DEEP) {
		op_set(OP_FENCE, "room in the store buffer");
		op_touch(OBJECT_BUFFER(cpu), 4, TOUCH_JOIN);
		actor_wait("room in the store buffer", has_room, buffer);
	}
	buffer->entries[buffer->count] =
		(struct entry){address, size, false, 0, 0, explore_event};
	memcpy(&buffer->entries[buffer->count++].replaced, (void *)address, size);
	if (!actors[BUFFER(cpu)].alive)
		actor_start(BUFFER(cpu), cpu, running->me.thread, drain, cpu);
	if (buffer->count == 1)
		announce_drain(cpu);
	return true;
}

void buffer_leave(void)
{
	struct buffer *buffer = mine();

	if (!buffer)
		return;
	harvest(buffer);
	for (unsigned int i = buffer->count; i--;)
		memcpy((void *)buffer->entries[i].address, &buffer->entries[i].replaced,
			buffer->entries[i].size);
}

void buffer_enter(void)
{
	struct buffer *buffer = mine();

	for (unsigned int i = 0; buffer && i < buffer->count; i++) {
		struct entry *entry = &buffer->entries[i];

		memcpy(&entry->replaced, (void *)entry->address, entry->size);
		memcpy((void *)entry->address, &entry->value, entry->size);
	}
}

void buffer_reset(void)
{
	memset(buffers, 0, sizeof(buffers));
}
