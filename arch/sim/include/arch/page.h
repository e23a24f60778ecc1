/*
 * arch/sim/include/arch/page.h - RAM is one host mapping; physical address SIM_RAM_BASE
 * is its first byte, so that a physical address is never a valid pointer.
 */
#pragma once

#include "kernel/base/types.h"

#define SIM_RAM_BASE (1UL << 32)
#ifndef SIM_RAM_SIZE
#define SIM_RAM_SIZE (256UL << 20)
#endif

extern char *sim_ram; /* (c) aligned to 64 KiB */

static inline void *phys_to_virt(phys_t address)
{
	return sim_ram + (address.v - SIM_RAM_BASE);
}

static inline phys_t virt_to_phys(const void *pointer)
{
	return phys((u64)((const char *)pointer - sim_ram) + SIM_RAM_BASE);
}

void clear_page(void *page);

static inline void clear_pages(void *first, unsigned long count)
{
	for (char *page = first; count--; page += PAGE_SIZE)
		clear_page(page);
}

void fill_page(void *page, u64 word);
void copy_page(void *to, const void *from);
