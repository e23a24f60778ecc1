/*
 * kernel/task/drop_caches.c - /proc/sys/vm/drop_caches: taking back by hand what
 * mm/space/reclaim.c takes when memory ends. Clean pages of files go, also those that are
 * mapped; dirty and pinned ones stay. Linux's numbers: 1 is pages, 2 what it keeps of
 * names, of which there is nothing here, 3 both. No data, no locks.
 */
#include "kernel/task/memory_file.h"
#include "kernel/base/errno.h"

static ssize_t drop(struct open *open, const void *from, size_t size, u64 offset)
{
	const char *text = from;

	if (!size || *text < '1' || *text > '3' || (size > 1 && text[1] != '\n'))
		return -EINVAL;
	if (*text != '2')
		(void)mm_reclaim(~0UL); /* once around all frames */
	return size;
}

struct open *drop_caches_open(void)
{
	static const struct open_ops ops = {.write = drop};

	return open_create(&ops, OPEN_DEVICE, OPEN_WRITE, NULL);
}
