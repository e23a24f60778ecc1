/*
 * boot/grub/acpi.c - RSDP -> RSDT or XSDT -> MADT (ACPI specification 6.4, chapter 5),
 * for which CPUs there are and where the I/O APIC is.
 *
 * Read once, on the early page tables, which map the first 4 GiB, where firmware keeps
 * its tables; nothing is believed before its checksum is right. What is missing stays as
 * it is: one CPU, the customary I/O APIC.
 */
#include "arch/x86_64/x86.h"
#include "boot/grub/handover.h"
#include "kernel/base/string.h"

#define TABLE_MAX BIT(20) /* no table is longer: a wild length ends early */

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

struct acpi_found acpi_found = {.io_apic = 0xfec00000};

static const struct acpi_table *sound_table(u64 address)
{
	const struct acpi_table *table = boot_early(address);
	u8 sum = 0;

	if (!table || table->length > TABLE_MAX || !boot_early(address + table->length))
		return NULL;
	for (u32 i = 0; i < table->length; i++)
		sum += ((const u8 *)table)[i];
	return sum ? NULL : table;
}

/* RSDT and XSDT: a header and an array of table addresses, 4 or 8 bytes each. */
static const struct acpi_table *find_madt(const struct acpi_rsdp *rsdp)
{
	bool extended = rsdp->revision >= 2 && rsdp->xsdt;
	const struct acpi_table *list = sound_table(extended ? rsdp->xsdt : rsdp->rsdt);
	const struct acpi_table *table;

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

static void note_entry(const struct madt_entry *entry)
{
	if (entry->type == MADT_IO_APIC)
		acpi_found.io_apic = entry->io_apic.address;
	if (entry->type != MADT_CPU || !(entry->cpu.flags & BIT(0)))
		return;
	if (acpi_found.cpu_count < ARRAY_SIZE(acpi_found.apic_ids))
		acpi_found.apic_ids[acpi_found.cpu_count++] = entry->cpu.apic_id;
}

void acpi_translate(const void *rsdp)
{
	const struct acpi_table *madt = NULL;
	const struct madt_entry *entry;

	if (rsdp && !memcmp(rsdp, "RSD PTR ", 8))
		madt = find_madt(rsdp);
	for (u32 at = MADT_ENTRIES; madt && at + sizeof(*entry) <= madt->length;
		at += max(entry->length, (u8)2)) {
		entry = (const void *)((const u8 *)madt + at);
		note_entry(entry);
	}
}
