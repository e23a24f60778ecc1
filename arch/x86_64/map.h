/*
 * arch/x86_64/map.h - the kernel half of every address space; private to arch/x86_64.
 */
#pragma once

#include "arch/contract/pgtable.h"

/* Map one page of device registers, uncached; after arch_kernel_map_init(), CPU 0. */
void *map_device(phys_t address);

/* The root that threads without an mm run on. */
extern pxd_t *kernel_root;       /* (c) */
extern unsigned long kernel_cr3; /* (c) the same for CR3 */
