/*
 * boot/grub/handover.h - between handover.c and acpi.c.
 */
#pragma once

#include "kernel/base/types.h"

/* A physical address on the early tables; NULL if they do not reach it. */
const void *boot_early(u64 address);

/* Fills acpi_found (arch/x86_64/x86.h). NULL: there is no ACPI. */
void acpi_translate(const void *rsdp);
