/*
 * mm/space/boot_map.c - free RAM before there is a frame allocator.
 *
 * The firmware's map is not sorted, may overlap, and knows nothing of kernel and ramdisk.
 * boot_map_next() walks what is really free, upwards, subtracting the holes as it meets
 * them; frame_boot_alloc() takes the first range that fits and remembers it as one hole
 * more. First fit from below keeps within the memory that early boot code can reach.
 *
 * One CPU, before frame_init(); no lock. Too little memory ends the boot with a message.
 */
#include "mm/space/internal.h"
#include "boot/info.h"
#include "arch/contract/page.h"
#include "kernel/base/panic.h"

#define TAKEN_MAX 32

static struct boot_range
	taken[TAKEN_MAX]; /* by frame_boot_alloc(), adjacent ones merged */
static unsigned int taken_count;

/* Does `hole` cut the range? Either it moves its start up, or it ends it early. True if
 * the start moved: then the new start must be looked at from the beginning. */
static bool cut(const struct boot_range *hole, u64 *start, u64 *end)
{
	u64 low = ALIGN_DOWN(hole->base, PAGE_SIZE);
	u64 high = ALIGN_UP(hole->base + hole->size, PAGE_SIZE);

	if (!hole->size || high <= *start || low >= *end)
		return false;
	if (low <= *start) {
		*start = high;
		return true;
	}
	*end = low;
	return false;
}

static bool cut_all(u64 *start, u64 *end)
{
	for (unsigned int i = 0; i < boot_info.region_count; i++) {
		const struct boot_region *region = &boot_info.regions[i];
		struct boot_range hole = {region->base, region->size};

		if (region->type != BOOT_USABLE && cut(&hole, start, end))
			return true;
	}
	for (unsigned int i = 0; i < taken_count; i++)
		if (cut(&taken[i], start, end))
			return true;
	return cut(&boot_info.kernel, start, end) || cut(&boot_info.ramdisk, start, end);
}

/* The usable region that holds the lowest address at or above `from`. */
static bool lowest_usable(u64 from, u64 *start, u64 *end)
{
	bool found = false;

	for (unsigned int i = 0; i < boot_info.region_count; i++) {
		const struct boot_region *region = &boot_info.regions[i];
		u64 low = ALIGN_UP(max(region->base, from), PAGE_SIZE);
		u64 high = ALIGN_DOWN(region->base + region->size, PAGE_SIZE);

		if (region->type != BOOT_USABLE || low >= high ||
			(found && low >= *start))
			continue;
		*start = low;
		*end = high;
		found = true;
	}
	return found;
}

bool boot_map_next(u64 from, u64 *start, u64 *end)
{
	/* Address 0 stays out: it means "none" in too many places. */
	from = max(from, (u64)PAGE_SIZE);
	while (lowest_usable(from, start, end)) {
		if (!cut_all(start, end))
			return true;
		from = *start;
	}
	return false;
}

static void take(u64 base, u64 size)
{
	if (taken_count &&
		taken[taken_count - 1].base + taken[taken_count - 1].size == base) {
		taken[taken_count - 1].size += size;
		return;
	}
	ASSERT(taken_count < TAKEN_MAX, "the boot map is in too many pieces");
	taken[taken_count++] = (struct boot_range){base, size};
}

phys_t frame_boot_alloc(size_t bytes)
{
	u64 size = ALIGN_UP(bytes, PAGE_SIZE);
	u64 start, end;

	for (u64 from = 0; boot_map_next(from, &start, &end); from = end) {
		if (end - start < size)
			continue;
		take(start, size);
		clear_pages(phys_to_virt(phys(start)), size / PAGE_SIZE);
		return phys(start);
	}
	boot_map_too_small(size);
}

phys_t boot_map_take_highest(u64 size, u64 alignment, u64 leave)
{
	u64 start, end, left = 0, best = 0;

	for (u64 from = 0; boot_map_next(from, &start, &end); from = end) {
		u64 at = end < size ? 0 : ALIGN_DOWN(end - size, alignment);

		if (at && at >= start)
			best = at;
		left += end - start;
	}
	if (!best || left - size < leave)
		return phys(0);
	take(best, size);
	return phys(best);
}

void boot_map_too_small(u64 needed)
{
	u64 usable = 0, left = 0, start, end;

	for (unsigned int i = 0; i < boot_info.region_count; i++)
		if (boot_info.regions[i].type == BOOT_USABLE)
			usable += boot_info.regions[i].size;
	for (u64 from = 0; boot_map_next(from, &start, &end); from = end)
		left += end - start;
	panic("too little RAM: of %lu KiB usable, kernel and ramdisk leave %lu KiB free, "
	      "but "
	      "%lu KiB are needed: give the machine more memory",
		usable >> 10, left >> 10, needed >> 10);
}
