/*
 * arch/x86_64/smp.h - private to arch/x86_64.
 */
#pragma once

#include "kernel/base/types.h"

/* Put the first instructions of other CPUs into low memory, while it is writable. */
void smp_place_trampoline(void);

/* The panic stop, as the NMI handler sees it. */
bool smp_stopping(void);
__noreturn void smp_stopped(void);
