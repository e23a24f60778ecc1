/*
 * boot/grub/handover.c - translate what a PC loader tells into boot_info.
 *
 * Two protocols reach boot_translate(): multiboot2 (GRUB; a list of tags) and PVH (QEMU's
 * -kernel and our EFI loader; struct hvm_start_info). It runs once, on CPU 0, on the
 * early page tables, which map the first 4 GiB; what a loader says lies below that.
 * Nothing of the loader's memory is used afterwards: the texts and the RSDP are copied,
 * only the ramdisk stays where it is.
 *
 * Fails only by omission: a protocol part that is missing leaves its field of boot_info
 * empty, and whoever needs it says so.
 */
#include "boot/grub/handover.h"
#include "boot/info.h"
#include "kernel/base/options.h"
#include "kernel/base/string.h"
#include "arch/x86_64/x86.h"

#define MULTIBOOT2_LOADER 0x36d76289
#define PVH_FROM_EFI      BIT(31) /* our EFI loader's mark in hvm_start_info.flags */
#define MEMORY_RAM        1       /* in both protocols' maps, as in BIOS E820 */
#define LOW_RESERVED      0x10000 /* real-mode vectors, AP trampoline (smp.c) */
#define EARLY_END         BIT(32)

bool boot_translate(u32 protocol, u32 handover);

extern char __boot_start[], __kernel_end[];

const void *boot_early(u64 address)
{
	return address && address < EARLY_END ? phys_to_virt(phys(address)) : NULL;
}

/* The first 64 KiB are not handed out: another CPU's first instructions go there. */
static void add_memory(u64 base, u64 size, u32 type)
{
	u64 low = base < LOW_RESERVED ? min(size, LOW_RESERVED - base) : 0;

	boot_add_region(base, low, BOOT_RESERVED);
	boot_add_region(
		base + low, size - low, type == MEMORY_RAM ? BOOT_USABLE : BOOT_RESERVED);
}

/* --- PVH ------------------------------------------------------------------------- */

struct pvh_module {
	u64 address, size, cmdline, reserved;
};

struct pvh_memory {
	u64 address, size;
	u32 type, reserved;
};

struct pvh_start_info {
	u32 magic, version, flags, module_count;
	u64 modules, cmdline, rsdp, memory;
	u32 memory_count, reserved;
};

static void translate_pvh(const struct pvh_start_info *info)
{
	const struct pvh_memory *memory = boot_early(info->memory);
	const struct pvh_module *module = boot_early(info->modules);

	boot_info.path = info->flags & PVH_FROM_EFI ? "efi" : "pvh";
	boot_set_cmdline(boot_early(info->cmdline));
	if (module && info->module_count)
		boot_info.ramdisk = (struct boot_range){module->address, module->size};
	acpi_translate(boot_early(info->rsdp));
	for (u32 i = 0; memory && info->version > 0 && i < info->memory_count; i++)
		add_memory(memory[i].address, memory[i].size, memory[i].type);
}

/* --- multiboot2 -------------------------------------------------------------------- */

enum multiboot_tag_type {
	TAG_END = 0,
	TAG_CMDLINE = 1,
	TAG_MODULE = 3,
	TAG_MEMORY = 6,
	TAG_RSDP_V1 = 14,
	TAG_RSDP_V2 = 15,
};

struct multiboot_tag {
	u32 type, size; /* size includes this header, not the padding to 8 bytes */
	union {
		char text[0];
		struct {
			u32 start, end;
		} module;
		struct {
			u32 entry_size, entry_version;
			u8 entries[0];
		} memory;
		u8 rsdp[0];
	};
};

static const void *rsdp; /* a copy of it lies in its tag */

static void translate_memory_tag(const struct multiboot_tag *tag)
{
	const u8 *end = (const u8 *)tag + tag->size;

	for (const u8 *at = tag->memory.entries; tag->memory.entry_size && at < end;
		at += tag->memory.entry_size) {
		const struct pvh_memory *entry = (const void *)at; /* the same layout */

		add_memory(entry->address, entry->size, entry->type);
	}
}

static void translate_tag(const struct multiboot_tag *tag)
{
	switch (tag->type) {
	case TAG_CMDLINE:
		boot_set_cmdline(tag->text);
		break;
	case TAG_MODULE:
		if (!boot_info.ramdisk.size)
			boot_info.ramdisk = (struct boot_range){
				tag->module.start, tag->module.end - tag->module.start};
		break;
	case TAG_MEMORY:
		translate_memory_tag(tag);
		break;
	case TAG_RSDP_V1: /* GRUB may give both; either will do */
	case TAG_RSDP_V2:
		rsdp = tag->rsdp;
		break;
	}
}

static void translate_multiboot2(const u8 *info)
{
	const struct multiboot_tag *tag = (const void *)(info + 8); /* size, reserved */

	boot_info.path = "grub";
	while (tag->type != TAG_END) {
		translate_tag(tag);
		tag = (const void *)((const u8 *)tag + ALIGN_UP(tag->size, 8));
	}
	acpi_translate(rsdp);
}

/* --- four or five levels -------------------------------------------------------------
 */

/* The last la57=... on the command line wins, as for every option. */
static bool la57_refused(const char *cmdline)
{
	bool refused = false;

	for (const char *word = cmdline; *word; word += *word == ' ') {
		size_t length = 0;

		while (word[length] && word[length] != ' ')
			length++;
		if (length == 8 && !strncmp(word, "la57=off", 8))
			refused = true;
		if (length == 7 && !strncmp(word, "la57=on", 7))
			refused = false;
		word += length;
	}
	return refused;
}

/* Before any option is parsed the decision has been taken; this declares the word. */
static bool parse_la57(const char *value)
{
	return !strcmp(value, "on") || !strcmp(value, "off");
}
OPTION(la57, "la57", "on|off: five-level tables if the CPU has them", parse_la57);

/* Called by long_mode.asm. True: switch to five levels before kernel_main(). */
bool boot_translate(u32 protocol, u32 handover)
{
	u64 start = (u64)__boot_start;

	if (protocol == MULTIBOOT2_LOADER)
		translate_multiboot2(boot_early(handover));
	else
		translate_pvh(boot_early(handover));
	boot_info.kernel =
		(struct boot_range){start, (u64)__kernel_end - KERNEL_BASE - start};
	return root_use_la57(cpu_has(CPU_LA57) && !la57_refused(boot_info.cmdline));
}
