/*
 * arch/x86_64/acpi.c - RSDP -> RSDT or XSDT -> MADT (ACPI specification 6.4, chapter 5).
 *
 * Only the MADT is read: which CPUs there are, and where the I/O APIC is. Firmware memory
 * is mapped read-only in the direct map; nothing is believed before its address is known
 * to be mapped and its checksum is right. Constant data, no lock.
 */
#include "arch/x86_64/acpi.h"
#include "arch/contract/page.h"
#include "arch/contract/trap.h"
#include "boot/info.h"
#include "kernel/base/string.h"

#define IO_APIC_DEFAULT 0xfec00000

struct acpi_header {
	char signature[4];
	u32 length; /* of the whole table */
	u8 revision, checksum;
	u8 ids[26];
} __packed;

struct acpi_rsdp {
	char signature[8];
	u8 checksum;
	char oem[6];
	u8 revision; /* 0: ends after rsdt */
	u32 rsdt;
	u32 length;
	u64 xsdt;
} __packed;

struct madt_entry {
	u8 type, length;
	union {
		struct {
			u8 processor, apic_id;
			u32 flags; /* BIT(0): usable */
		} __packed cpu;
		struct {
			u8 id, reserved;
			u32 address;
		} __packed io_apic;
	};
} __packed;

#define MADT_CPU     0
#define MADT_IO_APIC 1
#define MADT_ENTRIES 44 /* offset of the first entry */

static bool mapped(const void *start, size_t size)
{
	unsigned long first = ALIGN_DOWN((unsigned long)start, PAGE_SIZE);

	for (unsigned long at = first; at < (unsigned long)start + size; at += PAGE_SIZE)
		if (!arch_kernel_access(at))
			return false;
	return true;
}

static bool sound(const struct acpi_header *table)
{
	u8 sum = 0;

	if (!mapped(table, sizeof(*table)) || table->length < sizeof(*table) ||
		!mapped(table, table->length))
		return false;
	for (u32 i = 0; i < table->length; i++)
		sum += ((const u8 *)table)[i];
	return sum == 0;
}

/* RSDT and XSDT: a header and an array of table addresses, 4 or 8 bytes each. */
static const struct acpi_header *find_in(u64 root, size_t width, const char *signature)
{
	const struct acpi_header *list = phys_to_virt(phys(root)), *table;

	if (!sound(list))
		return NULL;
	for (size_t at = sizeof(*list); at + width <= list->length; at += width) {
		u64 address = 0;

		memcpy(&address, (const u8 *)list + at, width);
		table = phys_to_virt(phys(address));
		if (mapped(table, sizeof(*table)) &&
			!memcmp(table->signature, signature, 4) && sound(table))
			return table;
	}
	return NULL;
}

static const struct acpi_header *find_madt(void)
{
	const struct acpi_rsdp *rsdp = phys_to_virt(phys(boot_info.acpi_rsdp));

	if (!boot_info.acpi_rsdp || memcmp(rsdp->signature, "RSD PTR ", 8))
		return NULL;
	if (rsdp->revision >= 2 && rsdp->xsdt)
		return find_in(rsdp->xsdt, 8, "APIC");
	return find_in(rsdp->rsdt, 4, "APIC");
}

/* The next entry of a type after `entry` (NULL: the first). */
static const struct madt_entry *madt_next(
	const struct acpi_header *madt, const struct madt_entry *entry, u8 type)
{
	const u8 *end = (const u8 *)madt + madt->length;
	const u8 *at = entry ? (const u8 *)entry + entry->length
			     : (const u8 *)madt + MADT_ENTRIES;

	while (at + sizeof(*entry) <= end) {
		entry = (const void *)at;
		if (entry->type == type)
			return entry;
		at += max(entry->length, (u8)2);
	}
	return NULL;
}

bool acpi_find_cpus(void (*cpu)(u32 apic_id))
{
	const struct acpi_header *madt = find_madt();
	const struct madt_entry *entry = NULL;

	while (madt && (entry = madt_next(madt, entry, MADT_CPU)))
		if (entry->cpu.flags & BIT(0))
			cpu(entry->cpu.apic_id);
	return madt;
}

phys_t acpi_io_apic(void)
{
	const struct acpi_header *madt = find_madt();
	const struct madt_entry *entry =
		madt ? madt_next(madt, NULL, MADT_IO_APIC) : NULL;

	return phys(entry ? entry->io_apic.address : IO_APIC_DEFAULT);
}
