/*
 * kernel/linux/fail_file.c - the file /sys/kernel/debug/fail of lab builds: allocations
 * that fail (mm/space/fail.h), and what is in use, to see that nothing was lost by it.
 *
 *   write "N", "N+", "0"   the N-th allocation from now on fails; and all after it; none
 *   read                   "fired 0|1 objects N frames N": has it; objects of all caches;
 *                          frames, but for those of caches and of kernel stacks
 *
 * No data of its own, no locks: the numbers hang together only when all is quiet.
 */
#include "kernel/linux/linux.h"

#ifdef ORIGAMI_LAB
#include "kernel/base/print.h"
#include "mm/space/cache.h"
#include "mm/space/fail.h"
#include "mm/space/frame.h"

static ssize_t fail_read(struct open *open, void *to, size_t size, u64 offset)
{
	struct frame_stats frames;
	u64 objects, slabs;
	char text[80];

	frame_stats(&frames);
	cache_totals(&objects, &slabs);
	format_text(text, sizeof(text), "fired %u objects %lu frames %lu\n", fail_fired(),
		objects, frames.total - frames.free - slabs - task_stack_frames());
	if (offset >= strlen(text))
		return 0;
	size = min(size, strlen(text) - offset);
	memcpy(to, text + offset, size);
	return size;
}

static ssize_t fail_write(struct open *open, const void *from, size_t size, u64 offset)
{
	char text[16] = "";

	if (size >= sizeof(text))
		return -EINVAL;
	memcpy(text, from, size);
	return fail_parse(text) ? (ssize_t)size : -EINVAL;
}

static const struct open_ops fail_ops = {
	.read = fail_read, .write = fail_write, .seeks = true};

struct open *fail_file_open(void)
{
	return open_create(&fail_ops, OPEN_DEVICE, 0, NULL);
}
#endif
