/*
 * arch/x86_64/acpi.h - what we want from ACPI; private to arch/x86_64.
 */
#pragma once

#include "kernel/base/types.h"

/* Calls cpu(apic_id) for each usable CPU. False: there is no (sound) table of them. */
bool acpi_find_cpus(void (*cpu)(u32 apic_id));

/* The first I/O APIC, at its customary address if ACPI does not tell. */
phys_t acpi_io_apic(void);
