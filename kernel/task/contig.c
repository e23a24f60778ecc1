/*
 * kernel/task/contig.c - memory in one piece as a device; see contig.h, and
 * mm/huge/contig.h for how it is mapped.
 *
 * One object for all who open it, made by the first one, that is never freed: `lock`
 * guards the pointer. Can fail: no memory.
 */
#include "kernel/task/contig.h"
#include "arch/contract/uaccess.h"
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

/* So many words at a time. */
#define WORDS 32

static long record(struct object *object, const struct contig_record *wish)
{
	u64 pages = object_size(object) / PAGE_SIZE;
	u32 words[WORDS];

	if (wish->first % 32 || wish->count % 32 || wish->first > pages ||
		wish->count > pages - wish->first)
		return -EINVAL;
	for (u64 done = 0, some; done < wish->count; done += some) {
		some = min(wish->count - done, 32UL * WORDS);
		object_record(object, wish->first + done, some, words);
		if (arch_copy_to_user((unsigned long)(wish->written + done / 32), words,
			    some / 8)) {
			object_record_again(object, wish->first + done, some, words);
			return -EFAULT;
		}
	}
	return 0;
}

static long contig_control(
	struct open *open, unsigned int request, unsigned long argument)
{
	struct object *object = open->object;
	struct contig_record wish;

	switch (request) {
	case CONTIG_PAGES:
		return (long)(object_size(object) / PAGE_SIZE);
	case CONTIG_TRACK:
		object_track(object, argument);
		return 0;
	case CONTIG_RECORD:
		if (arch_copy_from_user(&wish, argument, sizeof(wish)))
			return -EFAULT;
		return record(object, &wish);
	default:
		return -ENOTTY;
	}
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
