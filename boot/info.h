/*
 * boot/info.h - the one structure that every boot path hands to the kernel.
 *
 * Job: GRUB (multiboot2), our EFI loader and QEMU's -kernel (PVH), s390x -kernel and
 * s390x IPL all tell different stories about memory, command line and ramdisk. The code
 * that knows a boot protocol translates it into `boot_info`, once, on the boot CPU,
 * before kernel_main(); nothing else in the kernel knows how it was started.
 *
 * Life: filled before kernel_main(), constant afterwards; no lock. All addresses are
 * physical. The memory below `regions` of type BOOT_USABLE may still hold the kernel
 * image and the ramdisk: the frame allocator subtracts `kernel` and `ramdisk` itself.
 */
#pragma once

#include "kernel/base/types.h"

#define BOOT_REGIONS_MAX 64
#define BOOT_CMDLINE_MAX 1024

enum boot_region_type {
	BOOT_USABLE,   /* RAM that the kernel may use */
	BOOT_RESERVED, /* anything else that the firmware mentioned */
};

struct boot_range {
	u64 base; /* bytes, inclusive */
	u64 size; /* bytes; 0: the range is absent */
};

struct boot_region {
	u64 base;
	u64 size;
	enum boot_region_type type;
};

struct boot_info {
	const char *path; /* "grub", "pvh", "efi", "ipl", "kernel": for the log */
	char cmdline[BOOT_CMDLINE_MAX]; /* NUL-terminated, ASCII */
	bool cmdline_truncated;         /* the loader's text was longer: said at boot */
	struct boot_range kernel;       /* the loaded image, .bss included */
	struct boot_range ramdisk;      /* cpio newc archives, one after the other */
	unsigned int region_count;
	struct boot_region regions[BOOT_REGIONS_MAX];
};

extern struct boot_info boot_info;

/*
 * Append a region; regions past BOOT_REGIONS_MAX are dropped (less RAM, never wrong RAM).
 * Zero-sized regions are ignored.
 */
void boot_add_region(u64 base, u64 size, enum boot_region_type type);

/* Copy a loader's command line; remembers truncation for the boot log. NULL is empty. */
void boot_set_cmdline(const char *text);
