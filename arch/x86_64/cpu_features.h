/*
 * arch/x86_64/cpu_features.h - what this CPU offers, asked of CPUID each time (it is
 * constant, and none of the callers is hot).
 */
#pragma once

#include "kernel/base/types.h"

enum cpu_feature {
	CPU_SMEP,
	CPU_SMAP,
	CPU_UMIP,
	CPU_LA57,
	CPU_GIB_PAGES,
	CPU_FEATURES
};

bool cpu_has(enum cpu_feature feature);

/* CR4 bits, SYSCALL registers: the same on every CPU; before its first trap. */
void cpu_setup_registers(void);
