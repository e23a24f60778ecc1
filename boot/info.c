/*
 * boot/info.c - helpers by which a boot path fills `boot_info`; see boot/info.h.
 */
#include "boot/info.h"

struct boot_info boot_info;

void boot_add_region(u64 base, u64 size, enum boot_region_type type)
{
	if (!size || boot_info.region_count == BOOT_REGIONS_MAX)
		return;
	boot_info.regions[boot_info.region_count++] =
		(struct boot_region){.base = base, .size = size, .type = type};
}

void boot_set_cmdline(const char *text)
{
	size_t length = 0;

	while (text && text[length] && length < BOOT_CMDLINE_MAX - 1) {
		boot_info.cmdline[length] = text[length];
		length++;
	}
	boot_info.cmdline[length] = '\0';
	boot_info.cmdline_truncated = text && text[length];
}
