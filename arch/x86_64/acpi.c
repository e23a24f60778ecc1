/*
 * arch/x86_64/acpi.c - RSDP -> RSDT or XSDT -> MADT (ACPI specification 6.4, chapter 5),
 * for which CPUs there are and where the I/O APIC is. Nothing of the firmware's is
 * believed before its address is known to be mapped and its checksum is right.
 */
#include "arch/x86_64/x86.h"
#include "boot/info.h"
#include "kernel/base/string.h"

struct acpi_rsdp {
	char signature[8];
	u8 checksum, oem[6];
	u8 revision; /* 0: ends after rsdt */
	u32 rsdt, length;
	u64 xsdt;
} __packed;

struct acpi_table {
	char signature[4];
	u32 length; /* of the whole table */
	u8 more[28];
} __packed;

#define MADT_ENTRIES 44 /* offset of the first entry */

struct madt_entry {
	enum {
		MADT_CPU = 0,
		MADT_IO_APIC = 1,
	} __packed type;
	u8 length;
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

static bool mapped(const void *start, size_t size)
{
	unsigned long end = (unsigned long)start + size;

	for (unsigned long at = (unsigned long)start & PAGE_MASK; at < end;
		at += PAGE_SIZE)
		if (!arch_kernel_access(at))
			return false;
	return true;
}

static const struct acpi_table *sound_table(u64 address)
{
	const struct acpi_table *table = phys_to_virt(phys(address));
	u8 sum = 0;

	if (!mapped(table, sizeof(*table)) || !mapped(table, table->length))
		return NULL;
	for (u32 i = 0; i < table->length; i++)
		sum += ((const u8 *)table)[i];
	return sum ? NULL : table;
}

/* RSDT and XSDT: a header and an array of table addresses, 4 or 8 bytes each. */
static const struct acpi_table *find_madt(void)
{
	const struct acpi_rsdp *rsdp = phys_to_virt(phys(boot_info.acpi_rsdp));
	const struct acpi_table *list, *table;
	bool extended;

	if (!boot_info.acpi_rsdp || memcmp(rsdp->signature, "RSD PTR ", 8))
		return NULL;
	extended = rsdp->revision >= 2 && rsdp->xsdt;
	list = sound_table(extended ? rsdp->xsdt : rsdp->rsdt);
	for (size_t at = sizeof(*list); list && at < list->length;
		at += extended ? 8 : 4) {
		u64 address = 0;

		memcpy(&address, (const u8 *)list + at, extended ? 8 : 4);
		table = sound_table(address);
		if (table && !memcmp(table->signature, "APIC", 4))
			return table;
	}
	return NULL;
}

bool acpi_read_madt(void (*found_cpu)(u32 apic_id), u64 *io_apic)
{
	const struct acpi_table *madt = find_madt();
	const struct madt_entry *entry;

	for (u32 at = MADT_ENTRIES; madt && at + sizeof(*entry) <= madt->length;
		at += max(entry->length, (u8)2)) {
		entry = (const void *)((const u8 *)madt + at);
		if (entry->type == MADT_CPU && entry->cpu.flags & BIT(0))
			found_cpu(entry->cpu.apic_id);
		if (entry->type == MADT_IO_APIC)
			*io_apic = entry->io_apic.address;
	}
	return madt;
}
