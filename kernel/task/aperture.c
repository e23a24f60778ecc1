/*
 * kernel/task/aperture.c - device memory that is mapped, and revoked; see aperture.h.
 *
 * The memory is an object whose mappings hold no references (mm/space/object.h): it is up
 * to the revoke that nobody uses it any more when its frames are freed. `lock` guards
 * `memory`; an open file has a reference to what it was opened on. Can fail: no memory.
 */
#include "kernel/task/aperture.h"
#include "kernel/base/errno.h"
#include "kernel/task/console.h"
#include "mm/space/object.h"

static struct spinlock lock = SPINLOCK_INIT("aperture", RANK_DMA);
static struct object *memory; /* (l:lock) with a reference; NULL: none since a revoke */

/* A reference to the device's memory: `fresh`, if there was none. */
static struct object *use(struct object *fresh)
{
	struct object *object;

	spin_lock(&lock);
	if (!memory) {
		memory = fresh;
		fresh = NULL;
	}
	object = memory;
	object_get(object);
	spin_unlock(&lock);
	if (fresh)
		object_put(fresh);
	return object;
}

/* The device's own reference, if this still is its memory. */
static bool retire(const struct object *object)
{
	bool is_memory;

	spin_lock(&lock);
	is_memory = memory == object;
	if (is_memory)
		memory = NULL;
	spin_unlock(&lock);
	return is_memory;
}

static long aperture_control(
	struct open *open, unsigned int request, unsigned long argument)
{
	struct object *object = open->object;

	if (request != APERTURE_REVOKE)
		return -ENOTTY;
	if (retire(object))
		object_put(object);
	return object_resize(object, 0);
}

static void aperture_close(struct open *open)
{
	object_put(open->object);
}

struct open *aperture_open(void)
{
	static const struct open_ops ops = {
		.control = aperture_control, .close = aperture_close};
	struct object *object = object_create(APERTURE_SIZE);
	struct open *open;

	if (!object)
		return NULL;
	object->pfn = true;
	object = use(object);
	open = open_create(&ops, OPEN_APERTURE, OPEN_READ | OPEN_WRITE, object);
	if (!open)
		object_put(object);
	return open;
}
