/*
 * boot/s390x/setup.c - from the parameter area to `boot_info`, then into the kernel.
 *
 * Two ways lead here: QEMU's -kernel, which fills the parameter area itself, and IPL
 * ("initial program load", the machine's own way to boot) of an image that mkimage.py
 * has filled in. Both leave 64-bit mode, DAT and interrupts off, RAM from 0 on.
 */
#include "boot/info.h"
#include "arch/s390x/machine.h"
#include "kernel/base/string.h"
#include <arch/lowcore.h>

#define IPL_IMAGE 0x49504c494d414745UL /* "IPLIMAGE" */

struct parameters { /* offsets are Linux's, see head.S */
	u64 device;
	u64 ramdisk_base, ramdisk_size;
	u64 unused[3];
	u64 cmdline_room;
	u64 unused2;
	u64 image_mark;
	u64 unused3[7];
	char cmdline[];
};

_Static_assert(offsetof(struct parameters, cmdline) == 0x80, "parameter area");

extern struct parameters boot_parameters;
extern char __kernel_start[], __kernel_end[];

__noreturn void kernel_main(void);
__noreturn void boot_main(void);

__noreturn void boot_main(void)
{
	memset((void *)LOWCORE, 0, LOWCORE_SIZE);
	boot_parameters.cmdline[boot_parameters.cmdline_room - 1] = '\0';
	boot_set_cmdline(boot_parameters.cmdline);
	boot_info.path = boot_parameters.image_mark == IPL_IMAGE ? "ipl" : "kernel";
	boot_info.ramdisk = (struct boot_range){
		boot_parameters.ramdisk_base, boot_parameters.ramdisk_size};
	boot_info.kernel = (struct boot_range){
		(u64)__kernel_start, (u64)(__kernel_end - __kernel_start)};
	/* Below the kernel: the prefix area of CPU 0, and pages kept unmapped. */
	boot_add_region(0, (u64)__kernel_start, BOOT_RESERVED);
	boot_add_region((u64)__kernel_start,
		min(sclp_memory_size(), STACK_WINDOW) - (u64)__kernel_start, BOOT_USABLE);
	kernel_main();
}
