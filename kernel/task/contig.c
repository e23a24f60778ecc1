/*
 * kernel/task/contig.c - memory in one piece as a device; see contig.h, and
 * mm/huge/contig.h for how it is mapped.
 *
 * One object for all who open it, made by the first one, that is never freed: `lock`
 * guards the pointer. Can fail: no memory.
 */
#include "kernel/task/contig.h"
#include "kernel/base/errno.h"
#include "kernel/task/console.h"
#include "mm/huge/contig.h"
#include "mm/space/frame.h"
#include "mm/space/object.h"

static struct spinlock lock = SPINLOCK_INIT("contig", RANK_DMA);
static struct object *memory; /* (l:lock) NULL: nobody has opened it yet */

/* The one object: `fresh`, if there was none; else that goes. */
static struct object *use(struct object *fresh)
{
	struct object *object;

	spin_lock(&lock);
	object = memory ? memory : fresh;
	memory = object;
	spin_unlock(&lock);
	if (fresh && fresh != object)
		object_put(fresh);
	return object;
}

static long contig_control(
	struct open *open, unsigned int request, unsigned long argument)
{
	if (request != CONTIG_PAGES)
		return -ENOTTY;
	return (long)(object_size(open->object) / PAGE_SIZE);
}

struct open *contig_open(void)
{
	static const struct open_ops ops = {.control = contig_control};
	struct object *object = use(NULL);

	if (!object)
		object = use(object_create_contig(frame_contig, frame_contig_size));
	if (!object)
		return NULL;
	return open_create(&ops, OPEN_APERTURE, OPEN_READ | OPEN_WRITE, object);
}
