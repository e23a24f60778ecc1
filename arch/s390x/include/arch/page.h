/*
 * <arch/page.h> - the direct map is the identity: virtual = real (arch/contract/page.h).
 */
#pragma once

#include "kernel/base/types.h"

static inline void *phys_to_virt(phys_t address)
{
	return (void *)address.v;
}

static inline phys_t virt_to_phys(const void *address)
{
	return phys((u64)address);
}

/* The compiler expands both into sixteen 256-byte XC / MVC. */
static inline void clear_page(void *page)
{
	__builtin_memset(page, 0, PAGE_SIZE);
}

static inline void copy_page(void *to, const void *from)
{
	__builtin_memcpy(to, from, PAGE_SIZE);
}
