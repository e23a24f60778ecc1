/*
 * boot/efi/loader.c - start Origami on a PC with EFI firmware.
 *
 * Reads \kernel.elf, \ramdisk and \cmdline.txt from the volume it was started from, puts
 * the kernel at its physical address, and tells it what QEMU's -kernel would tell: a PVH
 * hvm_start_info with memory map, ramdisk, command line and RSDP. Bit 31 of its flags is
 * our own: "by the EFI loader". Then it exits boot services and enters the kernel's PVH
 * entry, which is 32-bit code: so the kernel chooses four or five levels in one place.
 *
 * All that it hands over lies below 4 GiB, in memory that the map calls usable: the
 * kernel copies what it wants to keep, except the ramdisk, which it leaves in place.
 */
#include "boot/efi/loader.h"

#define PVH_MAGIC    0x336ec578
#define PVH_FROM_EFI 0x80000000u
#define SPARE        16 /* memory descriptors that our own allocations may add */

EFI_HANDLE loader_image;

enum memory_type { /* as in BIOS E820 */
	MEMORY_RAM = 1,
	MEMORY_RESERVED,
};

struct pvh_module {
	UINT64 address, size, cmdline, reserved;
};

struct pvh_memory {
	UINT64 address, size;
	UINT32 type, reserved;
};

struct pvh_start_info {
	UINT32 magic, version, flags, module_count;
	UINT64 modules, cmdline, rsdp, memory;
	UINT32 memory_count, reserved;
};

/* Boot services' and our own memory is free once boot services have ended. */
static enum memory_type memory_type(UINT32 efi_type)
{
	switch (efi_type) {
	case EfiLoaderCode:
	case EfiLoaderData:
	case EfiBootServicesCode:
	case EfiBootServicesData:
	case EfiConventionalMemory:
		return MEMORY_RAM;
	default:
		return MEMORY_RESERVED;
	}
}

/* EFI splits memory by user, into many pieces; neighbours of one type become one. */
static void add_memory(struct pvh_start_info *info, const EFI_MEMORY_DESCRIPTOR *piece)
{
	struct pvh_memory *memory = (struct pvh_memory *)info->memory;
	struct pvh_memory *last = memory + info->memory_count - 1;
	enum memory_type type = memory_type(piece->Type);
	UINT64 size = piece->NumberOfPages * EFI_PAGE_SIZE;

	if (info->memory_count && last->type == type &&
		last->address + last->size == piece->PhysicalStart) {
		last->size += size;
		return;
	}
	last[1] = (struct pvh_memory){piece->PhysicalStart, size, type, 0};
	info->memory_count++;
}

static UINT64 find_rsdp(void)
{
	EFI_GUID acpi2 = ACPI_20_TABLE_GUID, acpi1 = ACPI_TABLE_GUID;
	VOID *table = NULL;

	if (EFI_ERROR(LibGetSystemConfigurationTable(&acpi2, &table)))
		LibGetSystemConfigurationTable(&acpi1, &table);
	return (UINT64)table;
}

/* A text file ends in a newline, perhaps in a carriage return; a command line does not.
 */
static void trim(struct file text)
{
	while (text.size && text.data[text.size - 1] <= ' ')
		text.data[--text.size] = '\0';
}

static struct pvh_start_info *describe(struct file ramdisk, struct file cmdline)
{
	struct pvh_start_info *info = allocate(EFI_PAGE_SIZE, EfiLoaderData);
	struct pvh_module *module = (struct pvh_module *)(info + 1);

	trim(cmdline);
	info->magic = PVH_MAGIC;
	info->version = 1;
	info->flags = PVH_FROM_EFI;
	info->cmdline = (UINT64)cmdline.data;
	info->rsdp = find_rsdp();
	info->modules = (UINT64)module;
	info->module_count = ramdisk.data != NULL;
	*module = (struct pvh_module){
		.address = (UINT64)ramdisk.data, .size = ramdisk.size};
	return info;
}

/*
 * The memory map and the end of boot services belong together: the key proves that the
 * map is still true. ExitBootServices() may itself change the map and refuse the first
 * key; from then on only these two calls are allowed, so all memory is allocated before.
 */
static void exit_boot_services(struct pvh_start_info *info)
{
	UINTN size = 0, key, piece_size;
	UINT32 version;
	EFI_STATUS status;
	UINT8 *map;

	BS->GetMemoryMap(&size, NULL, &key, &piece_size, &version);
	size += SPARE * piece_size;
	map = allocate(size, EfiLoaderData);
	info->memory = (UINT64)allocate(
		size / piece_size * sizeof(struct pvh_memory), EfiLoaderData);
	for (int tries = 0; tries < 8; tries++) {
		UINTN got = size;

		status = BS->GetMemoryMap(
			&got, (EFI_MEMORY_DESCRIPTOR *)map, &key, &piece_size, &version);
		if (EFI_ERROR(status))
			break;
		info->memory_count = 0;
		for (UINT8 *at = map; at < map + got; at += piece_size)
			add_memory(info, (EFI_MEMORY_DESCRIPTOR *)at);
		status = BS->ExitBootServices(loader_image, key);
		if (!EFI_ERROR(status))
			return;
	}
	fail(L"the firmware does not let go: %r", status);
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table);

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table)
{
	struct file kernel, ramdisk, cmdline;
	struct pvh_start_info *info;
	UINTN size = trampoline_end - trampoline;
	VOID *low;
	UINT32 entry;

	loader_image = image;
	InitializeLib(image, table);
	kernel = read_file(L"\\kernel.elf");
	if (!kernel.data)
		fail(L"\\kernel.elf is missing on this volume");
	entry = load_kernel(kernel);
	ramdisk = read_file(L"\\ramdisk");
	if (!ramdisk.data)
		Print(L"Origami EFI loader: \\ramdisk is missing, going on without\r\n");
	cmdline = read_file(L"\\cmdline.txt");
	info = describe(ramdisk, cmdline);
	low = allocate(size, EfiLoaderCode);
	CopyMem(low, trampoline, size);
	exit_boot_services(info);
	((trampoline_entry *)low)(entry, (UINT32)(UINT64)info);
	return EFI_LOAD_ERROR; /* not reached */
}
