/*
 * mm/space/boot_map.h - which RAM of the boot map is free: inside mm/space only.
 */
#pragma once

#include "boot/info.h"

/*
 * The lowest free range [*start, *end) that begins at or above `from`, frame-aligned;
 * false: there is none. Free is what a usable region holds, minus reserved regions, the
 * kernel, the ramdisk, frame 0 and what frame_boot_alloc() took.
 */
bool boot_map_next(u64 from, u64 *start, u64 *end);

/* Ends the boot with a message that says how much RAM there is, and that `needed` bytes
 * of it were to be free. */
__noreturn void boot_map_too_small(u64 needed);
